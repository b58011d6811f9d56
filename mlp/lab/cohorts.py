"""Cohorts: the runs of a genome on a dataset over consecutive seeds, as the lab asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlp.genome import Genome
from mlp.lab.asked import check_arm, check_count, check_range
from mlp.lab.comparison import Arm
from mlp.lab.key import executor
from mlp.lab.seeds import GLANCE
from mlp.lab.work import COHORT, Wanted, obtain
from mlp.run import Protocol, Run
from mlp.store import Store


@dataclass(frozen=True)
class Term:
    """A cohort yet without runs: its genome, dataset and first seed, and what it counts for.

    With `real`, the real API trains it, else the cohort engine. With `vouch` too, the engine may
    train the seeds after the first `GLANCE`, if it ends those as the real API does (`vouched`).
    """

    genome: Genome
    dataset: str
    first_seed: int
    real: bool
    weight: int = 1
    vouch: bool = False

    def arm(self, runs: Sequence[Run]) -> Arm:
        """The arm of a comparison that it is, once it has its `runs`."""
        return Arm(self.weight, self.genome, self.dataset, tuple(runs))

    def wanted(self, protocol: Protocol, seeds: int, *, real: bool) -> list[Wanted]:
        """Its runs of the first `seeds` seeds, by the real API or by the engine."""
        by = executor(self.genome, real=real)
        those = range(self.first_seed, self.first_seed + seeds)
        return [Wanted(self.genome, self.dataset, protocol, seed, by) for seed in those]


def cohorts(
    store: Store, protocol: Protocol, terms: Sequence[Term], seeds: int, *, ahead: int = 0
) -> list[list[Run]]:
    """The first `seeds` runs of each of `terms`, asked for at once, trained where missing.

    Where the cohort engine trains, whole cohorts of up to `ahead` seeds are trained: few claims are
    decided by less, and two halves cost more than one whole. Terms that are not vouched for are
    asked of the real API in a second step.

    Raises:
        LabError: no genome, no seeds, or some beyond 2**32 - 1.
        DataError: an unknown dataset.
        RunFailedError, StoreError: as `mlp.lab.work.obtain`.
    """
    check_count(seeds)
    for term in terms:
        check_arm(term.genome, term.dataset)
        check_range(term.first_seed, seeds)
    count, stack = int(seeds), max(int(seeds), min(COHORT, ahead))
    vouch = [term.real and term.vouch and count > GLANCE for term in terms]
    real = [
        term.wanted(protocol, GLANCE if few else count, real=True) if term.real else []
        for term, few in zip(terms, vouch, strict=True)
    ]
    engine = [
        term.wanted(protocol, stack, real=False) if few or not term.real else []
        for term, few in zip(terms, vouch, strict=True)
    ]
    runs = obtain(store, [w for cohort in (*real, *engine) for w in cohort])
    for i, term in enumerate(terms):
        if vouch[i] and not vouched([runs[w] for w in real[i]], [runs[w] for w in engine[i]]):
            real[i] = term.wanted(protocol, count, real=True)
    missing = [w for cohort in real for w in cohort if w not in runs]
    runs |= obtain(store, missing) if missing else {}
    return [
        [runs[w] for w in (*by_real, *by_engine[len(by_real) :])[:count]]
        for by_real, by_engine in zip(real, engine, strict=True)
    ]


def vouched(real: Sequence[Run], engine: Sequence[Run]) -> bool:
    """Whether the engine ended each of the seeds of `real` as the real API did, to the last bit.

    The same in final weights and curves, and in what was fed. The loss reported before the first
    update is left out: it is no part of training. A diverged run vouches for nothing.
    """
    return all(
        not a.diverged
        and not b.diverged
        and (a.seed, a.weights, a.validation, a.test) == (b.seed, b.weights, b.validation, b.test)
        and replace(a.saw, first_loss=None) == replace(b.saw, first_loss=None)
        for a, b in zip(real, engine[: len(real)], strict=True)
    )
