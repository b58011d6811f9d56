"""rate = P(first deciding look gives a false outcome): by simulation and, where it can be, exactly.

Simulation draws `[sims, n]` differences at once and keeps, per look, the mean and the sum of
squares; every method, margin and error rate is judged on the same draws. A law of at most three
values is also worked out exactly, by following the probability of each count of values from look
to look, which resolves rates no simulation would.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from mlp.proof.calibration.methods import Method
from mlp.proof.calibration.scenarios import Law
from mlp.stats.interval import FloatArray
from mlp.stats.looks import LOOKS, look_alpha

CHUNK = 5_000

EXACT = 3
"""A law of so many values, or fewer, is worked out exactly."""

BETTER, WORSE, EQUIVALENT = 1, 2, 3
"""Codes of the outcomes in arrays; 0 is undecided."""

CodeArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Moments:
    """Per look n: the means [sims] and the sums of squared deviations [sims]."""

    looks: tuple[int, ...]
    means: tuple[FloatArray, ...]
    squares: tuple[FloatArray, ...]


def draw(
    law: Law, sims: int, rng: np.random.Generator, looks: tuple[int, ...] = LOOKS
) -> Iterator[Moments]:
    """Moments at each look of `sims` simulated comparisons, in chunks."""
    for start in range(0, sims, CHUNK):
        d = law.sample(rng, (min(CHUNK, sims - start), looks[-1]))
        sums, squared = np.cumsum(d, axis=1), np.cumsum(d * d, axis=1)
        columns = [n - 1 for n in looks]
        means = tuple(sums[:, c] / (c + 1) for c in columns)
        squares = tuple(np.maximum(squared[:, c] - sums[:, c] ** 2 / (c + 1), 0.0) for c in columns)
        yield Moments(looks, means, squares)


def codes(
    method: Method, n: int, mean: FloatArray, squares: FloatArray, alpha: float, margin: float
) -> CodeArray:
    """The outcome of one look, as a code, for arrays of means and sums of squares."""
    low, high = method(n, mean, squares, alpha, margin)
    # Rounding in the sums must not decide what an exact computation would not.
    low, high = np.maximum(low, -1.0) - 1e-12, np.minimum(high, 1.0) + 1e-12
    inside = (low > -margin) & (high < margin)
    return np.select([low > margin, high < -margin, inside], [BETTER, WORSE, EQUIVALENT], 0)


def decide(
    method: Method, moments: Moments, claim_error: float, margin: float
) -> tuple[CodeArray, CodeArray]:
    """(outcome, index of the deciding look) of each simulated comparison; index -1: none did."""
    alpha = look_alpha(claim_error)
    outcome = np.zeros(moments.means[0].shape, dtype=np.int64)
    when = np.full(outcome.shape, -1)
    for k, n in enumerate(moments.looks):
        found = codes(method, n, moments.means[k], moments.squares[k], alpha, margin)
        new = (outcome == 0) & (found != 0)
        outcome[new], when[new] = found[new], k
    return outcome, when


def codes_at(
    method: Method, moments: Moments, claim_error: float, margin: float, mean: float
) -> CodeArray:
    """The outcomes of comparisons of mean 0, each difference moved by `mean`."""
    moved = Moments(moments.looks, tuple(m + mean for m in moments.means), moments.squares)
    return decide(method, moved, claim_error, margin)[0]


def false_codes(mean: float, margin: float) -> tuple[int, ...]:
    """The outcomes that are false of a true mean: at the margin itself, all three."""
    tiny = 1e-9
    wrong = {
        BETTER: mean <= margin + tiny,
        WORSE: mean >= -margin - tiny,
        EQUIVALENT: abs(mean) >= margin - tiny,
    }
    return tuple(code for code, is_false in wrong.items() if is_false)


def exact_rate(
    law: Law,
    method: Method,
    claim_error: float,
    margin: float,
    looks: tuple[int, ...] = LOOKS,
) -> float | None:
    """The exact probability of a false outcome; None for a law of more than three values."""
    if law.values.size > EXACT:
        return None
    from scipy import signal  # half a second, for those who need it

    # The last value's count is what the others leave: one axis for two values, two for three.
    spare = max(0, 2 - law.values.size)
    values, weights = (np.pad(x, (0, spare)) for x in (law.values, law.weights))
    axes = values.size - 1
    alpha, false = look_alpha(claim_error), false_codes(law.mean, margin)
    # still[i, j]: probability of i first and j second values so far, no look having decided.
    still, rate, done = np.ones((1,) * axes), 0.0, 0
    for n in looks:
        still = np.maximum(signal.fftconvolve(still, _counts(n - done, weights)), 0.0)
        counts = _partitions(n, axes)
        mean = np.tensordot(values, counts, axes=1) / n
        squares = sum(
            np.maximum(c, 0) * (v - mean) ** 2 for v, c in zip(values, counts, strict=True)
        )
        found = codes(method, n, mean, np.asarray(squares), alpha, margin)
        possible = counts[-1] >= 0
        rate += float(still[np.isin(found, false) & possible].sum())
        still[(found != 0) | ~possible] = 0.0
        done = n
    return rate


def _partitions(n: int, axes: int) -> FloatArray:
    """Counts of each value in n draws, `[axes + 1, n + 1, ...]`; the last negative if too many."""
    free = np.indices((n + 1,) * axes).astype(np.float64)
    return np.concatenate([free, n - free.sum(axis=0, keepdims=True)])


def _counts(n: int, weights: FloatArray) -> FloatArray:
    """The multinomial probability of each count of values in n draws, `[n + 1, ...]`."""
    counts = _partitions(n, weights.size - 1)
    possible = counts[-1] >= 0
    counts = np.maximum(counts, 0)
    shape = (-1,) + (1,) * (weights.size - 1)
    terms = special.xlogy(counts, weights.reshape(shape)) - special.gammaln(counts + 1)
    return np.where(possible, np.exp(special.gammaln(n + 1) + terms.sum(axis=0)), 0.0)
