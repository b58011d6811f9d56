"""``Model``: a ``model_fn`` and what it is called with."""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow.compat.v1 as tf

from mlp.estimator.metric_spec import metric_ops
from mlp.estimator.model_fn import ModelFnOps, argument_names, as_model_fn_ops
from mlp.estimator.run_config import RunConfig

ModelFn = Callable[..., Any]
FeatureEngineeringFn = Callable[[Any, Any], tuple[Any, Any]]


class Model:
    """Calls a ``model_fn`` with those of `mode`, `params`, `config`, `model_dir` that it names.

    Args:
        model_fn: as `Estimator` takes it.
        params: as `Estimator` takes them.
        feature_engineering_fn: run on features and labels ahead of `model_fn`, or None.

    Raises:
        ValueError: no `model_fn`, or params that it does not take.
    """

    def __init__(
        self,
        model_fn: ModelFn | None,
        params: Any,
        feature_engineering_fn: FeatureEngineeringFn | None,
    ) -> None:
        if model_fn is None:
            raise ValueError("model_fn must be provided.")
        self._model_fn = model_fn
        self._arguments = argument_names(model_fn)
        self._feature_engineering_fn = feature_engineering_fn
        if params is not None and "params" not in self._arguments:
            raise ValueError(
                f"Estimator's model_fn ({model_fn}) does not have a params argument, but params "
                f"({params}) were passed to the Estimator's constructor."
            )
        if params is None and "params" in self._arguments:
            tf.logging.warning(
                "Estimator's model_fn (%s) includes params argument, but params are not passed to "
                "Estimator.",
                model_fn,
            )

    def build(
        self,
        features: Any,
        labels: Any,
        mode: str,
        *,
        params: Any,
        config: RunConfig,
        metrics: Mapping[Any, Any] | None = None,
    ) -> ModelFnOps:
        """Build the model in the default graph; `metrics` come on top of its own.

        Raises:
            TypeError: `model_fn` returned None.
            ValueError: `model_fn` returned neither `ModelFnOps` nor a tuple of three, or what it
                returned does not suit the mode or the metrics.
        """
        if self._feature_engineering_fn is not None:
            features, labels = self._feature_engineering_fn(features, labels)
        offered = {
            "mode": mode,
            "params": params,
            "config": config,
            "model_dir": config.model_dir,
        }
        accepted = {name: value for name, value in offered.items() if name in self._arguments}
        ops = as_model_fn_ops(self._model_fn(features, labels, **accepted), mode)
        ops.eval_metric_ops.update(metric_ops(metrics, features, labels, ops.predictions))
        return ops
