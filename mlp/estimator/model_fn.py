"""What a ``model_fn`` is told and what it returns: ``ModeKeys`` and ``ModelFnOps``."""

import collections
import functools
import inspect
from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf


class ModeKeys:
    """The mode a ``model_fn`` is called in."""

    TRAIN = "train"
    EVAL = "eval"
    INFER = "infer"

    @classmethod
    def validate(cls, key: str) -> None:
        """Raise ValueError unless `key` is one of the three modes."""
        if key not in (cls.TRAIN, cls.EVAL, cls.INFER):
            raise ValueError(f"Invalid mode {key}.")


_Fields = collections.namedtuple(
    "_Fields",
    [
        "predictions",
        "loss",
        "train_op",
        "eval_metric_ops",
        "output_alternatives",
        "training_chief_hooks",
        "training_hooks",
        "scaffold",
        "mode",
    ],
)


class ModelFnOps(_Fields):
    """The operations a ``model_fn`` returns, validated as contrib.learn 1.4 does."""

    __slots__ = ()

    def __new__(
        cls,
        mode: str,
        predictions: Any = None,
        loss: Any = None,
        train_op: Any = None,
        eval_metric_ops: dict[str, Any] | None = None,
        output_alternatives: dict[str, Any] | None = None,
        training_chief_hooks: list[Any] | None = None,
        training_hooks: list[Any] | None = None,
        scaffold: Any = None,
    ) -> "ModelFnOps":
        """Validate the operations and put them in canonical form.

        Args:
            mode: one of `ModeKeys`.
            predictions: tensor [batch, ...] or a dict of such; needed to evaluate and infer.
            loss: tensor of one element; needed to train and evaluate.
            train_op: one training step; needed to train.
            eval_metric_ops: metric results by name, each a value or a (value, update) pair.
            output_alternatives: kept as it is, for programs that pass it.
            training_chief_hooks: `SessionRunHook`s of the training session.
            training_hooks: `SessionRunHook`s of the training session.
            scaffold: `tf.train.Scaffold` of the session.

        Raises:
            ValueError: an invalid mode, an operation the mode needs is missing, a loss that is
                not a scalar, operations of different graphs, or metrics that are not a dict.
            TypeError: a hook that is not a `SessionRunHook`.
        """
        ModeKeys.validate(mode)
        _assert_one_graph(predictions, loss, train_op)
        if eval_metric_ops is not None and not isinstance(eval_metric_ops, dict):
            raise ValueError("eval_metric_ops must be a dict.")
        chief_hooks, hooks = list(training_chief_hooks or []), list(training_hooks or [])
        for hook in hooks + chief_hooks:
            if not isinstance(hook, tf.train.SessionRunHook):
                raise TypeError(
                    "All hooks returned from model_fn must be SessionRunHook instances, "
                    f"got instance of {type(hook)}: {hook}"
                )
        return super().__new__(
            cls,
            mode=mode,
            train_op=_validated_train_op(mode, train_op),
            loss=_validated_loss(mode, loss),
            predictions=_validated_predictions(mode, predictions),
            eval_metric_ops={} if eval_metric_ops is None else eval_metric_ops,
            output_alternatives=output_alternatives,
            training_chief_hooks=chief_hooks,
            training_hooks=hooks,
            scaffold=scaffold,
        )


def _assert_one_graph(predictions: Any, loss: Any, train_op: Any) -> None:
    first = None
    for element in (predictions, loss, train_op):
        for op in element.values() if isinstance(element, dict) else [element]:
            if not isinstance(getattr(op, "graph", None), tf.Graph):
                continue
            first = op if first is None else first
            if op.graph is not first.graph:
                raise ValueError(f"{op} must be from the same graph as {first}.")


def _validated_train_op(mode: str, train_op: Any) -> Any:
    if train_op is None:
        if mode == ModeKeys.TRAIN:
            raise ValueError("Missing train_op.")
        return None
    return train_op if isinstance(train_op, tf.Operation) else tf.convert_to_tensor(train_op).op


def _validated_loss(mode: str, loss: Any) -> Any:
    if loss is None:
        if mode in (ModeKeys.TRAIN, ModeKeys.EVAL):
            raise ValueError("Missing loss.")
        return None
    loss = tf.convert_to_tensor(loss)
    if loss.shape.num_elements() not in (None, 1):
        raise ValueError(f"Loss must be scalar: {loss}.")
    return loss if loss.shape.is_compatible_with([]) else tf.reshape(loss, [])


def _validated_predictions(mode: str, predictions: Any) -> Any:
    if predictions is None:
        if mode in (ModeKeys.EVAL, ModeKeys.INFER):
            raise ValueError("Missing predictions.")
        return None
    if isinstance(predictions, dict):
        return {key: _as_tensor(value) for key, value in predictions.items()}
    return _as_tensor(predictions)


def _as_tensor(value: Any) -> Any:
    return value if isinstance(value, tf.SparseTensor) else tf.convert_to_tensor(value)


def argument_names(fn: Callable[..., Any]) -> tuple[str, ...]:
    """Names of the arguments `fn` can still be given.

    Those a `functools.partial` has bound are left out, and `*args` and `**kwargs` have no names.
    """
    bound = set(fn.keywords) if isinstance(fn, functools.partial) else set()
    return tuple(
        name
        for name, parameter in inspect.signature(fn).parameters.items()
        if name not in bound
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    )


def as_model_fn_ops(result: Any, mode: str) -> ModelFnOps:
    """What a ``model_fn`` returned as `ModelFnOps`, whichever of the two forms it took.

    Raises:
        TypeError: it has no length, as None has not.
        ValueError: it is neither `ModelFnOps` nor a (predictions, loss, train_op) tuple.
    """
    if isinstance(result, ModelFnOps):
        return result
    if not isinstance(result, (tuple, list)) or len(result) != 3:
        error = ValueError if hasattr(result, "__len__") else TypeError
        raise error("Unrecognized value returned by model_fn, please return ModelFnOps.")
    predictions, loss, train_op = result
    return ModelFnOps(mode, predictions=predictions, loss=loss, train_op=train_op)
