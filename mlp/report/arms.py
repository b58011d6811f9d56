"""Which cohorts the claims asked for, each under the name that the claims give it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mlp.genome import Genome
from mlp.lab.key import BY_BOTH, BY_REAL_API, expressed
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
        genome = Genome(**arm["alleles"])
        yield arm["genome"], _cohort(row, genome, arm["dataset"], arm["weight"])
        if arm.get("vouched"):
            yield arm["genome"], Cohort(expressed(genome, "cohort"), arm["dataset"], "cohort")


def _doses(row: Row) -> Iterator[tuple[str, Cohort]]:
    detail = row.claim.detail
    if "doses" in detail:
        for name, alleles in zip(detail["genomes"], detail["alleles"], strict=True):
            yield name, _cohort(row, Genome(**alleles), row.claim.dataset)


def _screened(row: Row) -> Iterator[tuple[str, Cohort]]:
    if row.screen is not None:
        for which, alleles in row.claim.detail["alleles"].items():
            yield row.claim.detail[which], _cohort(row, Genome(**alleles), row.claim.dataset)


def _cells(row: Row) -> Iterator[Cohort]:
    if row.screen is not None:
        good, bad = (Genome(**row.claim.detail["alleles"][which]) for which in ("good", "bad"))
        for cell in row.claim.detail["cells"]:
            genome = cell_of(good, bad, frozenset(cell["on"]))
            yield _cohort(row, genome, row.claim.dataset)


def _recorded(row: Row) -> Iterator[Cohort]:
    """The cohort, as published, of a claim that compares it with the recorded runs."""
    if "recorded" in row.claim.detail:
        yield _cohort(row, Genome(**row.claim.detail["alleles"]), row.claim.dataset)


def _cohort(row: Row, genome: Genome, dataset: str, weight: int = 1) -> Cohort:
    """The cohort of `genome` by whoever trained the claim's arms of that weight."""
    by = row.claim.executor
    engine = weight > 0 if by == BY_BOTH else by != BY_REAL_API
    executor = "cohort" if engine else genome.trainer
    return Cohort(expressed(genome, executor), dataset, executor)
