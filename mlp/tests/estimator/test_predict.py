"""Prediction: every row once, in order, in the form asked for."""

import types

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from mlp import estimator as learn
from mlp.tests.estimator.models import TEN, build, mean_model, rounding_model


@pytest.fixture
def centering(tmp_path):
    """Predicts x - 4.5."""
    return build(mean_model, tmp_path / "centering").fit(TEN, steps=1)


@pytest.fixture
def rounding(tmp_path):
    return build(rounding_model, tmp_path / "rounding").fit(TEN, np.arange(10), steps=1)


@pytest.mark.parametrize("batch_size", [None, 1, 3, 10, 99])
def test_rows_in_order(centering, batch_size):
    predicted = centering.predict(TEN, batch_size=batch_size)
    assert isinstance(predicted, types.GeneratorType)
    np.testing.assert_allclose(list(predicted), TEN - 4.5)
    array = centering.predict(TEN, batch_size=batch_size, as_iterable=False)
    np.testing.assert_allclose(array, TEN - 4.5)


def test_batches(centering):
    batches = list(centering.predict(TEN, batch_size=4, iterate_batches=True))
    assert [len(batch) for batch in batches] == [4, 4, 2]


def test_dicts_and_which_of_their_outputs(rounding):
    rows = list(rounding.predict(np.array([0.2, 2.8])))
    assert rows == [{"class": 0, "x": 0.2}, {"class": 3, "x": 2.8}]
    for arguments in ({}, {"batch_size": 3}):
        arrays = rounding.predict(TEN, as_iterable=False, outputs=["class"], **arguments)
        assert set(arrays) == {"class"}
        np.testing.assert_array_equal(arrays["class"], np.arange(10))


def test_outputs_that_are_not_predicted(rounding, centering):
    with pytest.raises(ValueError, match="Expected to run at least one output"):
        rounding.predict(TEN, outputs=["absent"])
    with pytest.raises(ValueError, match="not valid in case of non-dict"):
        centering.predict(TEN, outputs=["x"])


def test_an_input_fn_of_constants_gives_one_batch(centering):
    def features():
        return tf.constant([[1.0], [2.0]], tf.float64)

    def features_and_labels():
        return features(), None

    for input_fn in (features, features_and_labels):
        np.testing.assert_allclose(list(centering.predict(input_fn=input_fn)), [-3.5, -2.5])
    once = centering.predict(input_fn=features, as_iterable=False)
    np.testing.assert_allclose(once, [-3.5, -2.5])


def test_an_input_fn_of_a_dataset_is_read_to_its_end(centering):
    def input_fn():
        dataset = tf.data.Dataset.from_tensor_slices(TEN[:, np.newaxis]).batch(3)
        return tf.data.make_one_shot_iterator(dataset).get_next()

    np.testing.assert_allclose(list(centering.predict(input_fn=input_fn)), TEN - 4.5)


def test_the_iterable_may_be_dropped_and_interleaved(centering):
    first, second = centering.predict(TEN, batch_size=2), centering.predict(TEN, batch_size=3)
    outside = tf.get_default_graph()
    assert next(first) == next(second) == -4.5
    assert tf.get_default_graph() is outside
    first.close()
    np.testing.assert_allclose(list(second), TEN[1:] - 4.5)


def test_labels_when_inferring_are_placeholders_of_those_last_seen(tmp_path):
    seen = []

    def model_fn(features, labels, mode):
        seen.append(labels)
        return rounding_model(features, labels, mode)

    estimator = build(model_fn, tmp_path).fit(TEN, np.arange(10), steps=1)
    list(estimator.predict(TEN))
    assert (seen[1].dtype, seen[1].shape.as_list()) == (tf.int64, [None])
    list(build(model_fn, tmp_path).predict(TEN))
    assert seen[2] is None


def test_variables(centering):
    assert centering.get_variable_names() == ["global_step", "w"]
    assert centering.get_variable_value("w") == centering.get_variable_value("w:0") == -4.5


def test_nothing_to_predict_with_yet(tmp_path):
    estimator = build(mean_model, tmp_path)
    for as_iterable in (True, False):
        with pytest.raises(learn.NotFittedError, match="Couldn't find trained model at"):
            estimator.predict(TEN, as_iterable=as_iterable)
    with pytest.raises(ValueError, match="Couldn't find 'checkpoint' file or checkpoints"):
        estimator.get_variable_names()
    with pytest.raises(ValueError, match="Couldn't find 'checkpoint' file or checkpoints"):
        estimator.get_variable_value("w")


def test_predict_called_wrongly(centering):
    with pytest.raises(ValueError, match="Either x or input_fn must be provided"):
        centering.predict()
    with pytest.raises(ValueError, match="Can not provide both input_fn and x or y"):
        centering.predict(TEN, input_fn=lambda: None)
    with pytest.raises(ValueError, match="Can not provide both input_fn and batch_size"):
        centering.predict(input_fn=lambda: None, batch_size=2)
