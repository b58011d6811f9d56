"""measured rate against stated rate, scenario by scenario; what each interval costs.

`rates` covers the declared family at two stated rates: LOOSE_ERROR, where the measured rates are
far from zero for a method that fails, and CLAIM_ERROR, the one verdicts run at. Promised are true
effects of at most half the margin, and of at least twice the margin; between them a false verdict
may be likelier than stated, and is measured to show by how much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mlp.stats.interval import FloatArray
from mlp.stats.looks import CLAIM_ERROR, LOOKS, look_alpha
from mlp.stats.methods import IN_USE, Method
from mlp.stats.scenarios import MARGINS, SCENARIOS, Law, Scenario
from mlp.stats.simulate import (
    BETTER,
    EQUIVALENT,
    EXACT,
    WORSE,
    codes,
    decide,
    draw,
    exact_rate,
    false_codes,
)

LOOSE_ERROR = 0.05
STATED = (LOOSE_ERROR, CLAIM_ERROR)
CONFIDENCE = 0.99
FALSE_DIFFERENCE = "false difference"
FALSE_EQUIVALENT = "false equivalent"
BETWEEN = "between half and twice the margin"

EFFECTS_IN_MARGINS = (0.0, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)
"""True effects at which rates are measured, in margins."""

PROMISED = (0.0, 0.5, 2.0)
"""Those that bound what is promised."""

_NOT_AT_HALF = {scenario.name for scenario in SCENARIOS if not scenario.half}

_BAND_SIMS = 10
"""Between them, where nothing is promised, a rate is simulated on one in so many comparisons."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Rate:
    """One measured rate of false outcomes.

    `mean` is the true mean; `sims` is 0 for an exact rate. `upper` is the one-sided 99%
    Clopper-Pearson limit of a simulated rate, the rate itself when exact.
    """

    scenario: str
    method: str
    margin: float
    mean: float
    stated: float
    rate: float
    upper: float
    sims: int

    @property
    def effect(self) -> float:
        """The true mean in margins."""
        return round(self.mean / self.margin, 9)

    @property
    def kind(self) -> str:
        """The false verdict that is promised to be rare; BETWEEN where none is."""
        if self.effect in PROMISED and not (self.effect == 0.5 and self.scenario in _NOT_AT_HALF):
            return FALSE_DIFFERENCE if self.effect < 1 else FALSE_EQUIVALENT
        return BETWEEN

    @property
    def promised(self) -> bool:
        return self.kind != BETWEEN

    @property
    def holds(self) -> bool:
        """At or below the stated rate: surely if exact, else not shown above it at 99.9%."""
        if not self.sims:
            return self.rate <= self.stated
        count = round(self.rate * self.sims)
        from scipy import stats  # half a second, for those who need it

        return bool(stats.binom.sf(count - 1, self.sims, self.stated) > 0.001)

    @property
    def shown(self) -> bool:
        """Shown to be at or below the stated rate, with 99% confidence."""
        return self.upper <= self.stated


