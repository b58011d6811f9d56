"""contrib.learn's monitors, and the hook that runs them in a session.

A monitor is told of each step, counted from 1: `step_begin`, `step_end` (which may stop training
by returning True) and `post_step`. `ValidationMonitor` has a module of its own.
"""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from mlp.estimator.errors import NanLossDuringTrainingError

STEP_AFTER_UPDATE = "mlp_estimator_global_step_after_update"
"""Graph collection of the global step read after the train op, so that no read races it."""


class BaseMonitor:
    """A monitor that does nothing."""

    def __init__(self) -> None:
        self._begun = False
        self._current_step: int | None = None
        self._max_steps: int | None = None
        self._estimator: Any = None

    @property
    def run_on_all_workers(self) -> bool:
        """Whether workers other than the chief run this monitor too."""
        return False

    def set_estimator(self, estimator: Any) -> None:
        """Called by the estimator to be monitored; ValueError for None."""
        if estimator is None:
            raise ValueError("Missing estimator.")
        self._estimator = estimator

    def begin(self, max_steps: int | None = None) -> None:
        """Training begins; ValueError if it has begun already."""
        if self._begun:
            raise ValueError("begin called twice without end.")
        self._max_steps = max_steps
        self._begun = True

    def end(self, session: Any = None) -> None:
        """Training ends; ValueError if it has not begun."""
        del session
        if not self._begun:
            raise ValueError("end called without begin.")
        self._max_steps = None
        self._begun = False

    def step_begin(self, step: int) -> list[Any]:
        """Step `step` begins; returns tensors, or their names, to run with it."""
        if step < 0 or (self._max_steps is not None and step > self._max_steps):
            raise ValueError(f"Invalid step {step}.")
        self._current_step = step
        return []

    def step_end(self, step: int, output: Mapping[Any, Any]) -> bool | None:
        """Step `step` is done; `output` maps what was asked for to values. True stops training."""
        del output
        if self._current_step != step:
            raise ValueError(f"step_end expected {self._current_step} but got {step}.")
        self._current_step = None
        return False

    def post_step(self, step: int, session: Any) -> None:
        """Every monitor has had its `step_end`; `session` may be run."""


class EveryN(BaseMonitor):
    """A monitor that acts every n steps, and at each of the first ones.

    Args:
        every_n_steps: steps from one action to the next.
        first_n_steps: global step up to which it acts at every step.
    """

    def __init__(self, every_n_steps: int = 100, first_n_steps: int = 1) -> None:
        super().__init__()
        self._every_n_steps = every_n_steps
        self._first_n_steps = first_n_steps
        self._last_successful_step: int | None = None
        self._last_active_step = 0
        self._active = False

    def every_n_step_begin(self, step: int) -> list[Any]:
        """As `step_begin`, every n steps."""
        del step
        return []

    def every_n_step_end(self, step: int, outputs: Mapping[Any, Any]) -> bool | None:
        """As `step_end`, every n steps."""
        del step, outputs
        return False

    def every_n_post_step(self, step: int | None, session: Any) -> None:
        """As `post_step`, every n steps, and at the end for the last step."""

    def step_begin(self, step: int) -> list[Any]:
        """Decide whether this step is one of those acted on."""
        super().step_begin(step)
        self._active = (
            step <= self._first_n_steps
            or step >= self._last_active_step + self._every_n_steps
            or step == self._max_steps
        )
        return self.every_n_step_begin(step) if self._active else []

    def step_end(self, step: int, output: Mapping[Any, Any]) -> bool | None:
        """Act if this step is one of those."""
        super().step_end(step, output)
        return self.every_n_step_end(step, output) if self._active else False

    def post_step(self, step: int, session: Any) -> None:
        """Act if this step is one of those."""
        super().post_step(step, session)
        if self._active:
            self.every_n_post_step(step, session)
            self._last_active_step = step
        self._last_successful_step = step

    def end(self, session: Any = None) -> None:
        """Act on the last step if it was not acted on."""
        super().end(session=session)
        if self._last_successful_step != self._last_active_step:
            self.every_n_post_step(self._last_successful_step, session)


class StopAtStep(BaseMonitor):
    """Stops training after `num_steps` more steps, or after step `last_step`.

    Raises:
        ValueError: not exactly one of the two is given.
    """

    def __init__(self, num_steps: int | None = None, last_step: int | None = None) -> None:
        super().__init__()
        if num_steps is None and last_step is None:
            raise ValueError("One of num_steps or last_step must be specified.")
        if num_steps is not None and last_step is not None:
            raise ValueError("Only one of num_steps or last_step can be specified.")
        self._num_steps = num_steps
        self._last_step = last_step

    @property
    def run_on_all_workers(self) -> bool:
        """Every worker must stop."""
        return True

    def step_begin(self, step: int) -> list[Any]:
        """Count from the first step seen."""
        if self._last_step is None and self._num_steps is not None:
            self._last_step = step + self._num_steps - 1
        return super().step_begin(step)

    def step_end(self, step: int, output: Mapping[Any, Any]) -> bool:
        """True at the last step."""
        super().step_end(step, output)
        return self._last_step is not None and step >= self._last_step


