"""Monitors that look at many tensors at once: all trainable variables, or the whole graph."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from mlp.estimator.monitor_base import BaseMonitor, EveryN, output_of


class LoggingTrainable(EveryN):
    """Logs the trainable variables every n steps, as the step left them.

    Args:
        scope: regular expression that the variables' names begin with; None takes all.
        every_n: steps between reports.
        first_n: global step up to which every step is reported.
    """

    def __init__(self, scope: str | None = None, every_n: int = 100, first_n: int = 1) -> None:
        super().__init__(every_n, first_n)
        self._scope = scope
        self._names: list[str] = []

    def every_n_step_begin(self, step: int) -> list[Any]:
        """Ask for the variables."""
        super().every_n_step_begin(step)
        self._names = [variable.name for variable in tf.trainable_variables(self._scope)]
        return list(self._names)

    def every_n_step_end(self, step: int, outputs: Mapping[Any, Any]) -> bool | None:
        """Log them."""
        values = [f"{name} = {outputs[name]!s}" for name in self._names if name in outputs]
        tf.logging.info("Logging Trainable: Step %d: %s", step, ", ".join(values))
        return super().every_n_step_end(step, outputs)


class GraphDump(BaseMonitor):
    """Keeps almost every tensor of the graph at every step, in `data`, by step.

    Args:
        ignore_ops: types of operations to leave out; None is `IGNORE_OPS`.
    """

    IGNORE_OPS: tuple[str, ...] = (
        "Const",
        "Assign",
        "Identity",
        "Placeholder",
        "RandomUniform",
        "Cast",
        "RestoreSlice",
    )

    def __init__(self, ignore_ops: list[str] | None = None) -> None:
        super().__init__()
        self._ignore_ops = ignore_ops or GraphDump.IGNORE_OPS
        self._tensors: list[Any] = []
        self.data: dict[int, Any] = {}

    def begin(self, max_steps: int | None = None) -> None:
        """Find the tensors: the first output of each operation, resources apart."""
        super().begin(max_steps)
        self._tensors = []
        for op in tf.get_default_graph().get_operations():
            if op.type in self._ignore_ops:
                continue
            tf.logging.info("op=%s name=%s.", op.type, op.name)
            if op.outputs and (op.type == "VarHandleOp" or op.outputs[0].dtype != tf.resource):
                self._tensors.append(op.outputs[0])

    def step_begin(self, step: int) -> list[Any]:
        """Ask for them."""
        super().step_begin(step)
        return self._tensors

    def step_end(self, step: int, output: Mapping[Any, Any]) -> bool | None:
        """Keep them."""
        self.data[step] = output
        return super().step_end(step, output)

    def compare(
        self, other_dump: "GraphDump", step: int, atol: float = 1e-06
    ) -> tuple[list[Any], dict[Any, Any]]:
        """The keys of tensors that two dumps agree on at a step, and the differences by key.

        Only what is keyed by a name is compared.

        Raises:
            ValueError: a key is missing from `other_dump`.
        """
        matched: list[Any] = []
        differing: dict[Any, Any] = {}
        ours, theirs = self.data.get(step, {}), other_dump.data.get(step, {})
        for key in ours:
            if not isinstance(key, str):
                continue
            if key not in theirs:
                raise ValueError(f"{key} missing at step {step}.")
            one, other = output_of(ours, key), output_of(theirs, key)
            if isinstance(one, str):
                continue
            is_array = isinstance(one, np.ndarray)
            if np.allclose(one, other, atol=atol) if is_array else one == other:
                matched.append(key)
            else:
                differing[key] = one - other if is_array else (one, other)
        return matched, differing
