"""``SKCompat``: an Estimator with scikit-learn's manners."""

from collections.abc import Mapping
from typing import Any

import tensorflow.compat.v1 as tf

from mlp.estimator.bases import Parameters
from mlp.estimator.inputs import resolve_inputs
from mlp.estimator.predictions import concatenated

BATCH_SIZE = 128


class SKCompat(Parameters):
    """Wraps an estimator for arrays; batches have 128 rows unless told otherwise."""

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    def fit(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = BATCH_SIZE,
        steps: int | None = None,
        max_steps: int | None = None,
        monitors: list[Any] | None = None,
    ) -> "SKCompat":
        """`Estimator.fit`; returns self."""
        input_fn, feed_fn = resolve_inputs(x, y, None, None, batch_size, training=True)
        self._estimator.fit(
            input_fn=input_fn,
            steps=steps,
            max_steps=max_steps,
            monitors=[tf.train.FeedFnHook(feed_fn), *(monitors or [])],
        )
        return self

    def score(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = BATCH_SIZE,
        steps: int | None = None,
        metrics: Mapping[Any, Any] | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """`Estimator.evaluate`: a dict, where scikit-learn's `score` is a number."""
        input_fn, feed_fn = resolve_inputs(x, y, None, None, batch_size, training=False)
        if metrics is not None and not isinstance(metrics, dict):
            raise ValueError(f"Metrics argument should be None or dict. Got {metrics}.")
        results, step = self._estimator._evaluate_model(
            input_fn=input_fn, feed_fn=feed_fn, steps=steps, metrics=metrics, name=name
        )
        if results is not None:
            results["global_step"] = step
        return results

    def predict(
        self, x: Any, batch_size: int | None = BATCH_SIZE, outputs: list[str] | None = None
    ) -> Any:
        """`Estimator.predict` as an array [rows, ...], or a dict of such."""
        input_fn, feed_fn = resolve_inputs(x, None, None, None, batch_size, training=False)
        return concatenated(
            self._estimator._infer_model(
                input_fn=input_fn,
                feed_fn=feed_fn,
                outputs=outputs,
                as_iterable=True,
                iterate_batches=True,
            )
        )
