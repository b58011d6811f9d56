"""How often diagnoses of planted truths are wrong, and what they cost, scenario by scenario."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from mlp.proof.diagnosis.baselines import BASELINES
from mlp.proof.diagnosis.truth import MARGIN, NOISES, SEEDS, TRUTHS, World, world
from mlp.stats.comparison import Outcome, sequential
from mlp.stats.diagnosis.door import diagnose
from mlp.stats.diagnosis.questions import allowed
from mlp.stats.diagnosis.scores import Scores

Tallies = dict[str, dict[str, Any]]
"""What came of each scenario, by its name, as plain values."""

ERROR = 0.05
OURS = "diagnose"
DIAGNOSES = 2000
FIRST = 5
"""Diagnoses of a scenario whose numbers of runs are kept, to tell when the code has changed."""
USUAL = "spread 0.15"


@dataclass(frozen=True)
class Scenario:
    """A truth among k genes under a noise, and who looks for it."""

    truth: str
    noise: str
    genes: int
    method: str = OURS

    def __str__(self) -> str:
        return f"{self.truth} | {self.noise} | {self.genes} | {self.method}"


@dataclass
class Tally:
    """What came of all diagnoses of one scenario: counts of diagnoses, and medians."""

    scenario: Scenario
    diagnoses: int
    false_name: int = 0
    """Some gene was named that does nothing, or as the opposite of what it does."""
    false_harmless: int = 0
    """Some gene was called harmless that has an effect of twice the margin or more."""
    wrong: int = 0
    """Either."""
    all_named: int = 0
    """Every gene that acts was named."""
    some_named: int = 0
    missed: int = 0
    """Genes that act and were not named, over all diagnoses."""
    undecided: int = 0
    """Genes left undecided, over all diagnoses."""
    cohorts: list[int] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)
    decides: float | None = None
    """How often one comparison, at a question's error, shows the effect of one cause of 0.3."""


def scenarios() -> list[Scenario]:
    """All of them: every truth under the usual noise, the main ones under the others."""
    ours = [Scenario(truth, USUAL, 16) for truth in TRUTHS]
    ours += [Scenario("one", USUAL, k) for k in (2, 3, 4, 8, 12, 24)]
    ours += [Scenario("pair", USUAL, k) for k in (2, 3, 4, 24)]
    ours += [Scenario("substitutes", USUAL, k) for k in (2, 3, 4, 24)]
    ours += [Scenario("cancelling", USUAL, k) for k in (3, 4, 24)]
    ours += [Scenario("one, and two that reverse each other", USUAL, k) for k in (3, 4, 24)]
    compared = ("one", "two", "substitutes", "pair", "masked", "harmful", "cancelling")
    theirs = [Scenario(t, USUAL, 16, method) for method in BASELINES for t in compared]
    main = ("one", "none", "pair", "substitutes")
    noisy = [Scenario(truth, noise, 16) for truth in main for noise in NOISES if noise != USUAL]
    return [*ours, *noisy, *theirs]


def simulate(scenario: Scenario, diagnoses: int) -> Tally:
    """`diagnoses` of the scenario, each in a world of its own; the same whoever runs them."""
    tally = Tally(scenario, diagnoses)
    truth, noise = TRUTHS[scenario.truth], NOISES[scenario.noise]
    key = _number(scenario.truth), _number(scenario.noise), scenario.genes
    for i in range(diagnoses):
        _count(tally, world(truth, noise, scenario.genes, (*key, i)))
    return tally


def _number(name: str) -> int:
    """A seed of its own for each name, whatever other names there are."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


def _count(tally: Tally, here: World) -> None:
    truth = here.truth
    gains, harms = here.genes_of(truth.gains), here.genes_of(truth.harms)
    small = here.genes_of(truth.small)
    named, lowering, harmless, undecided, known = _looked(tally.scenario.method, here)
    false = bool(named - gains - small) or bool(lowering - harms - small)
    cleared = bool(harmless & (gains | harms))
    found = (named & gains) | (lowering & harms)
    tally.false_name += false
    tally.false_harmless += cleared
    tally.wrong += false or cleared
    tally.all_named += found == gains | harms
    tally.some_named += bool(found)
    tally.missed += len((gains | harms) - found)
    tally.undecided += undecided
    tally.cohorts.append(known.cohorts)
    tally.runs.append(known.runs)


def _looked(
    method: str, here: World
) -> tuple[frozenset[str], frozenset[str], frozenset[str], int, Scores]:
    """Genes named, genes named as lowering the score, genes cleared, number undecided, the cost."""
    known = Scores(here.scores)
    if method != OURS:
        named = BASELINES[method](here.genes, known, MARGIN, ERROR, SEEDS)
        harms = here.genes_of(here.truth.harms)  # they do not say which way a gene acts
        return named - harms, named & harms, frozenset(), 0, known
    found = diagnose(
        here.genes, lambda cells, n: list(known.matrix(cells, n)), margin=MARGIN, error=ERROR
    )
    lowering = frozenset(e.gene for e in found.harmful)
    harmless = frozenset(e.gene for e in found.harmless)
    return found.named - lowering, lowering, harmless, len(found.undecided), known


def decides(noise: str, genes: int, comparisons: int) -> float:
    """How often one comparison of two cells 0.3 apart is "better", at a question's error."""
    truth = TRUTHS["one"]
    better = 0
    for i in range(comparisons):
        here = world(truth, NOISES[noise], genes, (7, genes, i))
        good, bad = here.scores([frozenset(here.genes), frozenset()], SEEDS)
        said = sequential(good - bad, MARGIN, cap=SEEDS, claim_error=ERROR / allowed(genes))
        better += said.outcome is Outcome.BETTER
    return better / comparisons


def summary(tally: Tally) -> dict[str, Any]:
    """Plain values: counts, and the distribution of the cost as quantiles."""
    plain = asdict(tally)
    plain["first"] = plain["runs"][:FIRST]
    for name in ("cohorts", "runs"):
        quantiles = np.quantile(plain[name], [0.1, 0.5, 0.9])
        plain[name] = [round(float(q)) for q in quantiles]
    return plain


def is_current(
    done: Mapping[str, object] | None, scenario: Scenario, diagnoses: int = DIAGNOSES
) -> bool:
    """Whether a kept result has this many diagnoses, the first of which come out as they did."""
    if not done or done["diagnoses"] != diagnoses:
        return False
    return done["first"] == simulate(scenario, min(FIRST, diagnoses)).runs


def run(
    chosen: Iterable[Scenario],
    diagnoses: int,
    known: Tallies,
    keep: Callable[[Mapping[str, object]], object],
) -> None:
    """Simulates what `known` lacks; `keep` is given all of it after each scenario.

    The other methods get a quarter of the diagnoses.
    """
    for number, scenario in enumerate(chosen, 1):
        count = diagnoses if scenario.method == OURS else max(diagnoses // 4, 1)
        if is_current(known.get(str(scenario)), scenario, count):
            continue
        tally = simulate(scenario, count)
        if scenario.truth == "one" and scenario.method == OURS:
            tally.decides = decides(scenario.noise, scenario.genes, count)
        known[str(scenario)] = summary(tally)
        keep(known)
        print(f"{number}: {scenario}", file=sys.stderr, flush=True)
