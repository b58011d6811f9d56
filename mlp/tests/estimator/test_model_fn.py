"""What `ModelFnOps` accepts and how it puts it."""

import pytest
import tensorflow.compat.v1 as tf

from mlp.estimator import ModeKeys, ModelFnOps


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
