"""``ValidationMonitor``: evaluation during training, and early stopping by it."""

import copy
from collections.abc import Mapping
from typing import Any

import tensorflow.compat.v1 as tf

from mlp.estimator.monitor_base import EveryN


class ValidationMonitor(EveryN):
    """Evaluates every NEW checkpoint it finds, and can stop training on what it sees.

    It looks every `every_n_steps` steps whether there is a checkpoint that it has not evaluated;
    what it evaluates is the checkpoint, whose step may lie behind the training's.

    Args:
        x, y, input_fn, batch_size, metrics, hooks, name: as `Estimator.evaluate` takes them.
        eval_steps: its `steps`.
        every_n_steps: steps from one look to the next.
        early_stopping_rounds: stop once the metric has not improved for this many steps; None
            never stops.
        early_stopping_metric: which of the results to watch.
        early_stopping_metric_minimize: whether less is better.

    Raises:
        ValueError: neither `x` nor `input_fn` is given.
    """

    def __init__(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: Any = None,
        batch_size: int | None = None,
        eval_steps: int | None = None,
        every_n_steps: int = 100,
        metrics: Mapping[Any, Any] | None = None,
        hooks: list[Any] | None = None,
        early_stopping_rounds: int | None = None,
        early_stopping_metric: str = "loss",
        early_stopping_metric_minimize: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(every_n_steps=every_n_steps, first_n_steps=-1)
        if x is None and input_fn is None:
            raise ValueError("Either x or input_fn should be provided.")
        self.x = x
        self.y = y
        self.input_fn = input_fn
        self.batch_size = batch_size
        self.eval_steps = eval_steps
        self.metrics = metrics
        self.hooks = hooks
        self.early_stopping_rounds = early_stopping_rounds
        self.early_stopping_metric = early_stopping_metric
        self.early_stopping_metric_minimize = early_stopping_metric_minimize
        self.name = name
        self._best_value_step: int | None = None
        self._best_value: Any = None
        self._best_metrics: dict[str, Any] | None = None
        self._early_stopped = False
        self._latest_path: str | None = None

    @property
    def early_stopped(self) -> bool:
        """Whether this monitor has stopped training."""
        return self._early_stopped

    @property
    def best_step(self) -> int | None:
        """Step at which the watched metric was best; None before the first evaluation."""
        return self._best_value_step

    @property
    def best_value(self) -> Any:
        """Best value of the watched metric so far; None before the first evaluation."""
        return self._best_value

    @property
    def best_metrics(self) -> dict[str, Any] | None:
        """All results of the evaluation where the watched metric was best."""
        return self._best_metrics

    def every_n_step_end(self, step: int, outputs: Mapping[Any, Any]) -> bool:
        """Evaluate the latest checkpoint if it is new; True stops training.

        Raises:
            ValueError: no estimator is set, or the watched metric is not among the results.
        """
        super().every_n_step_end(step, outputs)
        if self._estimator is None:
            raise ValueError("Missing call to set_estimator.")
        latest_path = tf.train.latest_checkpoint(self._estimator.model_dir)
        if latest_path is None or latest_path == self._latest_path:
            tf.logging.debug("Skipping evaluation at step %d: no new checkpoint.", step)
            return False
        self._latest_path = latest_path
        results = self._evaluate_estimator()
        summary = ", ".join(f"{name} = {value!s}" for name, value in results.items())
        tf.logging.info("Validation (step %d): %s", step, summary)
        return self.early_stopping_rounds is not None and self._stop_now(step, results)

    def _evaluate_estimator(self) -> dict[str, Any]:
        return self._estimator.evaluate(
            x=self.x,
            y=self.y,
            input_fn=self.input_fn,
            batch_size=self.batch_size,
            steps=self.eval_steps,
            metrics=self.metrics,
            hooks=self.hooks,
            name=self.name,
        )

    def _stop_now(self, step: int, results: dict[str, Any]) -> bool:
        metric = self.early_stopping_metric
        if metric not in results:
            raise ValueError(f"Metric {metric} missing from outputs {set(results)}.")
        if self._best_value_step is None or self._improves(results[metric]):
            self._best_value = results[metric]
            self._best_metrics = copy.deepcopy(results)
            self._best_value_step = step
        if step - self._best_value_step < (self.early_stopping_rounds or 0):
            return False
        tf.logging.info(
            f"Stopping. Best step: {self._best_value_step} with {metric} = {self._best_value}."
        )
        self._early_stopped = True
        return True

    def _improves(self, value: Any) -> bool:
        if self.early_stopping_metric_minimize:
            return bool(value < self._best_value)
        return bool(value > self._best_value)