class PrintTensor(EveryN):
    """Logs tensors every n steps.

    Args:
        tensor_names: names of tensors, or a dict of names by label.
        every_n: steps between reports.
        first_n: global step up to which every step is reported.
    """

    def __init__(
        self, tensor_names: Iterable[str] | dict[str, str], every_n: int = 100, first_n: int = 1
    ) -> None:
        super().__init__(every_n, first_n)
        if not isinstance(tensor_names, dict):
            tensor_names = {name: name for name in tensor_names}
        self._names: dict[str, str] = tensor_names

    def every_n_step_begin(self, step: int) -> list[Any]:
        """Ask for the tensors."""
        super().every_n_step_begin(step)
        return list(self._names.values())

    def every_n_step_end(self, step: int, outputs: Mapping[Any, Any]) -> bool | None:
        """Log them."""
        values = ", ".join(f"{label} = {outputs[name]}" for label, name in self._names.items())
        tf.logging.info("Step %d: %s", step, values)
        return super().every_n_step_end(step, outputs)


class CaptureVariable(EveryN):
    """Keeps the values of a tensor, such as ``w:0``, every n steps in `values`, by step."""

    def __init__(self, var_name: str, every_n: int = 100, first_n: int = 1) -> None:
        super().__init__(every_n, first_n)
        self._name = var_name
        self.values: dict[int, Any] = {}

    def every_n_step_begin(self, step: int) -> list[Any]:
        """Ask for the tensor."""
        super().every_n_step_begin(step)
        return [self._name]

    def every_n_step_end(self, step: int, outputs: Mapping[Any, Any]) -> bool | None:
        """Keep it."""
        self.values[step] = outputs[self._name]
        return super().every_n_step_end(step, outputs)


class NanLoss(EveryN):
    """Looks every n steps whether the loss is NaN, and fails or stops training if so."""

    def __init__(
        self, loss_tensor: Any, every_n_steps: int = 100, fail_on_nan_loss: bool = True
    ) -> None:
        super().__init__(every_n_steps=every_n_steps)
        self._loss = loss_tensor
        self._fail = fail_on_nan_loss

    def every_n_step_begin(self, step: int) -> list[Any]:
        """Ask for the loss."""
        super().every_n_step_begin(step)
        return [self._loss]

    def every_n_step_end(self, step: int, outputs: Mapping[Any, Any]) -> bool:
        """True, or NanLossDuringTrainingError, on NaN."""
        super().every_n_step_end(step, outputs)
        if not np.isnan(outputs[self._loss]):
            return False
        if self._fail:
            tf.logging.error("Model diverged with loss = NaN.")
            raise NanLossDuringTrainingError
        tf.logging.warning("Model diverged with loss = NaN.")
        return True


class RunHookAdapterForMonitors(tf.train.SessionRunHook):
    """Runs monitors in a session, as one hook."""

    def __init__(self, monitors: Iterable[BaseMonitor]) -> None:
        self._monitors = list(monitors)
        self._step = 0
        self._step_tensor: Any = None

    def begin(self) -> None:
        """Training begins, in the default graph."""
        self._step = 0
        after_update = tf.get_collection(STEP_AFTER_UPDATE)
        self._step_tensor = after_update[0] if after_update else tf.train.get_global_step()
        for monitor in self._monitors:
            monitor.begin(max_steps=None)

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Learn which step is next."""
        del coord
        self._step = int(session.run(tf.train.get_global_step(session.graph))) + 1

    def before_run(self, run_context: Any) -> Any:
        """Fetch what the monitors ask for."""
        graph = run_context.session.graph
        fetches: dict[Any, Any] = {}
        for monitor in self._monitors:
            requests = monitor.step_begin(self._step) or []
            if not isinstance(requests, list):
                raise ValueError("Monitor.step_begin should return a list.")
            fetches.update({request: _element(graph, request) for request in requests})
        return tf.train.SessionRunArgs({"step": self._step_tensor, "monitors": fetches})

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Give the monitors what they asked for; any of them may stop training."""
        output = run_values.results["monitors"]
        for monitor in self._monitors:
            if monitor.step_end(self._step, output):
                run_context.request_stop()
        for monitor in self._monitors:
            monitor.post_step(self._step, run_context.session)
        self._step = int(run_values.results["step"]) + 1

    def end(self, session: Any) -> None:
        """Training ends."""
        for monitor in self._monitors:
            if "session" in inspect.signature(monitor.end).parameters:
                monitor.end(session=session)
            else:
                monitor.end()


def _element(graph: Any, request: Any) -> Any:
    """The tensor or operation of `graph` that `request` is or names."""
    if not isinstance(request, str):
        if getattr(request, "graph", None) is not graph:
            raise ValueError(f"Passed {request} should be of the current graph {graph}.")
        return request
    if ":" in request:
        return graph.as_graph_element(request)
    outputs = graph.get_operation_by_name(request).outputs
    if len(outputs) > 1:
        raise ValueError(
            f"Name {request} is ambiguous, as this `Operation` has multiple outputs (at least 2)."
        )
    return graph.as_graph_element(f"{request}:0")


def replace_monitors_with_hooks(monitors_or_hooks: Iterable[Any] | None, estimator: Any) -> list:
    """Hooks for a list that may mix hooks and monitors: the monitors become one hook, the last.

    Args:
        monitors_or_hooks: `SessionRunHook`s and monitors, or None.
        estimator: the estimator to be monitored.
    """
    given = list(monitors_or_hooks or [])
    hooks = [one for one in given if isinstance(one, tf.train.SessionRunHook)]
    monitors = [one for one in given if not isinstance(one, tf.train.SessionRunHook)]
    for monitor in monitors:
        monitor.set_estimator(estimator)
    return [*hooks, RunHookAdapterForMonitors(monitors)] if monitors else hooks
