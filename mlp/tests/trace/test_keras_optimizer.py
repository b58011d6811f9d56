"""An optimizer of Keras that is made anew, reset or used before: said, and not mistaken."""

import keras
import pytest
import tensorflow as tf

from mlp.tests.trace.keras_programs import CLASSES, LOGITS, X, adam, fitted, looped, model, steps
from mlp.trace import first_divergence, watch


def hint(divergence):
    assert divergence.first is not None, str(divergence)
    return " ".join(divergence.first.hints)


def test_an_optimizer_compiled_anew_between_epochs_is_followed_and_named():
    net = model()
    net.compile(adam(), LOGITS)
    with watch(net, name="loop") as loop:
        for _ in range(2):
            net.compile(adam(), LOGITS)
            net.fit(X, CLASSES, batch_size=32, shuffle=False, verbose=0)
    assert loop.trace().updates_made == len(loop.trace().updates) == 6
    assert any("compiled again after 3 updates" in note for note in loop.notes)
    found = first_divergence(fitted(model(), adam()), loop)
    assert found.first.rung == "update"
    assert found.first.at == 3
    assert "the optimizer of loop begins anew before it" in hint(found)
    assert {"apply", "compile"} & (set(vars(net)) | set(vars(net.optimizer))) == set()


@pytest.mark.parametrize("wrap", [None, tf.function])
def test_an_optimizer_whose_state_is_cleared_between_epochs_is_named(wrap):
    optimizer = adam()

    def train(step, _):
        for _epoch in range(2):
            for variable in optimizer.variables:
                if variable is not optimizer._learning_rate:
                    variable.assign(tf.zeros_like(variable))
            for start in (0, 32, 64):
                step(tf.constant(X[start : start + 32]), tf.constant(CLASSES[start : start + 32]))

    loop = looped(model(), optimizer, train=train, wrap=wrap)
    assert loop.trace().updates_made == 6
    found = first_divergence(fitted(model(), adam()), loop)
    assert found.first.at == 3
    assert "the optimizer of loop begins anew before it" in hint(found)


def test_an_optimizer_made_anew_by_a_loop_is_said():
    net = model()

    def train(step, _):
        optimizers = [step, steps(net, adam())]
        for step_of_epoch in optimizers:
            for start in (0, 32, 64):
                rows = slice(start, start + 32)
                step_of_epoch(tf.constant(X[rows]), tf.constant(CLASSES[rows]))

    loop = looped(net, adam(), train=train)
    assert loop.trace().updates_made == 3
    assert any("of 3 forward passes a gradient was taken" in note for note in loop.notes)
    found = first_divergence(fitted(model(), adam()), loop)
    assert "one made anew in each epoch is not seen" in " ".join(found.b.notes)
    assert "note: loop: of 3 forward passes" in str(found)


def test_an_optimizer_that_has_trained_before_is_named():
    optimizer = adam()
    net = model()
    weights = net.get_weights()
    looped(net, optimizer)
    net.set_weights(weights)
    found = first_divergence(fitted(model(), adam()), looped(net, optimizer))
    assert found.first.rung == "update"
    assert "the optimizers count 0 and 6 updates before it" in hint(found)


@pytest.mark.parametrize("wrap", [None, tf.function])
def test_a_variable_excluded_from_weight_decay_is_named(wrap):
    def adamw(**names):
        optimizer = keras.optimizers.AdamW(0.01, weight_decay=0.1)
        optimizer.exclude_from_weight_decay(**names)
        return optimizer

    fit = fitted(model(), adamw(var_names=["bias"]))
    found = first_divergence(fit, looped(model(), adamw(), wrap=wrap))
    assert found.first.rung == "update"
    assert "fit has none and loop takes it off the weights" in hint(found)
    assert "fit leaves biases and scales out of weight decay and loop does not" in hint(found)
    right = first_divergence(fit, looped(model(), adamw(var_names=["bias"]), wrap=wrap))
    assert right.first is None, str(right)
