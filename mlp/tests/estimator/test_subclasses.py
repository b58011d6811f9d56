"""Subclasses that override what contrib.learn 1.4 called, and the attributes that they read."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from mlp import estimator as learn
from mlp.estimator.estimator import SKCompat
from mlp.tests.estimator.models import TEN, build, config, mean_model


class ThreeMethods(learn.BaseEstimator):
    """An estimator without a model_fn."""

    def _get_train_ops(self, features, labels):
        return mean_model(features, labels, learn.ModeKeys.TRAIN)

    def _get_eval_ops(self, features, labels, metrics):
        ops = mean_model(features, labels, learn.ModeKeys.EVAL)
        ops.eval_metric_ops["mean"] = metrics["mean"](ops.predictions)
        return ops

    def _get_predict_ops(self, features):
        return mean_model(features, None, learn.ModeKeys.INFER)


def test_a_subclass_of_base_estimator_with_the_three_methods(tmp_path):
    estimator = ThreeMethods(tmp_path, config()).fit(TEN, steps=1)
    results = estimator.evaluate(TEN, metrics={"mean": tf.metrics.mean})
    assert results == {"mean": 0.0, "global_step": 1}
    np.testing.assert_allclose(list(estimator.predict(TEN)), TEN - 4.5)


def test_base_estimator_has_no_model(tmp_path):
    with pytest.raises(NotImplementedError, match="_get_train_ops is the subclass's"):
        learn.BaseEstimator(tmp_path, config()).fit(TEN, steps=1)


def recording(*names):
    """A subclass of Estimator that notes each call of the methods `names`, and those calls."""
    calls = []

    def overridden(name):
        def method(self, *arguments, **keywords):
            calls.append(name)
            return getattr(learn.Estimator, name)(self, *arguments, **keywords)

        return method

    return type("Recording", (learn.Estimator,), {n: overridden(n) for n in names}), calls


OVERRIDDEN = {
    "fit": ["_train_model", "_check_inputs", "_get_train_ops", "_call_model_fn"],
    "evaluate": [
        "_evaluate_model",
        "_check_inputs",
        "_get_eval_ops",
        "_call_model_fn",
        "_extract_metric_update_ops",
    ],
    "predict": [
        "_infer_model",
        "_get_features_from_input_fn",
        "_get_predict_ops",
        "_call_model_fn",
        "_filter_predictions",
        "_is_input_constant",
    ],
}


def test_overridden_methods_are_called(tmp_path):
    kind, calls = recording(*{name for names in OVERRIDDEN.values() for name in names})
    estimator = kind(mean_model, tmp_path, config())
    estimator.fit(TEN, steps=1)
    assert calls == OVERRIDDEN["fit"]
    calls.clear()
    estimator.evaluate(TEN)
    assert calls == OVERRIDDEN["evaluate"]
    calls.clear()
    list(estimator.predict(TEN))
    assert calls == OVERRIDDEN["predict"]


def test_sk_compat_goes_through_the_same_methods(tmp_path):
    kind, calls = recording("fit", "_evaluate_model", "_infer_model")
    wrapped = SKCompat(kind(mean_model, tmp_path, config()))
    wrapped.fit(TEN, None, steps=1)
    wrapped.score(TEN, None)
    wrapped.predict(TEN)
    assert calls == ["fit", "_evaluate_model", "_infer_model"]


def test_a_subclass_may_build_the_model_without_a_model_fn(tmp_path):
    class Own(learn.Estimator):
        def _call_model_fn(self, features, labels, mode, metrics=None):
            del metrics
            return mean_model(features, labels, mode)

    estimator = Own(model_dir=tmp_path, config=config()).fit(TEN, steps=1)
    assert estimator.evaluate(TEN)["loss"] == pytest.approx(-(4.5**2))


def test_the_attributes_that_programs_read(tmp_path):
    estimator = build(mean_model, tmp_path)
    assert estimator._model_fn is mean_model
    assert estimator._model_dir == estimator.model_dir == str(tmp_path)
    assert estimator._session_config == estimator.config.session_config
    assert estimator._graph is None
    estimator.fit(TEN, steps=1)
    assert estimator._graph.get_tensor_by_name("input:0").dtype == tf.float64
    assert learn.Estimator(mean_model)._session_config == tf.ConfigProto(allow_soft_placement=True)


def test_the_attributes_that_programs_set(tmp_path):
    class Devices(tf.train.SessionRunHook):
        def after_create_session(self, session, _coord):
            self.names = [device.name for device in session.list_devices()]

    estimator, devices = build(never, tmp_path), Devices()
    estimator._model_fn = mean_model
    estimator._session_config = tf.ConfigProto(device_count={"CPU": 2})
    estimator.fit(TEN, steps=1, monitors=[devices])
    assert sum("CPU" in name for name in devices.names) == 2
    assert estimator.get_variable_value("w") == pytest.approx(-4.5)


def never(_features, _labels):
    raise AssertionError("replaced")
