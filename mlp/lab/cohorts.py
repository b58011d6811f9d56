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

    def wanted(self, seeds: int, executor: Executor) -> Wanted:
        """Its runs of the first `seeds` seeds, by that executor."""
        those = range(self.first_seed, self.first_seed + seeds)
        return Wanted(self.genome, self.dataset, self.protocol, those, executor)


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
    engines = {i: t.engine for i, t in enumerate(terms) if t.engine and count > GLANCE}
    wanted = [
        term.wanted(GLANCE if i in engines else _ahead(term.executor, count, ahead), term.executor)
        for i, term in enumerate(terms)
    ]
    wanted += [terms[i].wanted(_ahead(own, count, ahead), own) for i, own in engines.items()]
    found = obtain(store, wanted)
    runs, by_engine = found[: len(terms)], found[len(terms) :]
    alone = []
    for i, trained in zip(engines, by_engine, strict=True):
        if vouched(runs[i], trained):
            runs[i] = [*runs[i], *trained[GLANCE:]]
        else:
            alone.append(i)
    by_real = obtain(store, [terms[i].wanted(count, terms[i].executor) for i in alone])
    for i, trained in zip(alone, by_real, strict=True):
        runs[i] = trained
    return [of[:count] for of in runs]


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
