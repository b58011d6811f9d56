"""The questions a diagnosis may ask of two cells, each at an equal share of its error.

The number of questions is fixed before the first run: `allowed(k)`, for k genes. A question that
would exceed it is not asked; what hangs on it stays undecided.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mlp.stats.comparison import Outcome, looked
from mlp.stats.diagnosis.design import Cell
from mlp.stats.diagnosis.scores import Scores
from mlp.stats.interval import FloatArray, Interval
from mlp.stats.looks import look_alpha, look_sizes


def allowed(genes: int) -> int:
    """8 + 3k: one average effect a gene, and 8 + 2k comparisons of two cells."""
    return 8 + 3 * genes


@dataclass(frozen=True)
class Answer:
    """What a comparison of two cells said: the scores of `first` less those of `second`."""

    first: tuple[str, ...]
    second: tuple[str, ...]
    outcome: Outcome
    interval: Interval

    @property
    def mirrored(self) -> Answer:
        """The answer with the two cells swapped."""
        i = self.interval
        turned = replace(i, mean=-i.mean, low=-i.high, high=-i.low)
        return Answer(self.second, self.first, self.outcome.mirrored, turned)

    def __str__(self) -> str:
        return f"{self.outcome}, {self.interval}"

    @classmethod
    def from_dict(cls, given: dict[str, Any]) -> Answer:
        """The answer of these plain values."""
        return cls(
            tuple(given["first"]),
            tuple(given["second"]),
            Outcome(given["outcome"]),
            Interval(**given["interval"]),
        )


class Questions:
    """Asks, remembers, and counts. One question is one pair of cells, whichever comes first."""

    def __init__(self, scores: Scores, genes: int, margin: float, error: float, cap: int) -> None:
        self._scores, self._margin, self._cap = scores, margin, cap
        self._answers: dict[tuple[Cell, Cell], Answer] = {}
        self.left = allowed(genes) - genes
        self.claim_error = error / allowed(genes)
        self.tell: Callable[[str], None] = lambda _: None

    @property
    def asked(self) -> int:
        """Comparisons begun."""
        return len(self._answers)

    def ask(self, first: Cell, second: Cell, why: str) -> Answer | None:
        """The comparison, decided or at the cap; None if no question is left."""
        if (second, first) in self._answers:
            return self._answers[second, first].mirrored
        if (first, second) not in self._answers:
            if first == second or not self.left:
                return None
            self.left -= 1
            self.tell(why)
            self._answers[first, second] = self._decided(first, second)
        return self._answers[first, second]

    def _decided(self, first: Cell, second: Cell) -> Answer:
        def differences(n: int) -> FloatArray:
            a, b = self._scores.matrix([first, second], n)
            return np.asarray(a - b)

        sizes, alpha = look_sizes(self._cap), look_alpha(self.claim_error)
        *_, last = looked(differences, self._margin, sizes, alpha)
        return Answer(tuple(sorted(first)), tuple(sorted(second)), last.outcome, last.interval)
