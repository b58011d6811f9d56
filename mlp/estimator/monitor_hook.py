"""The hook that runs monitors in a session."""

import inspect
from collections.abc import Iterable
from typing import Any

import tensorflow.compat.v1 as tf

from mlp.estimator.monitor_base import BaseMonitor
from mlp.estimator.shapes import dimensions


class RunHookAdapterForMonitors(tf.train.SessionRunHook):
    """Runs monitors in a session, as one hook.

    The global step, and every variable that a monitor asks for, are read after the run: the
    monitor sees them as the run left them, whatever else the run did.
    """

    def __init__(self, monitors: Iterable[BaseMonitor]) -> None:
        self._monitors = list(monitors)
        self._step: Any = None
        self._global_step: Any = None
        self._variables: dict[Any, Any] = {}

    def begin(self) -> None:
        """Training begins, in the default graph."""
        self._step = None
        self._global_step = tf.train.get_global_step()
        with dimensions():
            for monitor in self._monitors:
                monitor.begin(max_steps=None)

    def before_run(self, run_context: Any) -> Any:
        """Fetch what the monitors ask for."""
        if self._step is None:
            self._step = int(run_context.session.run(self._global_step)) + 1
        graph = run_context.session.graph
        elements: dict[Any, Any] = {}
        for monitor in self._monitors:
            requests = monitor.step_begin(self._step) or []
            if not isinstance(requests, list):
                raise ValueError("Monitor.step_begin should return a list.")
            elements.update({_key(request): _element(graph, request) for request in requests})
        variables = _variables_of(graph) if elements else {}
        fetches = {key: one for key, one in elements.items() if one.name not in variables}
        self._variables = {
            key: variables[one.name] for key, one in elements.items() if key not in fetches
        }
        return tf.train.SessionRunArgs({"monitors": fetches})

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Give the monitors what they asked for; any of them may stop training."""
        reads = {"step": self._global_step, "monitors": self._variables}
        after = run_context.session.run(reads)
        output = run_values.results["monitors"] | after["monitors"]
        for monitor in self._monitors:
            if monitor.step_end(self._step, output):
                run_context.request_stop()
        for monitor in self._monitors:
            monitor.post_step(self._step, run_context.session)
        self._step = int(after["step"]) + 1

    def end(self, session: Any) -> None:
        """Training ends."""
        self._step = None
        for monitor in self._monitors:
            if "session" in inspect.signature(monitor.end).parameters:
                monitor.end(session=session)
            else:
                monitor.end()


def _variables_of(graph: Any) -> dict[str, Any]:
    """The variables of `graph` by name."""
    keys = (tf.GraphKeys.GLOBAL_VARIABLES, tf.GraphKeys.LOCAL_VARIABLES)
    return {variable.name: variable for key in keys for variable in graph.get_collection(key)}


def _key(request: Any) -> Any:
    """`request`, or the name of a variable that cannot be a key outside of its graph."""
    try:
        hash(request)
    except TypeError:
        return request.name
    return request


def _element(graph: Any, request: Any) -> Any:
    """The tensor, operation or variable of `graph` that `request` is or names."""
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
