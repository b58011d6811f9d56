"""(n, mean, SS, alpha) -> (low, high): the interval in use, and those it was chosen over.

Each method takes the number of seeds, arrays of sample means and of sums of squared deviations,
and the two-sided error; it returns arrays of bounds. Differences lie in [-1, 1].

Maurer, A. & Pontil, M. (2009). Empirical Bernstein bounds and sample-variance penalization. COLT.
Hoeffding, W. (1963). Probability inequalities for sums of bounded random variables. JASA 58.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

from mlp.stats.interval import PSEUDO_SPREAD, FloatArray, half_width

Bounds = tuple[FloatArray, FloatArray]
Method = Callable[[int, FloatArray, FloatArray, float], Bounds]

SPREADS = (0.25, 0.5, 0.75, 1.0)
"""Candidates for PSEUDO_SPREAD: the smallest that holds every declared rate is the one in use."""


def student(n: int, mean: FloatArray, squares: FloatArray, alpha: float) -> Bounds:
    """mean ± t(n-1) sqrt(SS / (n(n-1))): no width when all differences are equal."""
    half = float(stats.t.isf(alpha / 2, n - 1)) * np.sqrt(squares / (n * (n - 1)))
    return mean - half, mean + half


def centred(spread: float) -> Method:
    """mean ± t(n+1) sqrt((SS + 2 r^2) / ((n+1)(n+2))): pseudo-differences at mean ± spread."""

    def bounds(n: int, mean: FloatArray, squares: FloatArray, alpha: float) -> Bounds:
        half = half_width(n, squares, alpha, spread=spread)
        return mean - half, mean + half

    return bounds


def at_ends(spread: float) -> Method:
    """Student's t of the differences and two pseudo-differences at 0 ± spread: shrinks to 0."""

    def bounds(n: int, mean: FloatArray, squares: FloatArray, alpha: float) -> Bounds:
        total = squares + 2 * spread * spread + mean * mean * 2 * n / (n + 2)
        return student(n + 2, mean * n / (n + 2), total, alpha)

    return bounds


def hull(spread: float) -> Method:
    """The hull of plain t and `at_ends`."""

    def bounds(n: int, mean: FloatArray, squares: FloatArray, alpha: float) -> Bounds:
        low, high = student(n, mean, squares, alpha)
        other_low, other_high = at_ends(spread)(n, mean, squares, alpha)
        return np.minimum(low, other_low), np.maximum(high, other_high)

    return bounds


def bernstein(n: int, mean: FloatArray, squares: FloatArray, alpha: float) -> Bounds:
    """mean ± sqrt(2 V ln(4/alpha) / n) + 7 * 2 ln(4/alpha) / (3 (n-1)): distribution-free."""
    log = np.log(4 / alpha)
    half = np.sqrt(2 * squares / (n - 1) * log / n) + 14 * log / (3 * (n - 1))
    return mean - half, mean + half


def hoeffding(n: int, mean: FloatArray, squares: FloatArray, alpha: float) -> Bounds:
    """mean ± sqrt(2 ln(2/alpha) / n): distribution-free, blind to the variance."""
    half = np.full_like(squares, np.sqrt(2 * np.log(2 / alpha) / n))
    return mean - half, mean + half


IN_USE = f"in use (centred, {PSEUDO_SPREAD:g})"


def all_methods() -> dict[str, Method]:
    """Every method by name, the one in use first."""
    methods: dict[str, Method] = {IN_USE: centred(PSEUDO_SPREAD), "plain t": student}
    methods |= {f"centred {r:g}": centred(r) for r in SPREADS if r != PSEUDO_SPREAD}
    methods |= {f"at 0 ± {r:g}": at_ends(r) for r in SPREADS}
    methods |= {f"hull {r:g}": hull(r) for r in SPREADS}
    return methods | {"empirical Bernstein": bernstein, "Hoeffding": hoeffding}
