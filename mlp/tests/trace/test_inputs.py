"""Which rows a program is fed, and how: the likely mistake is named for each way to differ."""

import keras
import numpy as np
import tensorflow as tf

from mlp.tests.trace import hint
from mlp.tests.trace.keras_programs import CLASSES, LOGITS, VALUES, X, adam, fitted, model, sgd
from mlp.trace import first_divergence, watch

MSE = "mean_squared_error"


def from_data(buffer, name="data", seed=0):
    """Train by `fit` on a data set that is shuffled through a buffer."""
    data = tf.data.Dataset.from_tensor_slices((X, CLASSES)).shuffle(buffer, seed=seed).batch(32)
    net = model()
    net.compile(sgd(), LOGITS)
    with watch(net, name=name) as trace:
        net.fit(data, epochs=2, shuffle=False, verbose=0)
    return trace


def test_a_shuffle_buffer_too_small_is_named():
    found = first_divergence(from_data(96, "good"), from_data(8))
    assert "nearly the same order in each epoch" in found.first.sentence
    assert "the shuffle buffer of data is small" in hint(found)
    assert "each shuffles by its own seed" in hint(
        first_divergence(from_data(96, "a"), from_data(96, "b", seed=1))
    )


def test_fit_shuffles_alike_in_each_epoch_after_set_random_seed():
    found = first_divergence(from_data(96), fitted(model(), sgd(), shuffle=True))
    assert "data is fed another order in each epoch" in found.first.sentence
    assert "after keras.utils.set_random_seed, fit shuffles alike in each epoch" in hint(found)


def test_a_part_held_out_is_no_dropped_batch():
    found = first_divergence(fitted(model(), sgd()), fitted(model(), sgd(), validation_split=0.25))
    assert "epoch 1 has 96 distinct rows in fit (a) and 72 in fit (b)" in found.first.sentence
    assert "validation_split" in hint(found)


def test_targets_of_another_unit_are_named():
    fits = [fitted(model(1), sgd(), MSE, y=y[:, None]) for y in (VALUES, VALUES / 10)]
    assert "the targets of fit (b) are 0.1 times those of fit (a)" in hint(first_divergence(*fits))


def test_channels_in_another_order_are_named():
    images = np.random.default_rng(0).random((96, 4, 4, 3), np.float32)

    def fit(x):
        keras.utils.set_random_seed(1)
        net = keras.Sequential(
            [keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
        )
        return fitted(net, sgd(), x=x)

    found = first_divergence(fit(images), fit(images[..., ::-1]))
    assert "BGR for RGB" in hint(found)


def test_an_optimizer_that_accumulates_by_itself_is_no_smaller_batch():
    whole = fitted(model(), adam())
    parts = fitted(model(), adam(gradient_accumulation_steps=2), batch_size=16)
    found = first_divergence(whole, parts)
    assert "fit (b) updates once in 2 of these: gradient_accumulation_steps" in hint(found)
