"""What a report is made from: claims, runs, where they come from, and what is missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mlp.errors import UserError
from mlp.genome import Genome, find_species
from mlp.lab.key import expressed, run_key
from mlp.lab.known import executor_named, rebuild_protocol
from mlp.report.results import Row, ordered
from mlp.run import Run


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
    records: Iterable[tuple[str, Mapping[str, Any]]], cohorts: Collection[tuple[Any, ...]]
) -> list[Run]:
    """The runs among stored `records`, (key, record) pairs, that are of one of the cohorts.

    A cohort is a genome as expressed, a dataset, an executor. Runs of an older training path, whose
    keys nobody asks for any more, are left out, and so are those of a species that this process has
    not imported.
    """
    found = []
    for key, record in records:
        species = find_species(str(record.get("species")))
        if species is None:
            continue
        try:
            genome = species(**record["genome"])
            protocol = rebuild_protocol(species, record["protocol"])
            executor = executor_named(species, record["executor"])
            run = Run.read(record, genome, protocol)
        except (ValueError, TypeError, KeyError):
            continue
        wanted = (genome, run.dataset, run.executor) in cohorts
        if wanted and run_key(genome, run.dataset, protocol, run.seed, executor) == key:
            found.append(run)
    return sorted(found, key=lambda r: (r.dataset, str(r.genome), r.executor, r.seed))


def strain_runs(runs: Iterable[Run], strain: str, dataset: str) -> list[Run]:
    """The paired runs of a strain, in seed order, all by the executor that trained most of them."""
    by: dict[str, list[Run]] = {}
    for run in runs:
        if run.dataset == dataset and strain in strains_of(run):
            by.setdefault(run.executor, []).append(run)
    most = max(by.values(), key=len, default=[])
    return sorted(most, key=lambda r: r.seed)


def strains_of(run: Run) -> tuple[str, ...]:
    """The strains of the run's species, in their paired form, whose run this is."""
    return _strains_of(run.genome, run.executor)


@cache
def _strains_of(genome: Genome, executor: str) -> tuple[str, ...]:
    by = executor_named(type(genome), executor)
    return tuple(
        name
        for name, strain in genome.strains.items()
        if genome == expressed(strain.as_compared(), by)
    )
