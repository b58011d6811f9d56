"""Cohorts: the runs of a genome on a dataset over consecutive seeds, as the lab asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlp.genome import Genome
from mlp.lab.arm import Arm, seen
from mlp.lab.question import check_count, check_range
from mlp.lab.seeds import GLANCE
from mlp.lab.work import Wanted, obtain
from mlp.run import Executor, Protocol, Run
from mlp.store import Store


@dataclass(frozen=True)
class Term:
    """A cohort yet without runs: genome, dataset, first seed, executor, and what it counts for.

    With `engine`, that may train the seeds after the first `GLANCE`, if it ends those as the
    executor does (`vouched`).
    """

    genome: Genome
    dataset: str
    protocol: Protocol
    first_seed: int
    executor: Executor
    weight: int = 1
    engine: Executor | None = None

    def arm(self, runs: Sequence[Run]) -> Arm:
        """The arm of a comparison that it is, once it has its `runs`."""
        by_engine = self.engine and sum(run.executor == self.engine.name for run in runs)
        vouched = len(runs) - by_engine if by_engine else 0
        return Arm(self.weight, self.genome, self.dataset, tuple(runs), vouched)

    def wanted(self, seeds: int, executor: Executor) -> list[Wanted]:
        """Its runs of the first `seeds` seeds, by that executor."""
        those = range(self.first_seed, self.first_seed + seeds)
        return [Wanted(self.genome, self.dataset, self.protocol, seed, executor) for seed in those]


def cohorts(store: Store, terms: Sequence[Term], seeds: int, *, ahead: int = 0) -> list[list[Run]]:
    """The first `seeds` runs of each of `terms`, asked for at once, trained where missing.

    Where an executor likes to train many runs at once, up to `ahead` seeds are trained: few claims
    are decided by less, and two halves cost more than one whole. Terms that are not vouched for are
    asked of their own executor in a second step.

    Raises:
        LabError: no seeds, or some beyond 2**32 - 1.
        RunFailedError, StoreError: as `mlp.lab.work.obtain`.
    """
    check_count(seeds)
    for term in terms:
        check_range(term.first_seed, seeds)
    count = int(seeds)
    vouch = [term.engine is not None and count > GLANCE for term in terms]
    real = [
        term.wanted(GLANCE if few else _ahead(term.executor, count, ahead), term.executor)
        for term, few in zip(terms, vouch, strict=True)
    ]
    engine = [
        term.wanted(_ahead(term.engine, count, ahead), term.engine) if few and term.engine else []
        for term, few in zip(terms, vouch, strict=True)
    ]
    runs = obtain(store, [w for cohort in (*real, *engine) for w in cohort])
    for i, term in enumerate(terms):
        if vouch[i] and not vouched([runs[w] for w in real[i]], [runs[w] for w in engine[i]]):
            real[i] = term.wanted(count, term.executor)
    missing = [w for cohort in real for w in cohort if w not in runs]
    runs |= obtain(store, missing) if missing else {}
    return [
        [runs[w] for w in (*by_real, *by_engine[len(by_real) :])[:count]]
        for by_real, by_engine in zip(real, engine, strict=True)
    ]


def _ahead(executor: Executor, count: int, ahead: int) -> int:
    """How many seeds to ask for: those of the look, or as many as the executor likes at once."""
    return max(count, min(executor.at_once, ahead))


def vouched(real: Sequence[Run], engine: Sequence[Run]) -> bool:
    """Whether the engine ended each of the seeds of `real` as that executor did, to the last bit.

    The same in final weights and curves, and in what was fed. The loss reported before the first
    update is left out: it is no part of training. A diverged run vouches for nothing.
    """
    return all(
        not a.diverged
        and not b.diverged
        and a.weights != ""
        and (a.seed, a.weights, a.score, a.curves) == (b.seed, b.weights, b.score, b.curves)
        and seen(a) == seen(b)
        for a, b in zip(real, engine[: len(real)], strict=True)
    )
