"""Keras against PyTorch: one model, the same rows and weights, in two frameworks."""

from functools import partial

import keras
import numpy as np
import pytest

from mlp.tests.trace import hint, keras_programs, torch_programs
from mlp.tests.trace.torch_programs import torch
from mlp.trace import TraceError, first_divergence, watch


def in_keras(*, optimizer=None, momentum=0.9, norm=True):
    net = keras_programs.model(norm=norm, momentum=momentum)
    optimizer = keras.optimizers.SGD(0.1) if optimizer is None else optimizer
    return keras_programs.fitted(
        net, optimizer, validation_data=(keras_programs.X[:40], keras_programs.CLASSES[:40])
    )


def in_torch(start, *, make=torch_programs.sgd, momentum=0.1, eps=1e-3, norm=True):
    net = torch_programs.model(norm=norm, momentum=momentum)
    if norm:
        net[2].eps = eps
    optimizer = make(net)
    with watch(net, optimizer, name="torch", start=start) as trace:
        torch_programs.train(net, optimizer, trace)
    return trace


def trained_in_torch(net, optimizer, x, start):
    with watch(net, optimizer, start=start) as trace:
        for begin in [*range(0, len(x), 32)] * 2:
            optimizer.zero_grad()
            xb = x[begin : begin + 32]
            yb = torch_programs.Y[begin : begin + len(xb)]
            loss = torch.nn.functional.cross_entropy(net(xb), yb)
            trace.step(xb, yb, loss)
            loss.backward()
            optimizer.step()
    return trace


@pytest.fixture(autouse=True)
def same_rows(monkeypatch):
    monkeypatch.setattr(torch_programs, "X", torch.from_numpy(keras_programs.X))
    monkeypatch.setattr(torch_programs, "Y", torch.from_numpy(keras_programs.CLASSES))


def test_the_same_training_in_both_is_equal_within_rounding():
    fit = in_keras(norm=False)
    found = first_divergence(fit, in_torch(fit, norm=False))
    assert found.first is None, str(found)
    assert {rung.state for rung in found.rungs} == {"passed"}
    assert found.updates == 6


def test_the_variance_of_batch_norm_by_n_minus_1_is_no_mistake():
    fit = in_keras()
    found = first_divergence(fit, in_torch(fit))
    assert found.first.rung == "buffers"
    assert not found.first.explains
    assert "n - 1" in hint(found)
    assert found.rung("update").state == "passed"


def test_batch_norm_momentum_by_the_other_convention():
    fit = in_keras()
    found = first_divergence(fit, in_torch(fit, momentum=0.9))
    assert found.first.rung == "buffers"
    assert found.first.explains
    assert "by the other convention" in hint(found)
    assert "0.1 of each new batch" in found.first.sentence


def test_the_defaults_of_batch_norm_epsilon_differ():
    fit = in_keras()
    found = first_divergence(fit, in_torch(fit, eps=1e-1))
    assert found.first.rung == "loss"
    assert "batch norm has epsilon 0.001 against 0.1" in hint(found)


def test_adamw_in_keras_against_adam_with_weight_decay_in_pytorch():
    fit = in_keras(optimizer=keras.optimizers.AdamW(0.01, weight_decay=0.1), norm=False)

    def coupled(net):
        return torch.optim.Adam(net.parameters(), 0.01, weight_decay=0.1, eps=1e-7)

    def decoupled(net):
        return torch.optim.AdamW(net.parameters(), 0.01, weight_decay=0.1, eps=1e-7)

    found = first_divergence(fit, in_torch(fit, make=coupled, norm=False))
    assert found.first.rung == "update"
    assert "fit takes it off the weights (decoupled" in hint(found)
    assert "torch adds it to the gradient (coupled" in hint(found)
    right = first_divergence(fit, in_torch(fit, make=decoupled, norm=False))
    assert right.first is None, str(right)


def channels_last(x):
    return x.permute(0, 2, 3, 1)


def frozen(x):
    return x.detach()


def convolved(last):
    """A convolution in Keras, flattened or averaged, trained by `fit`."""
    images = np.random.default_rng(0).normal(size=(48, 6, 5, 2)).astype(np.float32)
    keras.utils.set_random_seed(1)
    layers = keras.layers
    first = (keras.Input((6, 5, 2)), layers.Conv2D(4, 3, activation="relu"))
    net = keras.Sequential([*first, last, layers.Dense(3)])
    return images, keras_programs.fitted(
        net, keras.optimizers.SGD(0.1), x=images, y=keras_programs.CLASSES[:48]
    )


class Convolved(torch.nn.Module):
    """The same in PyTorch; `turn` is done before what comes out of it is flattened."""

    def __init__(self, places, turn):
        super().__init__()
        self.turn, self.average = turn, torch.nn.AdaptiveAvgPool2d(1) if places == 1 else None
        self.first, self.last = torch.nn.Conv2d(2, 4, 3), torch.nn.Linear(4 * places, 3)

    def forward(self, x):
        x = torch.relu(self.first(x))
        x = x if self.average is None else self.average(x)
        return self.last((x if self.turn is None else self.turn(x)).flatten(1))


