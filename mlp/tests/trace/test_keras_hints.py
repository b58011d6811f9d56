"""Differences between Keras's fit and a hand-written loop, each told apart from the others."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from mlp.tests.trace import hint
from mlp.tests.trace.keras_programs import (
    CLASSES,
    LOGITS,
    PROBABILITIES,
    ROWS,
    VALUES,
    X,
    adam,
    fitted,
    looped,
    model,
    sgd,
    steps,
    train,
)
from mlp.trace import first_divergence, watch


def states(divergence):
    return {rung.name: rung.state for rung in divergence.rungs}


def test_a_loop_that_does_what_fit_does_is_equal():
    net = {"norm": True, "regulariser": "l2"}
    for wrap in (None, tf.function):
        found = first_divergence(
            fitted(model(**net), adam()), looped(model(**net), adam(), wrap=wrap)
        )
        assert found.first is None, str(found)
        assert found.verdict.startswith("equal through 6 updates")
        told = states(found)
        assert told.pop("evaluation") == "not seen"
        assert set(told.values()) == {"passed"}


def test_targets_that_broadcast_against_predictions():
    def by_hand(y, p):
        return tf.reduce_mean((tf.cast(p, tf.float32) - y) ** 2)

    fit = fitted(model(1), sgd(), "mse", y=VALUES)
    loop = looped(model(1), sgd(), by_hand, y=VALUES)
    found = first_divergence(fit, loop)
    assert found.first.rung == "loss"
    assert found.first.at == 0
    assert "targets (32,) against predictions (32, 1)" in found.first.sentence
    assert "broadcasts to (32, 32)" in hint(found)
    assert "keras_programs.py" in found.first.where[1]


def test_probabilities_given_as_logits():
    def by_hand(y, p):
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, p))

    fit = fitted(model(3, last="softmax"), sgd(), PROBABILITIES)
    found = first_divergence(fit, looped(model(3, last="softmax"), sgd(), by_hand))
    assert found.first.rung == "loss"
    assert "loop gives probabilities to a loss that takes logits" in hint(found)


@pytest.mark.filterwarnings("ignore:.*received `from_logits=True`")
def test_keras_puts_probabilities_given_as_logits_right_by_itself():
    fit = fitted(model(3, last="softmax"), sgd(), PROBABILITIES)
    found = first_divergence(fit, looped(model(3, last="softmax"), sgd(), LOGITS))
    assert found.first is None, str(found)


def test_logits_given_as_probabilities():
    fit = fitted(model(), sgd(), LOGITS)
    loop = looped(model(), sgd(), PROBABILITIES)
    assert "logits to a loss that takes probabilities" in hint(first_divergence(fit, loop))


def test_training_true_is_missing():
    net = {"norm": True}
    found = first_divergence(
        fitted(model(**net), adam()), looped(model(**net), adam(), training=None)
    )
    assert found.first.rung == "mode"
    assert "training=True is missing where loop calls the model" in hint(found)
    assert states(found)["loss"] == "not comparable"
    assert states(found)["rate and updates"] == "passed"


@pytest.mark.parametrize("told", [True, False])
def test_model_losses_are_left_out(told):
    net = {"regulariser": keras.regularizers.L2(0.01)}
    fit = fitted(model(**net), sgd())
    loop = looped(model(**net), sgd(), penalty=False, told=told)
    found = first_divergence(fit, loop)
    assert "sum(model.losses)" in hint(found)
    if told:
        assert found.first.rung == "loss"
        assert "loop leaves out the regularisation losses" in hint(found)
    else:
        assert states(found)["loss"] == "not seen"
        assert "0.02 times the weights" in hint(found)


def test_the_last_partial_batch_is_dropped():
    fit = fitted(model(), sgd(), batch_size=40)

    def train(step, _):
        for _epoch in range(2):
            for start in (0, 40):
                step(tf.constant(X[start : start + 40]), tf.constant(CLASSES[start : start + 40]))

    found = first_divergence(fit, looped(model(), sgd(), train=train))
    assert found.first.rung == "inputs"
    assert "96 rows in 3 updates, loop 80 in 2" in found.first.sentence
    assert "loop drops the last partial batch" in hint(found)


def test_rows_never_shuffled():
    def shuffled(epoch):
        return np.random.default_rng(epoch).permutation(ROWS)

    good = looped(model(), sgd(), order=shuffled, name="good")
    found = first_divergence(good, looped(model(), sgd()))
    assert found.first.rung == "inputs"
    assert "loop never shuffles its rows" in hint(found)
    assert "sorted" not in hint(found)
    order = np.argsort(CLASSES, kind="stable")
    sorted_ = looped(model(), sgd(), order=lambda _: order)
    assert "come sorted by target" in hint(first_divergence(good, sorted_))


def test_batches_are_shuffled_and_not_rows():
    def rows(epoch):
        return np.random.default_rng(epoch).permutation(ROWS)

    def batches(epoch):
        order = [[2, 0, 1], [1, 2, 0]][epoch]
        return np.concatenate([np.arange(32 * k, 32 * k + 32) for k in order])

    good = looped(model(), sgd(), order=rows, name="good")
    found = first_divergence(good, looped(model(), sgd(), order=batches))
    assert "loop shuffles batches, not rows" in hint(found)


def test_features_and_labels_shuffled_apart():
    whole = fitted(model(), sgd(), batch_size=96)
    apart = looped(model(), sgd(), y=np.roll(CLASSES, 1), train=_whole)
    assert "shuffled apart" in hint(first_divergence(whole, apart))
    encoded = looped(model(), sgd(), y=(CLASSES > 0).astype(int), train=_whole)
    assert "encoded" in hint(first_divergence(whole, encoded))


def _whole(step, _, *, y):
    for _epoch in range(2):
        step(tf.constant(X), tf.constant(y))


def test_normalisation_is_forgotten():
    found = first_divergence(fitted(model(), sgd()), looped(model(), sgd(), x=X * 255))
    assert "255 times those of fit" in found.first.sentence
    assert "normalisation" in hint(found)


def test_clipping_of_each_variable_against_that_of_all():
    fit = fitted(model(), sgd(clipnorm=0.1))
    loop = looped(model(), sgd(global_clipnorm=0.1))
    found = first_divergence(fit, loop)
    assert found.first.rung == "gradient"
    assert states(found)["loss"] == "passed"
    assert "fit has each variable's norm clipped to 0.1 (clipnorm)" in hint(found)
    assert "loop the norm of all together clipped to 0.1 (global_clipnorm)" in hint(found)


def test_an_epsilon_is_found_and_ranked_below_what_explains():
    fit = fitted(model(), adam())
    loop = looped(model(), adam(epsilon=1e-5))
    found = first_divergence(fit, loop)
    assert not found.first.explains
    assert "epsilon 1e-07 against 1e-05" in str(found)
    both = first_divergence(
        fitted(model(regulariser="l2"), adam()),
        looped(model(regulariser="l2"), adam(epsilon=1e-5), penalty=False),
    )
    assert both.first.rung == "loss"
    assert any("epsilon" in finding.sentence for finding in both.findings[1:])


def test_a_constant_factor_of_the_loss_matters_under_sgd_and_not_under_adam():
    def halved(y, p):
        return LOGITS(y, p) / 2

    under_adam = first_divergence(
        fitted(model(), adam(epsilon=1e-12)), looped(model(), adam(epsilon=1e-12), halved)
    )
    assert states(under_adam)["update"] == "passed"
    assert not under_adam.first.explains
    under_sgd = first_divergence(fitted(model(), sgd()), looped(model(), sgd(), halved))
    assert under_sgd.first.explains
    assert "1/2" in hint(under_sgd)


def test_a_loss_that_is_only_reported_otherwise_explains_nothing():
    fit = fitted(model(), sgd())
    net, optimizer = model(), sgd()
    with watch(net, optimizer, name="loop") as loop:
        for start in [0, 32, 64] * 2:
            x, y = X[start : start + 32], CLASSES[start : start + 32]
            with tf.GradientTape() as tape:
                value = LOGITS(y, net(x, training=True))
            loop.step(x, y, value * 3)
            variables = net.trainable_variables
            optimizer.apply(tape.gradient(value, variables), variables)
    found = first_divergence(fit, loop)
    assert found.first.rung == "loss"
    assert not found.first.explains
    assert "only what is reported differs" in hint(found)


def test_weight_decay_on_one_side():
    fit = fitted(model(), adam())
    loop = looped(model(), keras.optimizers.AdamW(0.01, weight_decay=0.1))
    found = first_divergence(fit, loop)
    assert found.first.rung == "update"
    assert "fit has none and loop takes it off the weights (decoupled" in hint(found)


def test_an_untold_loss_is_not_seen_and_not_equal():
    found = first_divergence(fitted(model(), sgd()), looped(model(), sgd(), told=False))
    assert states(found)["loss"] == "not seen"
    assert found.first is None
    assert "not compared: loss" in found.verdict
    assert "targets not seen" in found.rung("inputs").detail


def test_another_seed_is_no_cause_and_another_initialiser_is():
    def drawn(seed, scale=1.0):
        net = model()
        keras.utils.set_random_seed(seed)
        for variable in net.trainable_variables:
            if len(variable.shape) > 1:
                variable.assign(scale * keras.initializers.GlorotUniform(seed)(variable.shape))
        return net

    fit = fitted(drawn(3), sgd())
    other_seed = first_divergence(fit, looped(drawn(4), sgd()))
    assert other_seed.first.rung == "initial weights"
    assert not other_seed.first.explains
    assert "watch(..., start=" in hint(other_seed)
    assert states(other_seed)["loss"] == "not comparable"
    other_law = first_divergence(fit, looped(drawn(4, scale=6.0), sgd()))
    assert other_law.first.explains
    assert "another initialiser" in hint(other_law)


def test_two_causes_are_both_found():
    net = {"norm": True}
    found = first_divergence(
        fitted(model(**net), sgd()), looped(model(**net), keras.optimizers.SGD(0.3), training=None)
    )
    assert [finding.rung for finding in found.findings] == ["mode", "rate and updates"]


def test_rows_that_are_weighted_on_one_side_are_named():
    fit = fitted(model(), sgd(), class_weight={0: 1.0, 1: 5.0, 2: 1.0})
    found = first_divergence(fit, looped(model(), sgd()))
    assert found.first.rung == "loss"
    assert "only fit weights its rows: class_weight" in hint(found)


@pytest.mark.parametrize("rate", [0.0, 0.2])
def test_another_rate_of_dropout_is_found_though_it_draws_at_random(rate):
    fit = fitted(model(dropout=0.5), sgd())
    net = model(dropout=rate)
    with watch(net, optimizer := sgd(), start=fit) as loop:
        train(steps(net, optimizer, trace=loop), net)
    found = first_divergence(fit, loop)
    assert found.first.rung == "loss"
    told = "dropout has rate 0.5 against 0.2" if rate else "only fit has a dropout layer"
    assert told in found.first.sentence


def test_a_frozen_layer_is_named_and_no_other_of_its_shape():
    net = model(norm=True)
    net.layers[1].trainable = False
    found = first_divergence(fitted(model(norm=True), sgd()), looped(net, sgd()))
    assert found.first.rung == "trainable variables"
    assert "only fit trains batch_normalization" in found.first.sentence
    assert "dense" not in found.first.sentence
