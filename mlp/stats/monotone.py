"""rising = min over i < j of low(y_j - y_i) > -m, and low(y_last - y_first) > m.

A dose-response is shown to rise when no dose does worse than any smaller one by more than the
margin, and the largest does better than the smallest by more than it. The first part is an
intersection-union test (Berger 1982): every interval must exclude a fall, so each is taken at the
full error of the look. Rising is then said falsely no oftener than one interval misses a fall. All
pairs are used, not only neighbours, so that small falls cannot add up unseen. Not rising is the
opposite error and takes Bonferroni's share over what it searches: one pair shown to fall by more
than the margin, or a whole rise shown to be below it. Page's trend test (1963) goes beside as a
p-value: it rejects "no trend", which is less than monotonicity, and so carries no verdict.

Berger, R. L. (1982). Multiparameter hypothesis testing and acceptance sampling. Technometrics 24.
Page, E. B. (1963). Ordered hypotheses for multiple treatments. JASA 58.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import combinations

import numpy as np
import scipy
from numpy.typing import ArrayLike

from mlp.stats.comparison import check_margin
from mlp.stats.interval import FloatArray, Interval, paired_interval
from mlp.stats.looks import CLAIM_ERROR, look_alpha, look_sizes


class Trend(str, Enum):
    """What the intervals say of a dose-response."""

    RISING = "rising"
    NOT_RISING = "not rising"
    UNDECIDED = "undecided"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class DoseResponse:
    """The last look at a dose-response.

    `steps` are the intervals between neighbouring doses, `rise` that from the smallest to the
    largest, `worst_fall` the lowest limit over all pairs; `page` is Page's one-sided p-value;
    `needed` the seeds the next look wants, None when finished.
    """

    trend: Trend
    n: int
    rise: Interval | None
    steps: tuple[Interval, ...]
    worst_fall: float
    page: float
    margin: float
    needed: int | None


def dose_response(
    responses: ArrayLike, margin: float, *, cap: int, claim_error: float = CLAIM_ERROR
) -> DoseResponse:
    """The first look at which `responses` are shown to rise with the dose, or not to.

    `responses` is `[n, doses]`, one row per seed in seed order, doses increasing, at least 3.
    Raises ValueError for another shape, a non-finite value, a bad margin or cap.
    """
    check_margin(margin)
    y = _checked(responses)
    alpha = look_alpha(claim_error)
    last = DoseResponse(Trend.UNDECIDED, 0, None, (), -1.0, 1.0, margin, None)
    for n in look_sizes(cap):
        if n > len(y):
            return DoseResponse(**{**vars(last), "needed": n})
        last = _look(y[:n], margin, alpha)
        if last.trend is not Trend.UNDECIDED:
            break
    return last


def _look(y: FloatArray, margin: float, alpha: float) -> DoseResponse:
    """The dose-response of one look, `[n, doses]`, at its two-sided error."""
    pairs = list(combinations(range(y.shape[1]), 2))
    strict = alpha / (len(pairs) + 1)
    shown = {(i, j): paired_interval(y[:, j] - y[:, i], alpha, margin=margin) for i, j in pairs}
    careful = {(i, j): paired_interval(y[:, j] - y[:, i], strict, margin=margin) for i, j in pairs}
    whole = (0, y.shape[1] - 1)
    worst_fall = min(interval.low for interval in shown.values())
    trend = Trend.UNDECIDED
    if worst_fall > -margin and shown[whole].low > margin:
        trend = Trend.RISING
    elif min(x.high for x in careful.values()) < -margin or careful[whole].high < margin:
        trend = Trend.NOT_RISING
    return DoseResponse(
        trend=trend,
        n=len(y),
        rise=shown[whole],
        steps=tuple(shown[i, i + 1] for i in range(y.shape[1] - 1)),
        worst_fall=worst_fall,
        page=page_trend(y),
        margin=margin,
        needed=None,
    )


def page_trend(responses: ArrayLike) -> float:
    """One-sided p-value of Page's L = sum of rank * dose over seeds, `[n, doses]`; 1 for n < 2.

    Asymptotic, ties given mean ranks (conservative: the variance is not reduced for ties). It is
    `scipy.stats.page_trend_test`, which takes half a second and 26 MB to import in every worker.
    """
    y = _checked(responses)
    n, k = y.shape
    if n < 2:
        return 1.0
    lower, equal = (op(y[:, None], y[:, :, None]).sum(axis=2) for op in (np.less, np.equal))
    ranks = lower + (equal + 1) / 2
    expected, variance = n * k * (k + 1) ** 2 / 4, n * k**2 * (k + 1) * (k**2 - 1) / 144
    return float(
        scipy.special.ndtr((expected - ranks.sum(axis=0) @ np.arange(1, k + 1)) / variance**0.5)
    )


def _checked(responses: ArrayLike) -> FloatArray:
    y = np.asarray(responses, dtype=np.float64)
    if y.ndim != 2 or y.shape[1] < 3:
        raise ValueError(
            f"A dose-response is [seeds, doses] with at least 3 doses, got shape {y.shape}: "
            "pass one row per seed."
        )
    if not np.all(np.isfinite(y)):
        raise ValueError(
            f"Responses must be finite, got {y[~np.isfinite(y)][0]}: "
            "give a diverged run an accuracy first."
        )
    return y
