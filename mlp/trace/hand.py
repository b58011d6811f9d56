"""A recorder for NumPy, JAX, scikit-learn and all else: the program feeds it, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mlp.trace.keeper import KEEP
from mlp.trace.record import Variable
from mlp.trace.recorder import UPDATES, Recorder
from mlp.trace.source import users_line
from mlp.trace.value import Value

Arrays = Mapping[str, Any] | Sequence[Any]


class HandRecorder(Recorder):
    """Each `step` is a whole update; what a step is not told is not seen."""

    def __init__(self, *, name: str, updates: int = UPDATES, keep: int = KEEP) -> None:
        super().__init__(name=name, framework="by hand", updates=updates, keep=keep)

    def step(
        self,
        x: Any = None,
        y: Any = None,
        loss: Any = None,
        *,
        prediction: Any = None,
        weights: Arrays | None = None,
        gradients: Arrays | None = None,
        after: Arrays | None = None,
        rate: float | None = None,
        training: bool | None = None,
    ) -> None:
        """One update.

        Args:
            x: inputs, rows first.
            y: targets, as the loss was given them.
            loss: the loss the gradient was taken of.
            prediction: what the model answered.
            weights: the weights before the update, by name or in order.
            gradients: the gradients, likewise.
            after: the weights after the update, likewise; without it the next step's `weights`.
            rate: the learning rate.
            training: whether the model was in training mode.
        """
        modes = {} if training is None else {"model": training}
        where = users_line()
        x, y, prediction = (None if v is None else np.array(v) for v in (x, y, prediction))
        self.forward(x, prediction=prediction, modes=modes, graded=True, where=where)
        self.terms(y, loss=loss)
        before = _named(weights)
        if self.updates and not self.updates[-1].after and before:
            self.updates[-1] = replace(self.updates[-1], after=self.keeper.values(before))
        if before and not self.variables:
            self.variables = tuple(Variable(n, np.shape(w)) for n, w in before.items())
        full = self.begin_update(rate)
        if full:
            self.end_update(
                before=before, gradient=_named(gradients), after=_named(after), where=where
            )
        if after is not None:
            self.final = {name: Value.of(w).digest for name, w in _named(after).items()}

    def evaluated(self, x: Any, *, loss: Any = None, training: bool | None = None) -> None:
        """The model was evaluated on these rows."""
        modes = {} if training is None else {"model": training}
        self.forward(np.array(x), modes=modes, graded=False, where=users_line())
        self.terms(loss=loss)


def _named(arrays: Arrays | None) -> dict[str, Any]:
    if arrays is None:
        return {}
    if isinstance(arrays, Mapping):
        return {name: np.array(array) for name, array in arrays.items()}
    return {f"variable {place}": np.array(array) for place, array in enumerate(arrays)}
