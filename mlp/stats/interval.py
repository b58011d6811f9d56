"""mean ± t(n+1) * sqrt((SS + 2 r^2) / ((n+1)(n+2))): the interval every verdict rests on.

Shape convention of `mlp.stats`: one number per seed, `[n]`, in seed order; several quantities per
seed are `[n, quantities]`.

SS is the sum of squared deviations of the n differences from their mean, and r = PSEUDO_SPREAD.
The formula is Student's t interval of n + 2 numbers: the differences and two pseudo-differences,
one at +r and one at -r from their mean. They stand for what n seeds have not shown, one cohort
failing at a seed: the plain t interval of n equal differences has no width, the augmented one still
has about 1.4 t r / n. Such a failure moves a difference of accuracies and a difference of
differences alike, so r does not grow with the number of cohorts. Agresti & Coull (1998) add
pseudo-observations to a proportion for the same reason. Centred on the sample mean, they leave the
estimate unbiased and the interval moves exactly with the data; `mlp.stats.calibrate` measures this
choice against others.

What n seeds cannot exclude: an event of probability below 1 - alpha**(1/n) is, with probability
above alpha, in none of them. No interval valid for every distribution can therefore say, of n
equal differences, that the mean is within m unless n >= ln(2/alpha) / m or so; the calibration's
cost columns put that at two to three times the seeds this interval takes, and the usual bounds
(empirical Bernstein, Hoeffding) at ten times and more.

So the interval here is approximate, and holds its rate for the kinds of differences declared in
`mlp.stats.scenarios`. Worked out exactly over ALL two-valued laws ("a common value and, rarely, a
jump away from it"), both error rates hold for every probability of a jump of at most 0.7, the wine
and iris failures, at margins of 0.02 and more, and of at most 0.6 at 0.01; beyond, laws exist that
break them: a common gain of 0.18 paid for by an outright failure of one seed in five, mean 0, at a
margin of 0.02. Differences of differences can jump further than any single one. At a true mean
exactly AT the margin any verdict is false, and rare large failures break the rate there too: what
is promised is against no effect and against twice the margin.

Agresti, A. & Coull, B. (1998). Approximate is better than "exact" for interval estimation of
binomial proportions. The American Statistician 52(2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

PSEUDO_SPREAD = 0.75
"""Distance of the two pseudo-differences from the sample mean, in accuracy."""

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
    differences: Sequence[float] | FloatArray, alpha: float, *, span: float = 1.0
) -> Interval:
    """mean ± t(n+1) * sqrt((SS + 2 r^2) / ((n+1)(n+2))), clipped to [-span, span].

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
    half = float(half_width(n, squares, alpha))
    low, high = max(mean - half, -span), min(mean + half, span)
    return Interval(mean=mean, low=low, high=high, n=n, level=1.0 - alpha)


def half_width(
    n: int,
    squares: ArrayLike,
    alpha: float,
    *,
    spread: float = PSEUDO_SPREAD,
) -> FloatArray:
    """t(n+1; 1 - alpha/2) * sqrt((SS + 2 r^2) / ((n+1)(n+2))), for SS of any shape at once."""
    quantile = float(stats.t.isf(alpha / 2, n + 1))
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
