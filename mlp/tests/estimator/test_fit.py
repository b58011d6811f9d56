"""Training: what it feeds, when it stops, and what it refuses."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from mlp import estimator as learn
from mlp.tests.estimator.models import (
    TEN,
    Recorder,
    build,
    descend,
    mean_model,
    rounding_model,
    slices,
)


def test_every_step_trains_on_the_feeders_next_slice(tmp_path):
    recorder = Recorder()
    estimator = build(mean_model, tmp_path)
    assert estimator.fit(TEN, steps=7, batch_size=4, monitors=[recorder]) is estimator
    expected = slices(10, 4, 7)
    for fed, rows in zip(recorder.values, expected, strict=True):
        np.testing.assert_array_equal(fed[:, 0], TEN[rows])
    taken = sum(TEN[rows].mean() for rows in expected)
    assert estimator.get_variable_value("w") == pytest.approx(-taken, rel=1e-12)


def test_all_rows_at_once_without_a_batch_size(tmp_path):
    recorder = Recorder()
    build(mean_model, tmp_path).fit(TEN, steps=2, monitors=[recorder])
    assert [len(fed) for fed in recorder.values] == [10, 10]


def test_fit_goes_on_from_the_checkpoint(tmp_path):
    estimator = build(mean_model, tmp_path)
    estimator.fit(TEN, steps=5, batch_size=4).fit(TEN, steps=5, batch_size=4)
    assert estimator.get_variable_value("global_step") == 10
    once = sum(TEN[rows].mean() for rows in slices(10, 4, 5))
    assert estimator.get_variable_value("w") == pytest.approx(-2 * once, rel=1e-12)


def test_five_steps_and_five_more_are_ten(tmp_path):
    def momentum(features, labels, mode):
        w = tf.get_variable("w", [], features.dtype, tf.ones_initializer())
        loss = tf.reduce_mean((w * features[:, 0] - labels) ** 2)
        optimizer = tf.train.AdamOptimizer(0.1)
        step = optimizer.minimize(loss, global_step=tf.train.get_global_step())
        return learn.ModelFnOps(mode, w * features, loss, step)

    halves, whole = build(momentum, tmp_path / "halves"), build(momentum, tmp_path / "whole")
    halves.fit(TEN, TEN * 3, steps=5).fit(TEN, TEN * 3, steps=5)
    whole.fit(TEN, TEN * 3, steps=10)
    assert halves.get_variable_names() == whole.get_variable_names()
    for name in whole.get_variable_names():
        np.testing.assert_allclose(
            halves.get_variable_value(name), whole.get_variable_value(name), rtol=1e-12
        )


def test_another_estimator_goes_on_in_the_same_directory(tmp_path):
    build(mean_model, tmp_path).fit(TEN, steps=2)
    later = build(mean_model, tmp_path).fit(TEN, steps=1)
    assert later.get_variable_value("w") == pytest.approx(-3 * TEN.mean())


def test_max_steps_counts_from_the_start(tmp_path):
    estimator = build(mean_model, tmp_path).fit(TEN, steps=3)
    assert estimator.fit(TEN, max_steps=5).get_variable_value("global_step") == 5
    recorder = Recorder()
    estimator.fit(TEN, max_steps=5, monitors=[recorder])
    assert estimator.get_variable_value("global_step") == 5
    assert recorder.values == []


@pytest.mark.parametrize(
    ("arguments", "steps"),
    [
        ({"steps": 0}, [1, 2]),
        ({"steps": -3}, [1, 2]),
        ({"max_steps": 0}, [1, 1]),
        ({"max_steps": -1}, [1, 1]),
    ],
    ids=str,
)
def test_one_step_at_least(tmp_path, arguments, steps):
    estimator = build(mean_model, tmp_path)
    found = [
        estimator.fit(TEN, **arguments).get_variable_value("global_step").item() for _ in range(2)
    ]
    assert found == steps


def test_partial_fit_takes_one_step(tmp_path):
    estimator = build(mean_model, tmp_path)
    assert estimator.partial_fit(TEN[:3]).partial_fit(TEN[3:]) is estimator
    assert estimator.get_variable_value("global_step") == 2
    assert estimator.get_variable_value("w") == pytest.approx(-(1.0 + 6.0))


def test_float64_features_train_in_float64(tmp_path):
    estimator = build(mean_model, tmp_path).fit(TEN, steps=1)
    assert estimator.get_variable_value("w").dtype == np.float64
    single = build(mean_model, tmp_path / "single").fit(TEN.astype(np.float32), steps=1)
    assert single.get_variable_value("w").dtype == np.float32


def test_integer_labels_arrive_as_int64(tmp_path):
    seen = []

    def model_fn(features, labels, mode):
        seen.append((features.dtype, labels.dtype, labels.shape.as_list()))
        return mean_model(features, labels, mode)

    build(model_fn, tmp_path).fit(TEN, np.arange(10), steps=1)
    assert seen == [(tf.float64, tf.int64, [None])]


def test_dict_features(tmp_path):
    def model_fn(features, labels, mode):
        return mean_model(features["a"] + features["b"], labels, mode)

    estimator = build(model_fn, tmp_path).fit({"a": TEN, "b": TEN * 2}, steps=1)
    assert estimator.get_variable_value("w") == pytest.approx(-3 * TEN.mean())


def test_a_stream_trains_to_its_end(tmp_path):
    rows = (np.array([value]) for value in TEN)
    estimator = build(mean_model, tmp_path).fit(rows, batch_size=4)
    assert estimator.get_variable_value("global_step") == 3
    taken = TEN[:4].mean() + TEN[4:8].mean() + TEN[8:].mean()
    assert estimator.get_variable_value("w") == pytest.approx(-taken)


def test_an_input_fn_trains_to_its_end(tmp_path):
    def input_fn():
        dataset = tf.data.Dataset.from_tensor_slices(TEN[:, np.newaxis]).batch(5)
        return tf.data.make_one_shot_iterator(dataset).get_next(), None

    estimator = build(mean_model, tmp_path).fit(input_fn=input_fn)
    assert estimator.get_variable_value("w") == pytest.approx(-(2.0 + 7.0))


def test_the_loss_is_guarded_against_nan(tmp_path):
    def diverging(features, _labels, mode):
        loss = tf.reduce_mean(tf.get_variable("w", [], features.dtype)) * np.nan
        return learn.ModelFnOps(mode, features, loss, descend(loss))

    with pytest.raises(learn.NanLossDuringTrainingError):
        build(diverging, tmp_path).fit(TEN, steps=3)


def constant_input():
    return tf.constant([[1.0]]), None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Either x or input_fn must be provided"),
        ({"x": TEN, "input_fn": constant_input}, "Can not provide both input_fn and x or y"),
        ({"y": TEN, "input_fn": constant_input}, "Can not provide both input_fn and x or y"),
        ({"input_fn": constant_input, "batch_size": 2}, "both input_fn and batch_size"),
        ({"x": TEN, "steps": 1, "max_steps": 1}, "Can not provide both steps and max_steps"),
        ({"x": TEN, "batch_size": 0, "steps": 1}, "Invalid batch_size 0"),
    ],
)
def test_fit_called_wrongly(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        build(mean_model, tmp_path).fit(**arguments)


def test_tensors_are_no_arrays(tmp_path):
    with tf.Graph().as_default():
        tensor = tf.constant([[1.0]])
    estimator = build(mean_model, tmp_path)
    for x, y in ((tensor, None), (TEN, tensor)):
        with pytest.raises(ValueError, match="Inputs cannot be tensors"):
            estimator.fit(x, y, steps=1)


def test_inputs_must_stay_of_one_kind(tmp_path):
    estimator = build(rounding_model, tmp_path).fit(TEN, np.arange(10), steps=1)
    with pytest.raises(ValueError, match="Features are incompatible with given information"):
        estimator.fit(TEN.astype(np.float32), np.arange(10), steps=1)
    with pytest.raises(ValueError, match="Features are incompatible with given information"):
        estimator.fit(np.ones((10, 2)), np.arange(10), steps=1)
    with pytest.raises(ValueError, match="Labels are incompatible with given information"):
        estimator.fit(TEN, TEN, steps=1)
    with pytest.raises(ValueError, match="Features are incompatible with given information"):
        estimator.fit({"a": TEN}, np.arange(10), steps=1)
