"""Forward passes that wait for an update to be made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlp.trace.batch import merged, slim
from mlp.trace.record import Batch

MOST_WHOLE = 64
"""Forward passes that wait with their arrays; of older ones only the rows' digests do."""


@dataclass(eq=False)
class Pass:
    """A forward pass. `graded` says whether its gradient was taken; None where that is not known.

    `total` is what the gradients had added up to after it, where others followed.
    """

    batch: Batch
    graded: bool | None = None
    total: Mapping[str, Any] = field(default_factory=dict)


class Waiting:
    """The forward passes since the last update, in order."""

    def __init__(self) -> None:
        self._passes: list[Pass] = []

    def add(self, batch: Batch, graded: bool | None) -> None:
        """The model was called; arrays of which no gradient will be used are let go."""
        self._passes.append(Pass(batch, graded))
        past = self._passes[-2:-1] if graded is False else self._passes[:-MOST_WHOLE][-1:]
        for waiting in past:
            if waiting.graded is not True:
                waiting.batch = slim(waiting.batch)

    def tell(self, batch: Batch) -> bool:
        """More is known of the last forward pass; False where none waits."""
        if self._passes:
            self._passes[-1].batch = merged(self._passes[-1].batch, batch)
        return bool(self._passes)

    def graded_by(self) -> Callable[[], None]:
        """What to call where the gradient of the last forward pass is being taken."""
        waiting = self._passes[-1]

        def taken() -> None:
            waiting.graded = True

        return taken

    @property
    def graded(self) -> list[Pass]:
        """Those whose gradient was taken."""
        return [waiting for waiting in self._passes if waiting.graded]

    def clear(self) -> list[Pass]:
        """Those whose gradient was not taken; none waits after."""
        others = [waiting for waiting in self._passes if not waiting.graded]
        self._passes = []
        return others

    def take(self) -> tuple[list[Pass], list[Pass]]:
        """Those that an update made now was computed from, and the others; none waits after."""
        used = self.graded or [w for w in self._passes if w.graded is None][-1:]
        others = [waiting for waiting in self._passes if waiting not in used]
        self._passes = []
        return used, others
