"""Where the epochs of a program begin, and so how much of each update is recorded."""

from __future__ import annotations

import numpy as np

OFF, LIGHT, FULL = 0, 1, 2

MOST_LOGGED = 20_000
"""Updates of which the rows' digests are kept: about 10 MB with batches of 64."""


class Epochs:
    """Counts updates and epochs; `full` updates of each of the first two are recorded in full.

    An epoch begins where the program says so, as `fit` does; else where half of the rows of a batch
    were fed before in this epoch.
    """

    def __init__(self, full: int) -> None:
        self.full = full
        self.epoch, self.index, self.updates = 0, 0, 0
        self.closed = False
        self._marked = False
        self._fed: set[int] = set()

    @property
    def level(self) -> int:
        """How much of what happens next is recorded."""
        if self.closed or self.epoch > 1 or self.updates >= MOST_LOGGED:
            return OFF
        return FULL if self.index < self.full else LIGHT

    def mark(self) -> None:
        """An epoch begins, says the program."""
        self._marked = True
        if self.index:
            self._next()

    def fed(self, rows: np.ndarray | None) -> None:
        """The rows of the update that comes next."""
        if self._marked or rows is None:
            return
        told = rows.tolist()
        again = sum(row in self._fed for row in told)
        if self.index and 2 * again >= len(told):
            self._next()
        self._fed.update(told)

    def updated(self) -> None:
        """An update was made."""
        self.index += 1
        self.updates += 1

    def _next(self) -> None:
        self.epoch, self.index, self._fed = self.epoch + 1, 0, set()
