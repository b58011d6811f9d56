"""What a report is made from: claims, runs, where they come from, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mlp.errors import UserError
from mlp.genome import Genome
from mlp.lab import unshared_seed
from mlp.lab.key import expressed, run_key
from mlp.report.results import Row, ordered
from mlp.run import Run
from mlp.species.post.data import DataError
from mlp.species.post.genome import STRAINS
from mlp.species.post.protocol import Protocol


class ReportError(ValueError, UserError):
    """A report that cannot be made as asked: the rule, the value seen, the remedy."""


@dataclass(frozen=True)
class Study:
    """One study, as far as it came.

    `partial` says why it is partial ("" if it is whole); `unsettled` lists the tests that failed
    for another reason than a verdict, each with a message; `sentences` explain the results in
    words.
    """

    rows: Sequence[Row]
    runs: Sequence[Run] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    sentences: Sequence[str] = ()
    partial: str = ""
    unsettled: Sequence[tuple[str, str]] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", tuple(ordered(self.rows)))

    @property
    def datasets(self) -> tuple[str, ...]:
        """Datasets of the claims and runs, in the order first met."""
        claimed = [name for row in self.rows for name in row.datasets]
        return tuple(dict.fromkeys([*claimed, *(run.dataset for run in self.runs)]))

    @property
    def protocol(self) -> str:
        """The protocol's name; "" where nothing says it."""
        named = [row.claim.protocol for row in self.rows] + [r.protocol.name for r in self.runs]
        return named[0] if named else ""


def current_runs(
    records: Iterable[tuple[str, Mapping[str, Any]]],
    protocol: Protocol,
    datasets: Sequence[str],
    first_seed: int,
    seeds: int,
) -> list[Run]:
    """The runs among stored `records`, (key, record) pairs, that a study with these options uses.

    Runs of another protocol, dataset or seed are left out, and so are those of an older training
    path, whose keys nobody asks for any more, and those of a dataset that is not registered here.
    """
    found = []
    wanted = {
        seed
        for first in (first_seed, unshared_seed(first_seed, seeds))
        for seed in range(first, first + seeds)
    }
    same = (protocol.learning_rate, protocol.steps, protocol.sample_every)
    for key, record in records:
        try:
            run = Run.from_dict(record)
        except ValueError:
            continue
        trained = run.protocol
        if (
            run.dataset in datasets
            and run.seed in wanted
            and (trained.learning_rate, trained.steps, trained.sample_every) == same
            and _key(run) == key
        ):
            found.append(run)
    return sorted(found, key=lambda r: (r.dataset, str(r.genome), r.executor, r.seed))


def _key(run: Run) -> str:
    """The key that the run is asked for under now; "" if its dataset is not registered here."""
    try:
        return run_key(run.genome, run.dataset, run.protocol, run.seed, run.executor)
    except DataError:
        return ""


def strain_runs(runs: Iterable[Run], strain: str, dataset: str) -> list[Run]:
    """The paired runs of a strain of the study, in seed order, all by one executor.

    The real API's where it trained at least as many seeds, else the cohort engine's.
    """
    by: dict[str, list[Run]] = {STRAINS[strain].trainer: [], "cohort": []}
    for run in runs:
        if run.dataset == dataset and strain in strains_of(run):
            by[run.executor].append(run)
    most = max(by.values(), key=len)
    return sorted(most, key=lambda r: r.seed)


def strains_of(run: Run) -> tuple[str, ...]:
    """The strains of the study, in their paired form, whose run this is."""
    return _strains_of(run.genome, run.executor)


@cache
def _strains_of(genome: Genome, executor: str) -> tuple[str, ...]:
    return tuple(
        name
        for name, strain in STRAINS.items()
        if executor in ("cohort", strain.trainer)
        and genome == expressed(strain.seeded_by_run(), executor)
    )
