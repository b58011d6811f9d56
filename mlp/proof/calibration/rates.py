"""Measured rate against stated rate, scenario by scenario.

`rates` covers the declared family at two stated rates: LOOSE_ERROR, where the measured rates are
far from zero for a method that fails, and CLAIM_ERROR, the one verdicts run at. Promised are true
effects of at most half the margin, and of at least twice the margin; between them a false verdict
may be likelier than stated, and is measured to show by how much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mlp.proof.calibration.methods import IN_USE, Method
from mlp.proof.calibration.scenarios import SCENARIOS, Law, Scenario
from mlp.proof.calibration.simulation import (
    EXACT,
    decide,
    draw,
    exact_rate,
    false_codes,
)
from mlp.stats.looks import CLAIM_ERROR, LOOKS

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


@dataclass(frozen=True)
class Kind:
    """The worst promised rates of one kind of differences, at the stated rate of a claim."""

    scenario: str
    false_difference: float | None
    false_equivalent: float | None
    simulated: int
    holds: bool


def worst_of_kinds(rates: Iterable[Rate]) -> list[Kind]:
    """What a report of a study says of these rates of the interval in use."""
    promised = [r for r in rates if r.promised and r.stated == CLAIM_ERROR]
    return [
        _worst([r for r in promised if r.scenario == name])
        for name in dict.fromkeys(r.scenario for r in promised)
    ]


def _worst(rates: Sequence[Rate]) -> Kind:
    worst = {
        kind: max((r.rate for r in rates if r.kind == kind), default=None)
        for kind in (FALSE_DIFFERENCE, FALSE_EQUIVALENT)
    }
    return Kind(
        scenario=rates[0].scenario,
        false_difference=worst[FALSE_DIFFERENCE],
        false_equivalent=worst[FALSE_EQUIVALENT],
        simulated=max(r.sims for r in rates),
        holds=all(r.holds for r in rates),
    )


def upper_limit(count: int, sims: int) -> float:
    """Clopper-Pearson: the rate at which `count` or fewer of `sims` has chance 1 - CONFIDENCE."""
    from scipy import stats  # half a second, for those who need it

    return 1.0 if count >= sims else float(stats.beta.ppf(CONFIDENCE, count + 1, sims - count))
