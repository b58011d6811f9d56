"""Which cohorts the claims asked for, each under the name that the claims give it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mlp.genome import GENES, Allele, Genome, GenomeError, strain
from mlp.lab.key import REAL, expressed
from mlp.report.results import Row
from mlp.run import Run

_NAME = re.compile(r"(\w+)(?:\[(.*)\])?")


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


def _doses(row: Row) -> Iterator[tuple[str, Cohort]]:
    detail = row.claim.detail
    for name in detail.get("genomes", ()) if "doses" in detail else ():
        if genome := paired_genome(name):
            yield name, _cohort(row, genome, row.claim.dataset)


def _screened(row: Row) -> Iterator[tuple[str, Cohort]]:
    for name in row.screen[:2] if row.screen else ():
        if genome := paired_genome(name):
            yield name, _cohort(row, genome, row.claim.dataset)


def _cells(row: Row) -> Iterator[Cohort]:
    detail = row.claim.detail
    if row.screen is None:
        return
    good, bad = paired_genome(detail["good"]), paired_genome(detail["bad"])
    if good is None or bad is None:
        return
    for cell in detail["cells"]:
        alleles = {gene: getattr(good, gene) for gene in cell["on"]}
        yield _cohort(row, bad.with_alleles(**alleles), row.claim.dataset)


def _recorded(row: Row) -> Iterator[Cohort]:
    """The cohort, as published, of a claim that compares it with the recorded runs."""
    if "recorded" in row.claim.detail:
        name = row.claim.statement.partition(" ")[0]
        yield _cohort(row, strain(name), row.claim.dataset)


def _cohort(row: Row, genome: Genome, dataset: str, weight: int = 1) -> Cohort:
    """The cohort of `genome` by whoever trained the claim's arms of that weight."""
    by = row.claim.executor
    engine = by not in ("real API", *REAL)
    if by == "cohort engine against real API":
        engine = weight > 0
    executor = "cohort" if engine else genome.trainer
    return Cohort(expressed(genome, executor), dataset, executor)


def paired_genome(name: str) -> Genome | None:
    """The genome, in its paired form, that goes by `name`; None if none does here."""
    found = _NAME.fullmatch(name)
    if not found:
        return None
    edits = dict(edit.split("=", 1) for edit in (found[2] or "").split(", ") if "=" in edit)
    try:
        genome = strain(found[1]).paired()
        return genome.with_alleles(**{gene: _allele(gene, text) for gene, text in edits.items()})
    except GenomeError:
        return None


def _allele(gene: str, text: str) -> Allele:
    """The allele of `gene` that is written `text`; `text` itself if there is none."""
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if gene in GENES and GENES[gene].valid(value):
            return value
    return text