def convolved_in_torch(images, places, *, turn=None, start=None, weights=None):
    net = Convolved(places, turn)
    with torch.no_grad():
        for parameter, weight in zip(net.parameters(), weights or (), strict=bool(weights)):
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(weight)))
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    return trained_in_torch(net, optimizer, torch.from_numpy(images).permute(0, 3, 1, 2), start)


def test_convolutions_are_matched_over_layouts():
    images, fit = convolved(keras.layers.GlobalAveragePooling2D())
    found = first_divergence(fit, convolved_in_torch(images, 1, start=fit))
    assert found.first is None, str(found)
    assert found.rung("inputs").state == found.rung("update").state == "passed"


def test_a_dense_layer_after_a_flattened_convolution_is_matched_over_layouts():
    images, fit = convolved(keras.layers.Flatten())
    loop = convolved_in_torch(images, 12, start=fit)
    for a, b in ((fit, loop), (loop, fit), (loop, convolved_in_torch(images, 12, start=loop))):
        found = first_divergence(a, b)
        assert found.first is None, str(found)
        assert {rung.state for rung in found.rungs} <= {"passed", "not seen"}


def in_pytorchs_order(fit, rows):
    """The first weights of `fit`, those of its dense layer with their rows as given."""
    kernel, bias, dense, last = (v.data for v in fit.trace().first_weights.values())
    return [kernel.transpose(3, 2, 0, 1), bias, rows(dense).T, last]


def test_a_convolution_whose_channels_are_turned_before_it_is_flattened_is_matched_as_it_is():
    images, fit = convolved(keras.layers.Flatten())
    weights = in_pytorchs_order(fit, lambda dense: dense)
    found = first_divergence(
        fit, convolved_in_torch(images, 12, turn=channels_last, weights=weights)
    )
    assert found.first is None, str(found)
    with pytest.raises(TraceError, match="this model does not flatten so: leave start out"):
        convolved_in_torch(images, 12, turn=channels_last, start=fit)


def test_a_flattened_convolution_whose_order_is_not_seen_is_not_matched():
    images, fit = convolved(keras.layers.Flatten())
    found = first_divergence(fit, convolved_in_torch(images, 12, turn=frozen, start=fit))
    assert "not matched: flattened convolution" in found.first.sentence
    assert "last.weight (48, 3)" in found.first.sentence
    assert "names=" in hint(found)
    assert not found.first.explains
    assert found.rung("loss").state == "not comparable"


def test_nesterov_momentum_is_the_same_in_both():
    fit = in_keras(optimizer=keras.optimizers.SGD(0.1, 0.9, nesterov=True), norm=False)
    plain = in_torch(fit, norm=False, make=partial(torch_programs.sgd, momentum=0.9))
    nesterov = partial(torch_programs.sgd, momentum=0.9, nesterov=True)
    nesterov = in_torch(fit, norm=False, make=nesterov)
    assert first_divergence(fit, nesterov).first is None
    assert "SGD has nesterov 1 against 0" in hint(first_divergence(fit, plain))


def test_embeddings_and_layer_norm_are_the_same_in_both():
    tokens = np.random.default_rng(3).integers(0, 20, size=(96, 5))
    layers, nn = keras.layers, torch.nn
    keras.utils.set_random_seed(2)
    net = keras.Sequential(
        [
            *(keras.Input((5,)), layers.Embedding(20, 6), layers.LayerNormalization(epsilon=1e-5)),
            *(layers.Flatten(), layers.Dense(3)),
        ]
    )
    fit = keras_programs.fitted(net, keras.optimizers.SGD(0.1), x=tokens)
    other = nn.Sequential(nn.Embedding(20, 6), nn.LayerNorm(6), nn.Flatten(), nn.Linear(30, 3))
    optimizer = torch.optim.SGD(other.parameters(), 0.1)
    found = first_divergence(fit, trained_in_torch(other, optimizer, torch.tensor(tokens), fit))
    assert found.first is None, str(found)
    assert found.rung("mode").detail == "no layer heeds it"


def test_depthwise_convolutions_are_matched_over_layouts():
    images = np.random.default_rng(0).random((96, 6, 6, 3), np.float32)
    layers, nn = keras.layers, torch.nn
    keras.utils.set_random_seed(1)
    net = keras.Sequential(
        [
            *(keras.Input((6, 6, 3)), layers.DepthwiseConv2D(3)),
            *(layers.GlobalAveragePooling2D(), layers.Dense(3)),
        ]
    )
    fit = keras_programs.fitted(net, keras.optimizers.SGD(0.1), x=images)
    other = nn.Sequential(
        nn.Conv2d(3, 3, 3, groups=3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 3)
    )
    optimizer = torch.optim.SGD(other.parameters(), 0.1)
    x = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    found = first_divergence(fit, trained_in_torch(other, optimizer, x, fit))
    assert found.first is None, str(found)


def test_a_verdict_counts_only_what_was_compared():
    fit = in_keras(optimizer=keras.optimizers.RMSprop(0.01, epsilon=1e-7), norm=False)

    def rmsprop(net):
        return torch.optim.RMSprop(net.parameters(), 0.01, alpha=0.9, eps=1e-7**0.5)

    found = first_divergence(fit, in_torch(fit, norm=False, make=rmsprop))
    assert found.verdict.startswith("equal through 1 update of 6")
    assert "then the weights before it differ" in found.rung("update").detail
