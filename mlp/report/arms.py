"""Which cohorts the claims asked for, each under the name that the claims give it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mlp.genome import Genome, find_species
from mlp.lab.key import expressed
from mlp.lab.known import executor_named
from mlp.lab.screen import cell_of
from mlp.report.results import Row
from mlp.run import Run


class Cohort(NamedTuple):
    """What runs of several seeds have in common: genome as expressed, dataset, executor."""

    genome: Genome
    dataset: str
    executor: str

    @classmethod
    def of(cls, run: Run) -> Cohort:
        """The cohort that `run` is of."""
        return cls(run.genome, run.dataset, run.executor)


def named(rows: Iterable[Row]) -> dict[Cohort, list[str]]:
    """The cohorts that claims name, as arms, doses or a screen's strains, each with its names."""
    found: dict[Cohort, dict[str, None]] = {}
    for row in rows:
        for name, cohort in (*_arms(row), *_doses(row), *_screened(row)):
            found.setdefault(cohort, {})[name] = None
    return {cohort: list(names) for cohort, names in found.items()}


def asked(rows: Iterable[Row]) -> set[Cohort]:
    """Every cohort that claims rest on: those they name, the cells of screens, recorded strains."""
    found: set[Cohort] = set()
    for row in rows:
        found |= {cohort for _, cohort in (*_arms(row), *_doses(row))}
        found |= {*_cells(row), *_recorded(row)}
    return found


def _arms(row: Row) -> Iterator[tuple[str, Cohort]]:
    for arm in row.claim.detail.get("arms", ()):
        for cohort in _cohorts(row, arm["alleles"], arm["dataset"], arm.get("executors", ())):
            yield arm["genome"], cohort


def _doses(row: Row) -> Iterator[tuple[str, Cohort]]:
    detail = row.claim.detail
    if "doses" in detail and "executors" in detail:
        each = zip(detail["genomes"], detail["alleles"], detail["executors"], strict=True)
        for name, alleles, executors in each:
            for cohort in _cohorts(row, alleles, row.claim.dataset, executors):
                yield name, cohort


def _screened(row: Row) -> Iterator[tuple[str, Cohort]]:
    if row.screen is not None:
        detail = row.claim.detail
        for which, alleles in detail["alleles"].items():
            for cohort in _cohorts(row, alleles, row.claim.dataset, detail.get("executors", ())):
                yield detail[which], cohort


def _cells(row: Row) -> Iterator[Cohort]:
    species = find_species(row.claim.species)
    if row.screen is not None and species is not None:
        detail = row.claim.detail
        good, bad = (species(**detail["alleles"][which]) for which in ("good", "bad"))
        for cell in detail["cells"]:
            alleles = cell_of(good, bad, frozenset(cell["on"])).alleles()
            yield from _cohorts(row, alleles, row.claim.dataset, detail["executors"])


def _recorded(row: Row) -> Iterator[Cohort]:
    """The cohort, as published, of a claim that compares it with the recorded runs."""
    detail = row.claim.detail
    if "recorded" in detail:
        yield from _cohorts(row, detail["alleles"], row.claim.dataset, detail["executors"])


def _cohorts(
    row: Row, alleles: Mapping[str, Any], dataset: str, executors: Sequence[str]
) -> Iterator[Cohort]:
    """The cohorts of a genome by each of the executors; none if its species is not known here."""
    species = find_species(row.claim.species)
    for name in executors if species else ():
        genome = species(**alleles)
        yield Cohort(expressed(genome, executor_named(species, name)), dataset, name)
