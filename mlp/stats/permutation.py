"""p = 2 min(P(T >= t), P(T <= t)), T over all C(n+r, r) relabellings: do r recorded values fit?

The recorded runs of the original programs are few (three a cell). If they and our n runs come
from one distribution, every choice of which r of the n + r values are "the recorded ones" is
equally likely, whatever that distribution: the permutation test of the difference in mean is exact.
It is SciPy's `permutation_test`, computed here from one table of all relabellings because that
table also gives, without search, the shift the test could have detected. Agreement that no
plausible shift could have broken is no evidence, so the two are always reported together.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb, floor, inf

import numpy as np
from numpy.typing import ArrayLike

from mlp.stats.interval import FloatArray, check_alpha

MAX_RELABELLINGS = 3_000_000
_TIES = 1e-12


@dataclass(frozen=True)
class Agreement:
    """Recorded values against ours.

    `difference` is mean(ours) - mean(recorded), `p_value` exact and two-sided. `detectable` is the
    smallest shift that would have been rejected at `alpha` had the recorded values, spread as they
    are, been centred on our mean and moved by it, in whichever direction is harder; inf when no
    shift could be, because there are too few relabellings.
    """

    difference: float
    p_value: float
    detectable: float
    recorded: int
    ours: int
    alpha: float

    @property
    def agrees(self) -> bool:
        return self.p_value > self.alpha


def agreement(recorded: ArrayLike, ours: ArrayLike, *, alpha: float = 0.05) -> Agreement:
    """The exact permutation test of `recorded` `[r]` against `ours` `[n]`, with its reach.

    `alpha` is the error at which `detectable` is stated: divide it by the number of cells shown.
    Raises ValueError for empty, non-finite or misshapen values, or too many relabellings.
    """
    check_alpha(alpha)
    x, y = _checked(recorded, "recorded"), _checked(ours, "our")
    total = comb(x.size + y.size, x.size)
    if total > MAX_RELABELLINGS:
        raise ValueError(
            f"An exact test enumerates at most {MAX_RELABELLINGS:,} relabellings, got {total:,}: "
            "use fewer of our seeds."
        )
    sums, _ = _relabellings(x, y)
    observed = float(np.sum(x))
    upper = np.count_nonzero(sums >= observed - _TIES) / total
    lower = np.count_nonzero(sums <= observed + _TIES) / total
    aligned = x - x.mean() + y.mean()
    return Agreement(
        difference=float(y.mean() - x.mean()),
        p_value=min(1.0, 2 * min(upper, lower)),
        detectable=max(_reach(aligned, y, alpha), _reach(-aligned, -y, alpha)),
        recorded=x.size,
        ours=y.size,
        alpha=alpha,
    )


def _relabellings(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Over all choices of r of the pooled values: their sums, and how many are recorded ones."""
    pooled = np.concatenate([x, y])
    chosen = np.array(list(combinations(range(pooled.size), x.size)))
    return pooled[chosen].sum(axis=1), (chosen < x.size).sum(axis=1).astype(np.float64)


def _reach(x: FloatArray, y: FloatArray, alpha: float) -> float:
    """The smallest upward shift of x rejected at `alpha`, two-sided.

    A relabelling that keeps j of the r recorded values stays at or above the observed sum while
    the shift is at most (its sum - the observed sum) / (r - j): the p-value at a shift counts the
    thresholds at or above it, and the reach is an order statistic of them.
    """
    sums, shared = _relabellings(x, y)
    allowed = floor(alpha * sums.size / 2 + _TIES)
    if allowed < 1:
        return inf
    others = shared < x.size
    thresholds = (sums[others] - np.sum(x)) / (x.size - shared[others])
    if allowed > thresholds.size:
        return 0.0
    kth = np.partition(thresholds, thresholds.size - allowed)[thresholds.size - allowed]
    return max(float(kth), 0.0)


def _checked(values: ArrayLike, whose: str) -> FloatArray:
    v = np.asarray(values, dtype=np.float64)
    if v.ndim != 1 or v.size == 0 or not np.all(np.isfinite(v)):
        raise ValueError(
            f"The {whose} values must be a non-empty list of finite numbers, got {values!r}: "
            "pass one accuracy per run."
        )
    return v
