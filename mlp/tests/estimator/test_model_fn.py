"""A `model_fn`: the forms it takes, what it is told, and what it may return."""

import functools

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from mlp import estimator as learn
from mlp.estimator import ModeKeys, ModelFnOps
from mlp.tests.estimator.models import TEN, Recorder, build, config, mean_model


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def test_modes():
    assert (ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.INFER) == ("train", "eval", "infer")
    with pytest.raises(ValueError, match="Invalid mode predict"):
        ModelFnOps("predict", predictions=[1.0])


@pytest.mark.parametrize(
    ("mode", "given", "missing"),
    [
        ("train", {"loss": 1.0}, "train_op"),
        ("train", {"train_op": 1.0}, "loss"),
        ("eval", {"predictions": [1.0]}, "loss"),
        ("eval", {"loss": 1.0}, "predictions"),
        ("infer", {"loss": 1.0}, "predictions"),
    ],
)
def test_what_each_mode_needs(mode, given, missing):
    with pytest.raises(ValueError, match=f"Missing {missing}"):
        ModelFnOps(mode, **given)


def test_what_each_mode_can_do_without():
    assert ModelFnOps("train", loss=1.0, train_op=tf.no_op()).predictions is None
    assert ModelFnOps("eval", predictions=[1.0], loss=1.0).train_op is None
    assert ModelFnOps("infer", predictions=[1.0]).loss is None


def test_everything_becomes_tensors_and_the_train_op_an_operation():
    ops = ModelFnOps("train", {"p": [1.0]}, loss=[[2.0]], train_op=tf.constant(1))
    assert tf.is_tensor(ops.predictions["p"])
    assert ops.loss.shape == []
    assert isinstance(ops.train_op, tf.Operation)
    assert (ops.eval_metric_ops, ops.training_hooks, ops.training_chief_hooks) == ({}, [], [])


def test_sparse_predictions_stay_sparse():
    sparse = tf.SparseTensor([[0, 0]], [1.0], [1, 1])
    assert ModelFnOps("infer", predictions=sparse).predictions is sparse


def test_invalid_values():
    with pytest.raises(ValueError, match="Loss must be scalar"):
        ModelFnOps("train", loss=[1.0, 2.0], train_op=tf.no_op())
    with pytest.raises(ValueError, match="eval_metric_ops must be a dict"):
        ModelFnOps("eval", [1.0], 1.0, eval_metric_ops=[1])
    with pytest.raises(TypeError, match="must be SessionRunHook instances"):
        ModelFnOps("infer", [1.0], training_hooks=["hook"])


def test_operations_of_two_graphs():
    with tf.Graph().as_default():
        foreign = tf.constant(1.0)
    with pytest.raises(ValueError, match="must be from the same graph as"):
        ModelFnOps("train", {"p": tf.constant(1.0)}, foreign, tf.no_op())


def old_tuple(features, labels):
    ops = mean_model(features, labels, learn.ModeKeys.TRAIN)
    return ops.predictions, ops.loss, ops.train_op


class CallableModel:
    def __call__(self, features, labels, mode):
        return mean_model(features, labels, mode)


def scaled(features, labels, mode, params):
    return mean_model(features * params["scale"], labels, mode)


@pytest.mark.parametrize(
    ("model_fn", "params", "scale"),
    [
        (old_tuple, None, 1),
        (CallableModel(), None, 1),
        (scaled, {"scale": 2}, 2),
        (functools.partial(scaled, params={"scale": 3}), None, 3),
    ],
    ids=["tuple", "callable", "params", "partial"],
)
def test_forms_of_model_fn(tmp_path, model_fn, params, scale):
    estimator = learn.Estimator(model_fn, str(tmp_path), config(), params).fit(TEN, steps=1)
    assert estimator.params == params
    assert estimator.get_variable_value("w") == pytest.approx(-scale * TEN.mean())
    np.testing.assert_allclose(
        estimator.predict(TEN, as_iterable=False), scale * (TEN - TEN.mean())
    )


def test_model_fn_is_told_mode_config_and_directory(tmp_path):
    calls = []

    def model_fn(features, labels, mode, config, model_dir):
        calls.append((mode, config.tf_random_seed, model_dir, config.model_dir))
        return mean_model(features, labels, mode)

    estimator = build(model_fn, tmp_path, tf_random_seed=9).fit(TEN, steps=1)
    estimator.evaluate(TEN)
    list(estimator.predict(TEN))
    where = str(tmp_path)
    assert calls == [(mode, 9, where, where) for mode in ("train", "eval", "infer")]


def test_feature_engineering_comes_first(tmp_path):
    estimator = learn.Estimator(
        mean_model, str(tmp_path), config(), feature_engineering_fn=lambda x, y: (x * 10, y)
    )
    assert estimator.fit(TEN, steps=1).get_variable_value("w") == pytest.approx(-45)


def test_hooks_and_scaffold_of_the_model(tmp_path):
    recorder, chief_recorder = Recorder(), Recorder()

    def model_fn(features, labels, mode):
        ops = mean_model(features, labels, mode)
        (w,) = tf.trainable_variables()
        init_op = tf.group(tf.global_variables_initializer(), name="init")
        with tf.control_dependencies([init_op]):
            init_op = tf.assign(w, 100.0).op
        return ops._replace(
            training_hooks=[recorder],
            training_chief_hooks=[chief_recorder],
            scaffold=tf.train.Scaffold(init_op=init_op),
        )

    estimator = build(model_fn, tmp_path).fit(TEN, steps=2)
    assert len(recorder.values) == len(chief_recorder.values) == 2
    assert estimator.get_variable_value("w") == pytest.approx(100 - 2 * TEN.mean())


def test_params_that_model_fn_does_not_take(tmp_path):
    with pytest.raises(ValueError, match="does not have a params argument"):
        learn.Estimator(mean_model, str(tmp_path), params={"rate": 1})


def test_a_model_fn_is_needed_to_train(tmp_path):
    with pytest.raises(TypeError, match="model_fn must be provided"):
        learn.Estimator(model_dir=tmp_path).fit(TEN, steps=1)


@pytest.mark.parametrize(
    ("result", "error"), [(None, TypeError), ((1, 2), ValueError), ("ops", ValueError)]
)
def test_a_model_fn_that_returns_something_else(tmp_path, result, error):
    with pytest.raises(error, match="please return ModelFnOps"):
        build(lambda _features, _labels: result, tmp_path).fit(TEN, steps=1)
