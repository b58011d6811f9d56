"""What hooks get when they fetch a variable: its value after the step, as in TensorFlow 1.4.

Today a variable's name is that of a handle, and its value is read while the step writes it.
"""

import copy
from collections.abc import Mapping
from typing import Any

import tensorflow.compat.v1 as tf

from mlp.estimator.hooks import start
from mlp.estimator.shapes import dimensions

SCOPE = "variables_after_run"
"""Name scope of the reads."""


class VariableReads:
    """Reads of the default graph's variables that wait for `operation`; unfetched, none is run.

    Args:
        operation: what a session's every run executes, such as the train op; None waits for
            nothing.
    """

    def __init__(self, operation: Any) -> None:
        self._first = [] if operation is None else [operation]
        self._by_name: dict[str, Any] = {}
        self._graph = tf.get_default_graph()

    def cover_new_variables(self) -> None:
        """Add reads of the variables that have none yet."""
        for variable in (*tf.global_variables(), *tf.local_variables()):
            if variable.name in self._by_name:
                continue
            with tf.name_scope(SCOPE), tf.control_dependencies(self._first):
                read = variable.read_value()
            element = self._graph.as_graph_element(variable)
            self._by_name.update({variable.name: read, element.name: read})

    def replace(self, fetches: Any) -> Any:
        """`fetches` with each variable, whether the object, its handle or its name, as its read."""
        if isinstance(fetches, Mapping):
            replaced: Any = copy.copy(fetches)
            for key, fetch in fetches.items():
                replaced[key] = self.replace(fetch)
            return replaced
        if isinstance(fetches, (list, tuple)):
            members = [self.replace(fetch) for fetch in fetches]
            if hasattr(fetches, "_make"):
                return type(fetches)._make(members)
            return tuple(members) if isinstance(fetches, tuple) else members
        if isinstance(fetches, str):
            return self._by_name.get(fetches, fetches)
        if getattr(fetches, "graph", None) is not self._graph:
            return fetches
        return self._by_name.get(getattr(fetches, "name", ""), fetches)

    def for_hooks(self, hooks: list[Any]) -> list[Any]:
        """`hooks` that see every variable as `operation` left it."""
        return [_ReadingHook(hook, self) for hook in hooks]


class _ReadingHook(tf.train.SessionRunHook):
    """A hook whose fetches of variables are replaced by `reads`."""

    def __init__(self, hook: Any, reads: VariableReads) -> None:
        self._hook = hook
        self._reads = reads

    def begin(self) -> None:
        """Let the hook build, and read the variables there are."""
        with dimensions():
            self._hook.begin()
        self._reads.cover_new_variables()

    def after_create_session(self, session: Any, coord: Any) -> None:
        """As the hook does, as one of TensorFlow 1.4."""
        start(self._hook, session, coord)

    def before_run(self, run_context: Any) -> Any:
        """What the hook asks for, with its variables replaced."""
        request = self._hook.before_run(run_context)
        if request is None or request.fetches is None:
            return request
        return request._replace(fetches=self._reads.replace(request.fetches))

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """As the hook does."""
        self._hook.after_run(run_context, run_values)

    def end(self, session: Any) -> None:
        """As the hook does."""
        self._hook.end(session)
