"""Cohorts: the runs of a genome on a dataset over consecutive seeds, as the lab asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlp.genome import Genome
from mlp.lab.asked import check_arm, check_count, check_range
from mlp.lab.comparison import Arm
from mlp.lab.key import executor
from mlp.lab.work import COHORT, Wanted, obtain
from mlp.run import Protocol, Run
from mlp.store import Store


@dataclass(frozen=True)
class Term:
    """A cohort yet without runs: its genome, dataset and first seed, and what it counts for.

    `real` has the real API train it, not the cohort engine.
    """

    genome: Genome
    dataset: str
    first_seed: int
    real: bool
    weight: int = 1

    def arm(self, runs: Sequence[Run]) -> Arm:
        """The arm of a comparison that it is, once it has its `runs`."""
        return Arm(self.weight, self.genome, self.dataset, tuple(runs))


def cohorts(
    store: Store, protocol: Protocol, terms: Sequence[Term], seeds: int, *, ahead: int = 0
) -> list[list[Run]]:
    """The first `seeds` runs of each of `terms`, asked for at once, trained where missing.

    Where the cohort engine trains, whole cohorts of up to `ahead` seeds are trained: few claims are
    decided by less, and two halves cost more than one whole.

    Raises:
        LabError: no genome, no seeds, or some beyond 2**32 - 1.
        DataError: an unknown dataset.
        RunFailedError, StoreError: as `mlp.lab.work.obtain`.
    """
    check_count(seeds)
    wanted = []
    for term in terms:
        check_arm(term.genome, term.dataset)
        check_range(term.first_seed, seeds)
        by = executor(term.genome, real=term.real)
        whole = int(seeds) if term.real else max(int(seeds), min(COHORT, ahead))
        those = range(term.first_seed, term.first_seed + whole)
        wanted.append([Wanted(term.genome, term.dataset, protocol, seed, by) for seed in those])
    runs = obtain(store, [w for cohort in wanted for w in cohort])
    return [[runs[w] for w in cohort[: int(seeds)]] for cohort in wanted]
