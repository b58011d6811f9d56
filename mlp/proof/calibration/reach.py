"""reach(margin) = the largest jump at which every law of two values keeps the stated rate.

A law of two values: a difference common to all seeds, and, with probability p, one `jump` away from
it. No p is assumed. The rate of false verdicts is worked out exactly, at every p that could be the
worst one: between two p at which a count of jumps changes what a look says, the rate is smooth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from mlp.proof.calibration.methods import Method
from mlp.proof.calibration.simulation import codes, false_codes
from mlp.stats.interval import FloatArray
from mlp.stats.looks import CLAIM_ERROR, LOOKS, look_alpha

REACH_MARGINS = (0.01, 0.02, 0.03, 0.04, 0.05, 0.1, 0.2, 0.3, 0.5)
NONE_OR_TWICE, HALF = (0.0, 2.0), (0.5,)
"""True effects in margins: none and twice the margin; half of it."""
MAX_JUMP = 1.0
_TOLERANCE = 0.01
_FEW = 3
"""Counts of jumps at which a look's thresholds are tried: with more, false verdicts are rarer."""


@dataclass(frozen=True)
class Reach:
    """At this margin, every two-valued law of a jump up to `jump` keeps the stated rate."""

    margin: float
    effects: tuple[float, ...]
    stated: float
    jump: float


@dataclass(frozen=True)
class Worst:
    """The highest exact rate among the two-valued laws of one jump, and the law that has it."""

    jump: float
    margin: float
    effect: float
    stated: float
    rate: float
    probability: float


def two_valued_rates(
    jump: float,
    probabilities: FloatArray,
    mean: float,
    margin: float,
    method: Method,
    stated: float = CLAIM_ERROR,
    looks: tuple[int, ...] = LOOKS,
) -> FloatArray:
    """The exact rate of false verdicts of each law, `[p]`; 0 where it does not fit [-1, 1]."""
    p = probabilities[:, None]
    common = mean - p * jump
    alpha, false = look_alpha(stated), false_codes(mean, margin)
    # still[:, k]: the probability of k jumps so far, no look having decided.
    still, rate, done = np.ones((p.size, 1)), np.zeros(p.size), 0
    for n in looks:
        more = stats.binom.pmf(np.arange(n - done + 1)[None], n - done, p)
        now = np.zeros((p.size, n + 1))
        for k in range(more.shape[1]):
            now[:, k : k + still.shape[1]] += more[:, k : k + 1] * still
        count = np.arange(n + 1)[None]
        squares = np.broadcast_to(jump**2 * count * (n - count) / n, now.shape)
        found = codes(method, n, common + jump * count / n, squares, alpha, margin)
        rate += np.where(np.isin(found, false), now, 0.0).sum(axis=1)
        now[found != 0] = 0.0
        still, done = now, n
    fits = (np.abs(common) <= 1 + 1e-12) & (np.abs(common + jump) <= 1 + 1e-12)
    return np.where(fits[:, 0], rate, 0.0)


def worst_law(
    jump: float,
    margin: float,
    effect: float,
    method: Method,
    *,
    looks: tuple[int, ...] = LOOKS,
) -> Worst:
    """The worst law of this jump, up or down, whose mean is `effect` margins."""
    mean, found = effect * margin, Worst(jump, margin, effect, CLAIM_ERROR, 0.0, 0.0)
    for signed in (jump, -jump):
        p = _candidates(signed, mean, margin, method, look_alpha(), looks)
        rate = two_valued_rates(signed, p, mean, margin, method, looks=looks)
        top = int(rate.argmax())
        if rate[top] > found.rate:
            found = Worst(jump, margin, effect, CLAIM_ERROR, float(rate[top]), float(p[top]))
    return found


def _candidates(
    jump: float,
    mean: float,
    margin: float,
    method: Method,
    alpha: float,
    looks: tuple[int, ...],
) -> FloatArray:
    """Probabilities just beside those at which k jumps of n change the outcome, and a grid."""
    beside: list[float] = []
    for n in looks:
        for k in range(_FEW + 1):
            squares = np.array([jump**2 * k * (n - k) / n])
            half = float(method(n, np.zeros(1), squares, alpha, margin)[1][0])
            for end in (half - margin, half + margin, -half - margin, margin - half):
                at = (mean + jump * k / n + end) / jump
                beside += [at - 1e-7, at + 1e-7]
    p = np.concatenate([beside, np.geomspace(0.005, 0.5, 40)])
    return np.unique(p[(p > 0.002) & (p < 0.6)])


def reach(
    margin: float,
    effects: Sequence[float],
    method: Method,
    *,
    looks: tuple[int, ...] = LOOKS,
) -> Reach:
    """The largest jump, to two places and at most `MAX_JUMP`, that keeps the rate at `effects`."""

    def kept(jump: float) -> bool:
        found = (worst_law(jump, margin, e, method, looks=looks) for e in effects)
        return all(worst.rate <= CLAIM_ERROR for worst in found)

    low, high = 0.0, MAX_JUMP
    if kept(high):
        low = high
    while high - low > _TOLERANCE:
        middle = (low + high) / 2
        low, high = (middle, high) if kept(middle) else (low, middle)
    return Reach(margin, tuple(effects), CLAIM_ERROR, int(low * 100 + 1e-9) / 100)
