"""What a diagnosis is measured against: known ways to find what makes a difference.

Each takes the genes, the scores, a margin, an error and a cap, as `diagnose` does, and returns the
genes it names. Wherever a method has a statistic of its own to choose, it gets our comparison, at
the method's error divided by the most questions it can ask.

Zeller, A. & Hildebrandt, R. (2002). Simplifying and isolating failure-inducing input. IEEE
Transactions on Software Engineering 28(2).
Wan, H., Ankenman, B. E. & Nelson, B. L. (2006). Controlled sequential bifurcation. Operations
Research 54(4); (2010). Improving the efficiency and efficacy of CSB. INFORMS Journal on Computing
22(3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mlp.stats.comparison import Outcome, looked
from mlp.stats.diagnosis.design import Cell
from mlp.stats.diagnosis.scores import Scores
from mlp.stats.interval import FloatArray
from mlp.stats.looks import look_alpha, look_sizes

Method = Callable[[Sequence[str], Scores, float, float, int], frozenset[str]]
DDMIN_SEEDS = 64
"""ddmin has no statistics: it tests a mean of this many seeds against the middle of the gap."""


def one_at_a_time(
    genes: Sequence[str], scores: Scores, margin: float, error: float, cap: int
) -> frozenset[str]:
    """Each gene rescued alone and knocked out alone, against bad and against good: 2k questions."""
    good, bad = frozenset(genes), frozenset[str]()

    def acts(first: Cell, second: Cell) -> bool:
        outcome = _ask(scores, [(1, first), (-1, second)], margin, error / (2 * len(genes)), cap)
        return outcome in (Outcome.BETTER, Outcome.WORSE)

    return frozenset(g for g in genes if any([acts(bad | {g}, bad), acts(good, good - {g})]))


def ddmin(
    genes: Sequence[str], scores: Scores, _margin: float, _error: float, _cap: int
) -> frozenset[str]:
    """A 1-minimal set of bad alleles that makes the good genome fail."""
    good = frozenset(genes)
    ends = scores.matrix([good, frozenset()], DDMIN_SEEDS).mean(axis=1)
    middle = float(ends.mean())

    def fails(changed: Sequence[str]) -> bool:
        return bool(scores.of(good - set(changed), DDMIN_SEEDS).mean() < middle)

    now, parts = list(genes), 2
    while len(now) >= 2:
        size = -(-len(now) // parts)
        chunks = [now[i : i + size] for i in range(0, len(now), size)]
        rests = [[g for g in now if g not in chunk] for chunk in chunks] if parts > 2 else []
        smaller = next((c for c in chunks if fails(c)), None)
        rest = None if smaller else next((r for r in rests if fails(r)), None)
        if smaller:
            now, parts = smaller, 2
        elif rest:
            now, parts = rest, max(parts - 1, 2)
        elif parts < len(now):
            parts = min(2 * parts, len(now))
        else:
            break
    return frozenset(now)


def bifurcation(
    genes: Sequence[str], scores: Scores, margin: float, error: float, cap: int
) -> frozenset[str]:
    """CSB: groups in the order given; a group that gains more than the margin is halved.

    The group of genes i+1..j is tested by the cell of genes 1..j against that of 1..i: all effects
    are taken to be gains. At most 2k - 1 questions.
    """
    return _bifurcate(genes, scores, margin, error, cap, folded=False)


def folded_bifurcation(
    genes: Sequence[str], scores: Scores, margin: float, error: float, cap: int
) -> frozenset[str]:
    """CSB-X: as CSB, each cell folded over with its mirror, so that interactions of two cancel."""
    return _bifurcate(genes, scores, margin, error, cap, folded=True)


def _bifurcate(
    genes: Sequence[str], scores: Scores, margin: float, error: float, cap: int, *, folded: bool
) -> frozenset[str]:
    named: set[str] = set()
    groups = [(0, len(genes))]
    while groups:
        low, high = groups.pop()
        below, upto = frozenset(genes[:low]), frozenset(genes[:high])
        terms = [(1.0, upto), (-1.0, below)]
        if folded:
            everything = frozenset(genes)
            mirror = [(1.0, everything - below), (-1.0, everything - upto)]
            terms = [(w / 2, c) for w, c in (*terms, *mirror)]
        outcome = _ask(scores, terms, margin, error / (2 * len(genes) - 1), cap)
        if outcome in (Outcome.EQUIVALENT, Outcome.WORSE):
            continue
        if high - low == 1:
            named |= {genes[low]} if outcome is Outcome.BETTER else set()
            continue
        middle = (low + high) // 2
        groups += [(low, middle), (middle, high)]
    return frozenset(named)


def _ask(
    scores: Scores, terms: Sequence[tuple[float, Cell]], margin: float, error: float, cap: int
) -> Outcome:
    """The sequential comparison of a weighted sum of cells, decided or at the cap."""

    def differences(n: int) -> FloatArray:
        return np.asarray(np.sum([w * scores.of(cell, n) for w, cell in terms], axis=0))

    *_, last = looked(differences, margin, look_sizes(cap), look_alpha(error))
    return last.outcome


BASELINES: dict[str, Method] = {
    "one at a time": one_at_a_time,
    "ddmin": ddmin,
    "CSB": bifurcation,
    "CSB-X": folded_bifurcation,
}
