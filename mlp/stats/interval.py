"""mean ± max(h(PSEUDO_SPREAD), h(FAILURE_SPREAD) - margin): the interval every verdict rests on.

Shape convention of `mlp.stats`: one number per seed, `[n]`, in seed order; several quantities per
seed are `[n, quantities]`.

h(r) = t(n+1) * sqrt((SS + 2 r^2) / ((n+1)(n+2))), where SS is the sum of squared deviations of the
n differences from their mean: Student's t interval of n + 2 numbers, the differences and two
pseudo-differences at +r and -r from their mean. They stand for what n seeds have not shown, one
cohort failing at a seed: the plain t interval of n equal differences has no width, the augmented
one still has about 1.4 t r / n. Agresti & Coull (1998) add pseudo-observations to a proportion for
the same reason. Centred on the sample mean, they leave the estimate unbiased and the interval moves
exactly with the data.

The interval is drawn for a margin m and held against it. h(PSEUDO_SPREAD) is the scatter seen, held
against m itself. h(FAILURE_SPREAD) allows for a rare outright failure that no seed has shown. It is
held against what must not be mistaken: "better" against no effect, and "equivalent" against twice
the margin. Both lie m beyond the margin, hence h(FAILURE_SPREAD) - m. Without a margin (m = 0) the
interval is that of FAILURE_SPREAD. One spread for both would have to be as large as the worst
failure at the smallest margin; `mlp/stats/README.md` has what that costs.

What n seeds cannot exclude: an event of probability below 1 - alpha**(1/n) is, with probability
above alpha, in none of them. No interval valid for every distribution can therefore say, of n
equal differences, that the mean is within m unless n >= ln(2/alpha) / m or so. So the interval is
approximate. `mlp/stats/README.md` says for which differences, effects and margins its error rates
were measured and hold, and for which they do not.

Agresti, A. & Coull, B. (1998). Approximate is better than "exact" for interval estimation of
binomial proportions. The American Statistician 52(2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

PSEUDO_SPREAD = 0.5
"""Distance from the sample mean of the two pseudo-differences held against the margin."""

FAILURE_SPREAD = 1.33
"""Distance of those held against no effect, and against twice the margin."""

_ROUNDING = 1e-9

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """low <= mean <= high: a confidence interval for a mean over n seeds.

    `level` is the two-sided confidence, 1 - alpha. `low` and `high` are clipped to the support.
    """

    mean: float
    low: float
    high: float
    n: int
    level: float

    def __str__(self) -> str:
        return f"{self.mean:+.3f} [{self.low:+.3f}, {self.high:+.3f}] n={self.n}"


def paired_interval(
    differences: Sequence[float] | FloatArray,
    alpha: float,
    *,
    span: float = 1.0,
    margin: float = 0.0,
) -> Interval:
    """mean ± `half_width`, clipped to [-span, span]; to be held against `margin` and no other.

    `differences` is `[n]`, n >= 1; `alpha` the two-sided error. `span` bounds one difference, 1
    for a difference of accuracies and 2 for a difference of differences: it clips the interval and
    does no more. The result does not depend on the order of the differences, to the last bit, and
    swapping the arms mirrors it exactly.

    Raises ValueError for an empty, non-finite, misshapen or out-of-range input.
    """
    d = checked_differences(differences, span)
    check_alpha(alpha)
    n = d.size
    if n == 0:
        raise ValueError("An interval needs at least one difference, got none: train more seeds.")
    mean = math.fsum(d) / n
    squares = math.fsum((d - mean) ** 2)
    half = float(half_width(n, squares, alpha, margin))
    low, high = max(mean - half, -span), min(mean + half, span)
    return Interval(mean=mean, low=low, high=high, n=n, level=1.0 - alpha)


def half_width(n: int, squares: ArrayLike, alpha: float, margin: float = 0.0) -> FloatArray:
    """max(h(PSEUDO_SPREAD), h(FAILURE_SPREAD) - margin), for sums of squares of any shape."""
    seen = spread_width(n, squares, alpha, PSEUDO_SPREAD)
    return np.maximum(seen, spread_width(n, squares, alpha, FAILURE_SPREAD) - margin)


def spread_width(n: int, squares: ArrayLike, alpha: float, spread: float) -> FloatArray:
    """h(r) = t(n+1; 1 - alpha/2) * sqrt((SS + 2 r^2) / ((n+1)(n+2))), r being the spread."""
    quantile = -float(scipy.special.stdtrit(n + 1, alpha / 2))
    variance = (np.asarray(squares, dtype=np.float64) + 2 * spread**2) / ((n + 1) * (n + 2))
    return np.asarray(quantile * np.sqrt(variance))


def checked_differences(differences: Sequence[float] | FloatArray, span: float) -> FloatArray:
    """The differences as float64 `[n]`; ValueError unless finite and within [-span, span]."""
    if not (math.isfinite(span) and span > 0):
        raise ValueError(f"The span must be a positive number, got {span!r}: 1 for accuracies.")
    d = np.asarray(differences, dtype=np.float64)
    if d.ndim != 1:
        raise ValueError(
            f"Differences are one number per seed, got an array of shape {d.shape}: "
            "pass a one-dimensional array."
        )
    if not np.all(np.isfinite(d)):
        bad = int(np.flatnonzero(~np.isfinite(d))[0])
        raise ValueError(
            f"Differences must be finite, got {d[bad]} at position {bad}: "
            "give a diverged run an accuracy before comparing it."
        )
    if d.size and float(np.max(np.abs(d))) > span + _ROUNDING:
        raise ValueError(
            f"Differences must lie in [-{span:g}, {span:g}], got {d[np.argmax(np.abs(d))]:g}: "
            "pass shares, not percentages, or a larger span."
        )
    return d


def check_alpha(alpha: float) -> None:
    """ValueError unless 0 < alpha < 1."""
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"An error rate lies between 0 and 1, got {alpha!r}: try 0.05.")
