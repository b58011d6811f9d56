"""``Estimator``, as ``tf.contrib.learn`` 1.4 had it."""

import os
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow.compat.v1 as tf

from mlp.estimator import metrics as streaming
from mlp.estimator.base_estimator import BaseEstimator
from mlp.estimator.errors import NotFittedError
from mlp.estimator.metric_spec import metric_ops
from mlp.estimator.model_fn import ModeKeys, ModelFnOps, argument_names, as_model_fn_ops
from mlp.estimator.run_config import RunConfig
from mlp.estimator.sk_compat import SKCompat
from mlp.estimator.tensor_signature import create_placeholders_from_signatures

__all__ = ["BaseEstimator", "Estimator", "NotFittedError", "SKCompat"]

ModelFn = Callable[..., Any]
FeatureEngineeringFn = Callable[[Any, Any], tuple[Any, Any]]


class Estimator(BaseEstimator):
    """Trains, evaluates and runs the model that a `model_fn` describes.

    A subclass may override `_call_model_fn`, `_get_train_ops`, `_get_eval_ops` and
    `_get_predict_ops`; one that never calls the first needs no `model_fn`.

    Args:
        model_fn: `model_fn(features, labels)` and, where its signature names them, `mode`,
            `params`, `config` and `model_dir`. Returns `ModelFnOps`, or the older tuple
            (predictions, loss, train_op). When inferring, labels are placeholders that are never
            fed, of the labels last seen, or None.
        model_dir: directory of checkpoints and summaries; None takes the config's, or a new
            temporary one.
        config: a `RunConfig`; None takes the defaults.
        params: handed to `model_fn`.
        feature_engineering_fn: `(features, labels) -> (features, labels)`, ahead of `model_fn`.

    Raises:
        ValueError: params that `model_fn` does not take, a `model_dir` that is not the config's,
            or a value of the config out of range.
    """

    def __init__(
        self,
        model_fn: ModelFn | None = None,
        model_dir: str | os.PathLike[str] | None = None,
        config: RunConfig | None = None,
        params: Any = None,
        feature_engineering_fn: FeatureEngineeringFn | None = None,
    ) -> None:
        super().__init__(model_dir=model_dir, config=config)
        if model_fn is not None:
            _check_params(model_fn, params)
        self._model_fn = model_fn
        self.params = params
        self._feature_engineering_fn = feature_engineering_fn or _unchanged

    def _call_model_fn(
        self, features: Any, labels: Any, mode: str, metrics: Mapping[Any, Any] | None = None
    ) -> ModelFnOps:
        """Build the model in the default graph; `metrics` come on top of its own.

        Raises:
            TypeError: there is no `model_fn`, or it returned None.
            ValueError: `model_fn` returned neither `ModelFnOps` nor a tuple of three, or what it
                returned does not suit the mode or the metrics.
        """
        if self._model_fn is None:
            raise TypeError("model_fn must be provided, got None. Give Estimator a function.")
        features, labels = self._feature_engineering_fn(features, labels)
        offered = {
            "mode": mode,
            "params": self.params,
            "config": self.config,
            "model_dir": self.model_dir,
        }
        arguments = argument_names(self._model_fn)
        accepted = {name: value for name, value in offered.items() if name in arguments}
        ops = as_model_fn_ops(self._model_fn(features, labels, **accepted), mode)
        if metrics:
            ops.eval_metric_ops.update(metric_ops(metrics, features, labels, ops.predictions))
        return ops

    def _get_train_ops(self, features: Any, labels: Any) -> ModelFnOps:
        return self._call_model_fn(features, labels, ModeKeys.TRAIN)

    def _get_eval_ops(self, features: Any, labels: Any, metrics: Any) -> ModelFnOps:
        ops = self._call_model_fn(features, labels, ModeKeys.EVAL, metrics)
        if "loss" not in ops.eval_metric_ops:
            ops.eval_metric_ops["loss"] = streaming.streaming_mean(ops.loss)
        return ops

    def _get_predict_ops(self, features: Any) -> ModelFnOps:
        labels = create_placeholders_from_signatures(self._labels_info)
        return self._call_model_fn(features, labels, ModeKeys.INFER)


def _check_params(model_fn: ModelFn, params: Any) -> None:
    takes_params = "params" in argument_names(model_fn)
    if params is not None and not takes_params:
        raise ValueError(
            f"Estimator's model_fn ({model_fn}) does not have a params argument, but params "
            f"({params}) were passed to the Estimator's constructor."
        )
    if params is None and takes_params:
        tf.logging.warning(
            "Estimator's model_fn (%s) includes params argument, but params are not passed to "
            "Estimator.",
            model_fn,
        )


def _unchanged(features: Any, labels: Any) -> tuple[Any, Any]:
    return features, labels
