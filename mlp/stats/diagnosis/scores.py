"""The scores a diagnosis has asked for: cell -> `[n]`, one score a seed, in seed order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mlp.stats.diagnosis.design import Cell
from mlp.stats.interval import FloatArray

Ask = Callable[[Sequence[Cell], int], Sequence[Sequence[float] | FloatArray]]
"""(cells, n) -> the scores of the first n seeds of each cell, in [0, 1]."""

_ROUNDING = 1e-9


class Scores:
    """What has been asked for so far. A cell is asked for again only when it needs more seeds."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._known: dict[Cell, FloatArray] = {}

    @property
    def cohorts(self) -> int:
        """Cells that have runs."""
        return len(self._known)

    @property
    def runs(self) -> int:
        """Runs of all cells."""
        return sum(map(len, self._known.values()))

    def want(self, cells: Sequence[Cell], n: int) -> None:
        """Has the first n seeds of these cells: what is missing is asked for at once.

        Raises ValueError if the answer is not n scores in [0, 1] for each cell.
        """
        short = [c for c in dict.fromkeys(cells) if len(self._known.get(c, ())) < n]
        if not short:
            return
        given = self._ask(short, n)
        if len(given) != len(short):
            raise ValueError(
                f"One list of scores answers each cell, got {len(given)} for {len(short)} cells: "
                "return them in the order of the cells."
            )
        for cell, scores in zip(short, given, strict=True):
            self._known[cell] = _checked(scores, cell, n)

    def of(self, cell: Cell, n: int) -> FloatArray:
        """The cell's first n scores."""
        self.want([cell], n)
        return self._known[cell][:n]

    def matrix(self, cells: Sequence[Cell], n: int) -> FloatArray:
        """`[cells, n]`."""
        self.want(cells, n)
        return np.array([self._known[c][:n] for c in cells])

    def seeds(self, cell: Cell) -> int:
        """How many seeds of the cell are known."""
        return len(self._known.get(cell, ()))

    def cells_with(self, n: int) -> list[Cell]:
        """The cells that have at least n seeds, in the order they were first asked for."""
        return [c for c, scores in self._known.items() if len(scores) >= n]


def _checked(scores: Sequence[float] | FloatArray, cell: Cell, n: int) -> FloatArray:
    """The scores as float64 `[n]`."""
    y = np.asarray(scores, dtype=np.float64)
    if y.shape != (n,):
        raise ValueError(
            f"A cell has one score a seed, got shape {y.shape} for {sorted(cell)} at {n} seeds: "
            "return the scores of its first seeds."
        )
    bad = ~((y >= -_ROUNDING) & (y <= 1 + _ROUNDING))
    if bad.any():
        raise ValueError(
            f"A score is a number from 0 to 1, got {y[bad][0]:g} for {sorted(cell)} at seed "
            f"number {int(np.flatnonzero(bad)[0])}: map a loss to that range."
        )
    return y
