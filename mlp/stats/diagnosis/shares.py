"""Each cause's share of what the causes gain together, and the ladder from bad to good.

The share is Shapley's, exact for up to four causes. Beyond that it is the mean of what a gene adds
in two orders, the order of suspicion and its reverse: two of the many orders that Shapley averages.
Both add up to the whole gain.

The intervals of the shares hold together with probability 1 - error, and so do the scores and the
steps of the ladder; they are drawn without a margin, and no verdict rests on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, combinations

import numpy as np

from mlp.stats.diagnosis.design import Cell
from mlp.stats.diagnosis.parts import Rung
from mlp.stats.diagnosis.scores import Scores
from mlp.stats.factorial import shapley
from mlp.stats.interval import FloatArray, Interval, paired_interval
from mlp.stats.looks import look_alpha

EXACT = 4
"""The most causes whose shares are exact."""

REST = "all others"
"""The name of the ladder's last rung."""


def cells_of(causes: Sequence[str]) -> list[Cell]:
    """The cells that shares and ladder need, beside good."""
    if len(causes) <= EXACT:
        subsets = (s for r in range(len(causes) + 1) for s in combinations(causes, r))
        return [frozenset(s) for s in subsets]
    orders = (_prefixes(causes), _prefixes(causes[::-1]))
    return list(dict.fromkeys(cell for order in orders for cell in order))


def shares(scores: Scores, causes: Sequence[str], n: int, error: float) -> dict[str, Interval]:
    """The share of each cause, in score, over n seeds."""
    if not causes:
        return {}
    alpha = look_alpha(error / len(causes))
    y = {cell: scores.of(cell, n) for cell in cells_of(causes)}
    if len(causes) <= EXACT:
        cells: Mapping[Iterable[str], FloatArray] = {frozenset(c): y[c] for c in y}
        return {g: paired_interval(d, alpha) for g, d in shapley(cells).items()}
    added: dict[str, list[FloatArray]] = {g: [] for g in causes}
    for order in (causes, causes[::-1]):
        below = _prefixes(order)
        for gene, before, after in zip(order, below[:-1], below[1:], strict=True):
            added[gene].append(y[after] - y[before])
    return {g: paired_interval(np.mean(d, axis=0), alpha) for g, d in added.items()}


def ladder(
    scores: Scores, causes: Sequence[str], good: Cell, n: int, error: float
) -> tuple[Rung, ...]:
    """From bad, one cause after the other, to good; each rung's score and what it adds."""
    cells = _prefixes(causes)
    names = ["bad", *causes]
    if cells[-1] != good:
        cells, names = [*cells, good], [*names, REST if causes else "good"]
    alpha = look_alpha(error / (2 * len(cells)))
    y = scores.matrix(cells, n)
    steps = [None, *(paired_interval(d, alpha) for d in np.diff(y, axis=0))]
    return tuple(
        Rung(name, paired_interval(row, alpha), step)
        for name, row, step in zip(names, y, steps, strict=True)
    )


def _prefixes(causes: Sequence[str]) -> list[Cell]:
    """The empty cell, then one cause more each time."""
    return list(accumulate(causes, lambda cell, gene: cell | {gene}, initial=frozenset[str]()))
