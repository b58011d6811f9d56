"""effect of a gene = W @ scores, seed by seed: its average over mixed cells, with an interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy

from mlp.stats.comparison import Outcome, classify
from mlp.stats.diagnosis.design import effect_weights
from mlp.stats.diagnosis.scores import Scores
from mlp.stats.interval import Interval, half_width
from mlp.stats.looks import look_alpha, look_sizes

MISFIT_LEVEL = 0.01
"""How surprising what the effects leave of the cells' means must be."""


class Effects:
    """The average effects of all genes, at any look."""

    def __init__(
        self, scores: Scores, genes: Sequence[str], margin: float, claim_error: float
    ) -> None:
        self._scores, self.genes, self.margin = scores, tuple(genes), margin
        self.alpha = look_alpha(claim_error)

    def first_look(self, cap: int) -> int:
        """The first look at which an effect without scatter is shown to be within the margin."""
        sizes = look_sizes(cap)
        able = (n for n in sizes if half_width(n, 0.0, self.alpha, self.margin) < self.margin)
        return next(able, sizes[-1])

    def at(self, n: int, acting: Sequence[str]) -> dict[str, Interval]:
        """The interval of each gene's effect over n seeds of all cells that have as many.

        `acting` are the genes that may have effects together. A gene whose effect cannot be told
        from those of others is left out.
        """
        cells = self._scores.cells_with(n)
        d = effect_weights(tuple(cells), self.genes, tuple(acting))[0] @ self._scores.matrix(
            cells, n
        )
        means = d.mean(axis=1)
        halves = half_width(n, ((d - means[:, None]) ** 2).sum(axis=1), self.alpha, self.margin)
        return {
            g: Interval(float(m), float(m - h), float(m + h), n, 1 - self.alpha)
            for g, m, h in zip(self.genes, means, halves, strict=True)
            if np.isfinite(m)
        }

    def misfit(self, n: int, acting: Sequence[str]) -> float:
        """How far the effects are from explaining the cells' means: a root mean square, in score.

        The scatter of the runs is taken off. What is left are genes that act in combinations
        outside the model. Two genes whose effects reverse each other (one or the other, not both)
        have no average effect, and a misfit of half of what they do. 0 if Fisher's F shows none at
        the level MISFIT_LEVEL, or if no cell is left to check by.
        """
        cells = self._scores.cells_with(n)
        unexplained = effect_weights(tuple(cells), self.genes, tuple(acting))[1]
        free = round(float(np.trace(unexplained)))
        if free < 1 or n < 2:
            return 0.0
        e = unexplained @ self._scores.matrix(cells, n)
        scatter = float(e.var(axis=1, ddof=1).sum()) / n
        left = float((e.mean(axis=1) ** 2).sum())
        if left <= scatter:
            return 0.0
        p = float(scipy.special.fdtrc(free, free * (n - 1), left / scatter)) if scatter else 0.0
        return float(np.sqrt((left - scatter) / free)) if p < MISFIT_LEVEL else 0.0

    def decidable(self, effect: Interval, cap: int) -> bool:
        """Whether this mean would be shown to be within the margin at the cap.

        The half-width is taken to shrink as 1 / sqrt(n); the pseudo-differences shrink faster.
        """
        half = (effect.high - effect.mean) * np.sqrt(effect.n / cap)
        return bool(abs(effect.mean) + half < self.margin)

    def within(self, effect: Interval) -> bool:
        """Whether the effect is shown to be within the margin."""
        return classify(effect, self.margin) is Outcome.EQUIVALENT
