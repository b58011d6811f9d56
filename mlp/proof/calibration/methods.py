"""(n, mean, SS, alpha, margin) -> (low, high): the interval in use, and those it was chosen over.

Each method takes the number of seeds, arrays of sample means and of sums of squared deviations,
the two-sided error, and the margin the interval is held against; it returns arrays of bounds.
Differences lie in [-1, 1].

Maurer, A. & Pontil, M. (2009). Empirical Bernstein bounds and sample-variance penalization. COLT.
Hoeffding, W. (1963). Probability inequalities for sums of bounded random variables. JASA 58.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from mlp.stats.interval import FAILURE_SPREAD, PSEUDO_SPREAD, FloatArray, half_width, spread_width

Bounds = tuple[FloatArray, FloatArray]
Method = Callable[[int, FloatArray, FloatArray, float, float], Bounds]

SPREADS = (0.65, 0.75, 0.92)
"""Spreads of one pair of pseudo-differences: the least costly looked at, the one used before, and
the one that holds as much as the two in use do at a margin of 0.05."""


def in_use(n: int, mean: FloatArray, squares: FloatArray, alpha: float, margin: float) -> Bounds:
    """mean ± max(h(PSEUDO_SPREAD), h(FAILURE_SPREAD) - margin)."""
    half = half_width(n, squares, alpha, margin)
    return mean - half, mean + half


def student(n: int, mean: FloatArray, squares: FloatArray, alpha: float, _margin: float) -> Bounds:
    """mean ± t(n-1) sqrt(SS / (n(n-1))): no width when all differences are equal."""
    half = -float(special.stdtrit(n - 1, alpha / 2)) * np.sqrt(squares / (n * (n - 1)))
    return mean - half, mean + half


def centred(spread: float) -> Method:
    """mean ± h(spread): pseudo-differences at mean ± spread, whatever the margin."""

    def bounds(
        n: int, mean: FloatArray, squares: FloatArray, alpha: float, _margin: float
    ) -> Bounds:
        half = spread_width(n, squares, alpha, spread)
        return mean - half, mean + half

    return bounds


def bernstein(
    n: int, mean: FloatArray, squares: FloatArray, alpha: float, _margin: float
) -> Bounds:
    """mean ± sqrt(2 V ln(4/alpha) / n) + 7 * 2 ln(4/alpha) / (3 (n-1)): distribution-free."""
    log = np.log(4 / alpha)
    half = np.sqrt(2 * squares / (n - 1) * log / n) + 14 * log / (3 * (n - 1))
    return mean - half, mean + half


def hoeffding(
    n: int, mean: FloatArray, squares: FloatArray, alpha: float, _margin: float
) -> Bounds:
    """mean ± sqrt(2 ln(2/alpha) / n): distribution-free, blind to the variance."""
    half = np.full_like(squares, np.sqrt(2 * np.log(2 / alpha) / n))
    return mean - half, mean + half


IN_USE = f"in use ({PSEUDO_SPREAD:g}, {FAILURE_SPREAD:g} less the margin)"


def all_methods() -> dict[str, Method]:
    """Every method by name, the one in use first."""
    methods: dict[str, Method] = {IN_USE: in_use, "plain t": student}
    methods |= {f"one spread {r:g}": centred(r) for r in SPREADS}
    return methods | {"empirical Bernstein": bernstein, "Hoeffding": hoeffding}
