"""d ~ Law(values, weights): the declared family of differences the error rates are checked on.

Every law has finitely many values on the grid of a data set's accuracies, and a mean set exactly
by the caller. Sizes of failures are those of the study: an arm that falls to chance loses 8/17 on
wine, 2/3 on iris, 0.87 on digits, and single differences lie up to 1.0 from their median. Failures
of 0.7 and more are declared at margins from 0.05, skewed ones of 1.0 without a promise at half the
margin; `mlp/stats/README.md` has how far a failure may
go at smaller ones, and at which margins the claims' differences lie how far apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlp.stats.interval import FloatArray

MARGINS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
"""Margins of equivalence the rates are checked for."""

_SLOTS = 2**14

WIDE = tuple(m for m in MARGINS if m >= 0.05)
"""Those at which failures of 0.7 and more are declared."""

WINE_GAP, IRIS_GAP, DIGITS_GAP = 8 / 17, 2 / 3, 0.87


@dataclass(frozen=True, eq=False)
class Law:
    """A discrete distribution of differences: `values` [atoms], `weights` [atoms], summing to 1."""

    values: FloatArray
    weights: FloatArray

    @property
    def mean(self) -> float:
        return float(self.values @ self.weights)

    @property
    def sd(self) -> float:
        return float(np.sqrt(self.weights @ (self.values - self.mean) ** 2))

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> FloatArray:
        """Independent draws, of shape `size`.

        By a table of slots: only draws in slots that an edge between two atoms cuts are searched.
        """
        edges = np.cumsum(self.weights)[:-1]
        u = rng.random(size)
        slots = np.searchsorted(edges, np.arange(_SLOTS + 1) / _SLOTS, side="right")
        slot = (u * _SLOTS).astype(np.intp)
        found = slots[slot]
        cut = np.nonzero((slots[:-1] != slots[1:])[slot])
        found[cut] = np.searchsorted(edges, u[cut], side="right")
        return self.values[found]


@dataclass(frozen=True)
class Scenario:
    """A named law for each mean it can have; `law(mean)` is None where it cannot have it."""

    name: str
    law: Callable[[float], Law | None]
    margins: tuple[float, ...] = MARGINS
    half: bool = True
    """Whether the rate is promised at half the margin too."""


def law_of(atoms: dict[float, float]) -> Law | None:
    """The law of {value: weight}; None unless it is a distribution on [-1, 1]."""
    kept = {v: w for v, w in atoms.items() if w > 0}
    values = np.array(list(kept), dtype=np.float64)
    weights = np.array(list(kept.values()), dtype=np.float64)
    valid = min(atoms.values()) > -1e-12 and np.max(np.abs(values)) <= 1 + 1e-12
    if not valid or abs(weights.sum() - 1) > 1e-9:
        return None
    return Law(values, weights / weights.sum())


def difference_of(a: Law, b: Law) -> Law:
    """The law of x - y, x and y independent."""
    values = np.subtract.outer(a.values, b.values).ravel()
    weights = np.multiply.outer(a.weights, b.weights).ravel()
    grid, place = np.unique(np.round(values, 12), return_inverse=True)
    return Law(
        np.asarray(grid, dtype=np.float64),
        np.asarray(np.bincount(place.ravel(), weights=weights), dtype=np.float64),
    )


def binomial(rows: int, accuracy: float) -> Law | None:
    """The law of k/rows, k of `rows` validation rows being right."""
    if not 0 <= accuracy <= 1:
        return None
    k = np.arange(rows + 1, dtype=np.float64)
    from scipy import stats  # half a second, for those who need it

    return Law(k / rows, np.asarray(stats.binom.pmf(k, rows, accuracy), dtype=np.float64))


def _noise(rows: int, accuracy: float) -> Callable[[float], Law | None]:
    """Two independent arms of binomial accuracy, the second at `accuracy` - mean."""

    def law(mean: float) -> Law | None:
        a, b = binomial(rows, accuracy), binomial(rows, accuracy - mean)
        return difference_of(a, b) if a and b else None

    return law


def _ceiling_dips(rows: int, dip: int) -> Callable[[float], Law | None]:
    """First arm always right; the second dips by dip/rows just often enough. Mean 0: no dip."""
    size = dip / rows

    def law(mean: float) -> Law | None:
        return law_of({0.0: 1 - mean / size, size: mean / size})

    return law


def _skewed(probability: float, jump: float) -> Callable[[float], Law | None]:
    """A common value, and with `probability` one `jump` away from it."""

    def law(mean: float) -> Law | None:
        common = mean - probability * jump
        return law_of({common: 1 - probability, common + jump: probability})

    return law


def _humps(gap: float, rows: int, fails: float) -> Callable[[float], Law | None]:
    """Arms fail by `gap`, independently, the first with probability `fails`; +-1 row of noise."""
    noise = Law(np.array([-1.0, 0.0, 1.0]) / rows, np.array([0.25, 0.5, 0.25]))

    def law(mean: float) -> Law | None:
        more = fails + mean / gap
        a = law_of({0.0: 1 - fails, -gap: fails})
        b = law_of({0.0: 1 - more, -gap: more})
        return difference_of(difference_of(a, b), noise) if a and b else None

    return law


def _zeros(zeros: float) -> Callable[[float], Law | None]:
    """Zero with probability `zeros`; else +-2/15 at mean 0, or one value that gives the mean."""

    def law(mean: float) -> Law | None:
        other = 1 - zeros
        if mean == 0:
            return law_of({0.0: zeros, 2 / 15: other / 2, -2 / 15: other / 2})
        return law_of({0.0: zeros, mean / other: other})

    return law


def _sparse(size: float) -> Callable[[float], Law | None]:
    """Zero but for rare values: +-size, 5% each, at mean 0; else +size as often as it takes."""

    def law(mean: float) -> Law | None:
        if mean == 0:
            return law_of({0.0: 0.9, size: 0.05, -size: 0.05})
        return law_of({0.0: 1 - mean / size, size: mean / size})

    return law


def _constant(mean: float) -> Law | None:
    """Every seed the same difference: the mean."""
    return law_of({mean: 1.0})


SCENARIOS: tuple[Scenario, ...] = (
    Scenario("noise k/15 at 0.75", _noise(15, 0.75)),
    Scenario("noise k/17 at 0.75", _noise(17, 0.75)),
    Scenario("noise k/179 at 0.75", _noise(179, 0.75)),
    Scenario("noise k/179 at 0.97", _noise(179, 0.97)),
    Scenario("ceiling noise k/15 at 0.98", _noise(15, 0.98)),
    Scenario("ceiling, dips of 4/15", _ceiling_dips(15, 4)),
    Scenario("ceiling, dips of 5/179", _ceiling_dips(179, 5)),
    Scenario("skewed -0.6 at 10%", _skewed(0.1, -0.6)),
    Scenario("skewed +0.6 at 10%", _skewed(0.1, 0.6)),
    Scenario("skewed -0.6 at 5%", _skewed(0.05, -0.6)),
    Scenario("skewed +0.6 at 5%", _skewed(0.05, 0.6)),
    Scenario("skewed -0.3 at 20%", _skewed(0.2, -0.3)),
    Scenario("skewed +0.3 at 20%", _skewed(0.2, 0.3)),
    Scenario("skewed -0.7 at 30%", _skewed(0.3, -0.7), WIDE),
    Scenario("skewed +0.7 at 30%", _skewed(0.3, 0.7), WIDE),
    Scenario("skewed -1.0 at 10%", _skewed(0.1, -1.0), WIDE, half=False),
    Scenario("skewed +1.0 at 10%", _skewed(0.1, 1.0), WIDE, half=False),
    Scenario("two humps 8/17, 10% fail", _humps(WINE_GAP, 17, 0.1)),
    Scenario("two humps 8/17, 30% fail", _humps(WINE_GAP, 17, 0.3)),
    Scenario("80% zeros", _zeros(0.8)),
    Scenario("95% zeros", _zeros(0.95)),
    Scenario("sparse 0.2", _sparse(0.2)),
    Scenario("sparse 8/17 (wine to chance)", _sparse(WINE_GAP)),
    Scenario("sparse 2/3 (iris to chance)", _sparse(IRIS_GAP)),
    Scenario("sparse 0.87 (digits to chance)", _sparse(DIGITS_GAP), WIDE),
    Scenario("sparse 1.0 (all to nothing)", _sparse(1.0), WIDE),
    Scenario("all equal", _constant),
)
