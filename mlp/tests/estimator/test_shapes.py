"""Sizes of tensors as in TensorFlow 1.4, while the program's functions build the graph."""

import threading

import pytest
import tensorflow.compat.v1 as tf

from mlp import estimator as learn
from mlp.estimator.shapes import dimensions
from mlp.tests.estimator.models import TEN, build, mean_model


def is_switched():
    return isinstance(tf.TensorShape([3])[0], tf.Dimension)


def test_a_model_fn_may_ask_for_a_value(tmp_path):
    seen = []

    def model_fn(features, labels, mode):
        hidden = tf.tile(features, [1, 2])
        seen.append((features.get_shape()[1].value, hidden.shape[1].value))
        seen.append([size.value for size in hidden.shape])
        return mean_model(features, labels, mode)

    estimator = build(model_fn, tmp_path).fit(TEN, steps=1)
    estimator.evaluate(TEN)
    list(estimator.predict(TEN))
    assert seen == [(1, 2), [None, 2]] * 3
    assert not is_switched()


def test_so_may_input_functions_features_metrics_and_hooks(tmp_path):
    seen = []

    def ask(*tensors):
        seen.append(tensors[0].shape[0].value)
        return tensors

    def input_fn():
        return ask(tf.constant([[1.0]], tf.float64), None)

    class Asking(tf.train.SessionRunHook):
        def begin(self):
            ask(tf.zeros([1]))

    estimator = learn.Estimator(mean_model, tmp_path, feature_engineering_fn=ask)
    estimator.fit(input_fn=input_fn, steps=1, monitors=[Asking()])
    assert seen == [1, 1, 1]
    metrics = {"mean": learn.MetricSpec(lambda predictions: tf.metrics.mean(*ask(predictions)))}
    estimator.evaluate(input_fn=input_fn, steps=1, metrics=metrics)
    assert seen == [1] * 6
    assert not is_switched()


def test_a_model_fn_that_fails_leaves_nothing_switched(tmp_path):
    def model_fn(_features, _labels):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        build(model_fn, tmp_path).fit(TEN, steps=1)
    assert not is_switched()


def test_the_switch_is_back_when_the_last_thread_leaves():
    inside, leave = threading.Event(), threading.Event()

    def other():
        with dimensions():
            inside.set()
            leave.wait(20)

    thread = threading.Thread(target=other)
    with dimensions():
        thread.start()
        inside.wait(20)
    assert is_switched()
    leave.set()
    thread.join()
    assert not is_switched()
