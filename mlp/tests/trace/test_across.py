"""Keras against PyTorch: one model, the same rows and weights, in two frameworks."""

import keras
import numpy as np
import pytest

from mlp.tests.trace import keras_programs, torch_programs
from mlp.tests.trace.torch_programs import torch
from mlp.trace import first_divergence, watch


def hint(divergence):
    assert divergence.first is not None, str(divergence)
    return " ".join(divergence.first.hints)


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


def test_convolutions_are_matched_over_layouts():
    images = np.random.default_rng(0).normal(size=(48, 6, 6, 2)).astype(np.float32)
    keras.utils.set_random_seed(1)
    layers = keras.layers
    net = keras.Sequential(
        [
            *(keras.Input((6, 6, 2)), layers.Conv2D(4, 3, activation="relu")),
            *(layers.GlobalAveragePooling2D(), layers.Dense(3)),
        ]
    )
    classes = keras_programs.CLASSES[:48]
    fit = keras_programs.fitted(net, keras.optimizers.SGD(0.1), x=images, y=classes)
    nn = torch.nn
    other = nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
    )
    optimizer = torch.optim.SGD(other.parameters(), 0.1)
    x, y = torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(classes)
    with watch(other, optimizer, start=fit) as trace:
        for begin in (0, 32) * 2:
            optimizer.zero_grad()
            part = slice(begin, begin + 32)
            loss = nn.functional.cross_entropy(other(x[part]), y[part])
            trace.step(x[part], y[part], loss)
            loss.backward()
            optimizer.step()
    found = first_divergence(fit, trace)
    assert found.first is None, str(found)
    assert found.rung("inputs").state == found.rung("update").state == "passed"