def rates(
    scenarios: Iterable[Scenario],
    methods: dict[str, Method],
    *,
    sims: int,
    seed: int = 0,
    looks: tuple[int, ...] = LOOKS,
    progress: Progress = lambda _: None,
) -> list[Rate]:
    """Every scenario at each of EFFECTS_IN_MARGINS and its margins, for every rate.

    The interval in use is measured on all of it; the others at the effects promised, on the laws
    that are worked out exactly. One set of draws serves both rates, and all margins if no effect.
    """
    found: list[Rate] = []
    for index, scenario in enumerate(scenarios):
        progress(scenario.name)
        cases = [(0.0, scenario.margins)]
        cases += [(e * m, (m,)) for e in EFFECTS_IN_MARGINS[1:] for m in scenario.margins]
        for which, (mean, margins) in enumerate(cases):
            law = scenario.law(mean)
            if law is None:
                continue
            rng = np.random.default_rng([seed, index, which])
            promised = round(mean / margins[0], 9) in PROMISED
            both = promised and law.values.size <= EXACT
            tried = {k: m for k, m in methods.items() if both or k == IN_USE}
            drawn = sims if promised else max(1, sims // _BAND_SIMS)
            found += _rates_of(scenario.name, law, mean, margins, tried, drawn, rng, looks)
    return found


def _rates_of(
    name: str,
    law: Law,
    mean: float,
    margins: Sequence[float],
    methods: dict[str, Method],
    sims: int,
    rng: np.random.Generator,
    looks: tuple[int, ...],
) -> list[Rate]:
    promised = round(mean / margins[0], 9) in PROMISED
    levels = STATED if promised else (CLAIM_ERROR,)
    cases = [(m, method, stated) for m in margins for method in methods for stated in levels]
    exact = law.values.size <= EXACT
    counts = np.zeros(len(cases))
    for moments in () if exact else draw(law, sims, rng, looks):
        for k, (margin, method, stated) in enumerate(cases):
            outcome, _ = decide(methods[method], moments, stated, margin)
            counts[k] += np.isin(outcome, false_codes(mean, margin)).sum()
    found = []
    for count, (margin, method, stated) in zip(counts, cases, strict=True):
        if exact:
            rate = upper = exact_rate(law, methods[method], stated, margin, looks) or 0.0
        else:
            rate, upper = count / sims, upper_limit(int(count), sims)
        found.append(Rate(name, method, margin, mean, stated, rate, upper, 0 if exact else sims))
    return found


def upper_limit(count: int, sims: int, confidence: float = CONFIDENCE) -> float:
    """Clopper-Pearson: the rate at which `count` or fewer of `sims` has chance 1 - confidence."""
    from scipy import stats  # half a second, for those who need it

    return 1.0 if count >= sims else float(stats.beta.ppf(confidence, count + 1, sims - count))


def smallest_decision(
    method: Method,
    effect: float,
    sd: float,
    margin: float,
    *,
    stated: float = CLAIM_ERROR,
    limit: int = 4096,
) -> int | None:
    """Seeds at which a sample of exactly this mean and sd would decide, looks aside."""
    wanted = BETTER if effect else EQUIVALENT
    for n in range(2, limit + 1):
        mean, squares = np.array([effect]), np.array([(n - 1) * sd * sd])
        if codes(method, n, mean, squares, look_alpha(stated), margin)[0] == wanted:
            return n
    return None


def distribution_free_seeds(effect: float, margin: float, *, stated: float = CLAIM_ERROR) -> int:
    """Seeds below which NO distribution-free interval can decide, the differences all `effect`.

    With probability above alpha, n seeds miss an event of probability q = 1 - alpha^(1/n): the
    lower limit cannot exceed effect - q (1 + effect), nor the upper one fall below effect + q
    (1 - effect). Solved for n at one side of a look's error.
    """
    share = (effect - margin) / (1 + effect) if effect else margin
    return int(np.ceil(np.log(look_alpha(stated) / 2) / np.log1p(-share)))


@dataclass(frozen=True)
class Power:
    """Share of simulated comparisons decided, by each look, and the share of each outcome."""

    effect: float
    sd: float
    margin: float
    stated: float
    looks: tuple[int, ...]
    decided_by: tuple[float, ...]
    better: float
    equivalent: float
    worse: float

    @property
    def usual(self) -> str:
        """The likeliest outcome and the first look by which 90% have decided; "-" if none."""
        shares = {"better": self.better, "equivalent": self.equivalent, "worse": self.worse}
        by = [n for n, share in zip(self.looks, self.decided_by, strict=True) if share >= 0.9]
        return f"{max(shares, key=shares.__getitem__)} by {by[0]}" if by else "-"


def power(
    method: Method,
    effects: Sequence[float],
    sds: Sequence[float],
    *,
    sims: int,
    seed: int = 0,
    looks: tuple[int, ...] = LOOKS,
    stated: float = CLAIM_ERROR,
) -> list[Power]:
    """Power curves at a claim's stated rate: normal differences of each effect and sd."""
    found = []
    for i, effect in enumerate(effects):
        for j, sd in enumerate(sds):
            law = normal_law(effect, sd)
            moments = list(draw(law, sims, np.random.default_rng([seed, i, j]), looks))
            for margin in MARGINS:
                parts = [decide(method, m, stated, margin) for m in moments]
                outcome = np.concatenate([p[0] for p in parts])
                when = np.concatenate([p[1] for p in parts])
                by = tuple(float(np.mean((when >= 0) & (when <= k))) for k in range(len(looks)))
                shares = [float(np.mean(outcome == c)) for c in (BETTER, EQUIVALENT, WORSE)]
                found.append(Power(effect, sd, margin, stated, looks, by, *shares))
    return found


def normal_law(mean: float, sd: float) -> Law:
    """A normal distribution on a fine grid within 3.5 sd and [-1, 1], its mean restored."""
    if sd == 0:
        return Law(np.array([mean]), np.ones(1))
    z: FloatArray = np.linspace(-3.5, 3.5, 141, dtype=np.float64)
    z = z[np.abs(mean + sd * z) <= 1]
    weights = np.exp(-z * z / 2)
    weights /= weights.sum()
    values = mean + sd * z
    return Law(values + mean - values @ weights, weights)
