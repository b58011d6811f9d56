"""Which cohorts the claims rest on, the names that claims give them, and their stored runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

from mlp.errors import UserError
from mlp.genome import Genome, differing, find_species
from mlp.lab.claim import DIAGNOSIS, DOSE, RECORDED, SCREEN
from mlp.lab.key import expressed, run_keys
from mlp.lab.known import executor_named, rebuild_protocol
from mlp.lab.screen import cell_of
from mlp.report.results import Row
from mlp.run import Protocol, Run
from mlp.store import Store


class Cohort(NamedTuple):
    """What runs of several seeds have in common: genome as expressed, dataset, executor's name."""

    genome: Genome
    dataset: str
    executor: str

    @classmethod
    def of(cls, run: Run) -> Cohort:
        """The cohort that `run` is of."""
        return cls(run.genome, run.dataset, run.executor)


class Asked(NamedTuple):
    """A cohort that a claim rests on, the name the claim gives it ("": none), and its seeds."""

    name: str
    cohort: Cohort
    seeds: range


def asked(rows: Iterable[Row]) -> Iterator[Asked]:
    """Every cohort that claims rest on: arms, doses, cells of screens, recorded strains.

    Of a diagnosis they are the good and the bad genome, not those tried between them.
    Claims of a species that this process has not imported are left out.
    """
    for row in rows:
        species: Any = find_species(row.claim.species)
        if species is not None:
            for name, genome, dataset, executors, first in _of_claim(row, species):
                seeds = range(first, first + row.claim.seeds)
                for by in executors:
                    yield Asked(name, Cohort(_expressed(genome, by), dataset, by), seeds)


_Part = tuple[str, Genome, str, Sequence[str], int]


def _of_claim(row: Row, species: Any) -> Iterator[_Part]:
    """The cohorts of one claim: name, genome, dataset, who trained it, first seed."""
    claim, detail = row.claim, row.claim.detail
    on, first, by = claim.dataset, claim.first_seed, detail.get("executors", ())
    for arm in detail.get("arms", ()):
        start = arm.get("first_seed", first)
        yield arm["genome"], species(**arm["alleles"]), arm["dataset"], arm["executors"], start
    if claim.kind == DOSE:
        for name, alleles, own in zip(detail["genomes"], detail["alleles"], by, strict=True):
            yield name, species(**alleles), on, own, first
    elif claim.kind == DIAGNOSIS:
        for which in ("good", "bad"):
            yield detail[which], species(**detail["alleles"][which]), on, by, first
    elif claim.kind == SCREEN:
        good, bad = (species(**detail["alleles"][which]) for which in ("good", "bad"))
        names = {0: detail["bad"], len(detail["genes"]): detail["good"]}
        for cell in detail["cells"]:
            genome = cell_of(good, bad, frozenset(cell["on"]))
            yield names.get(len(cell["on"]), ""), genome, on, by, first
    elif claim.kind == RECORDED:
        yield "", species(**detail["alleles"]), on, by, first


def names_of(rows: Iterable[Row]) -> dict[Cohort, list[str]]:
    """The cohorts that claims name, as arms, doses or a screen's strains, each with its names."""
    found: dict[Cohort, dict[str, None]] = {}
    for name, cohort, _ in asked(rows):
        if name:
            found.setdefault(cohort, {})[name] = None
    return {cohort: list(names) for cohort, names in found.items()}


def stored_runs(rows: Iterable[Row], store: Store) -> list[Run]:
    """The runs in the store that the claims rest on; none of other code, protocols or seeds.

    Runs of a dataset that is not known here are left out.
    """
    seeds: defaultdict[tuple[Cohort, Protocol], set[int]] = defaultdict(set)
    for row in rows:
        values = {"name": row.claim.protocol, **row.claim.protocol_values}
        for _, cohort, own in asked([row]):
            seeds[cohort, rebuild_protocol(type(cohort.genome), values)].update(own)
    wanted: dict[str, tuple[Genome, Protocol]] = {}
    for ((genome, dataset, executor), protocol), all_seeds in seeds.items():
        with suppress(UserError):
            trainer = executor_named(type(genome), executor)
            for key in run_keys(genome, dataset, protocol, all_seeds, trainer):
                wanted.setdefault(key, (genome, protocol))
    found = []
    for key, record in store.get(wanted).items():
        with suppress(ValueError):
            found.append(Run.read(record, *wanted[key]))
    return sorted(found, key=lambda r: (r.dataset, name_of(r.genome, ""), r.executor, r.seed))


def _expressed(genome: Genome, executor: str) -> Any:
    return expressed(genome, executor_named(type(genome), executor))


def engine_of(species: type[Genome]) -> str:
    """The name of a species' engine; "" if it has none."""
    trainers = species.trainers()
    return trainers.engine.name if trainers is not None and trainers.engine else ""


@cache
def _strains(species: Any, executor: str) -> dict[str, Any]:
    """The strains of a species, in their paired form, as an executor expresses them."""
    return {
        name: _expressed(strain.as_compared(), executor) for name, strain in species.strains.items()
    }


def strains_of(run: Run) -> tuple[str, ...]:
    """The named strains, in their paired form, whose run this is."""
    species: Any = type(run.genome)
    forms = _strains(species, run.executor)
    return tuple(name for name, form in forms.items() if form == run.genome)


@cache
def name_of(genome: Genome, executor: str) -> str:
    """The genome's name: the nearest strain as `executor` expresses it, and what differs from it.

    Without an executor it is the genome's own: many runs have one genome, and a name takes long.
    """
    species: Any = type(genome)
    forms = _strains(species, executor) if executor else {}
    if not forms:
        return str(genome)
    nearest = min(forms, key=lambda name: len(differing(forms[name], genome)))
    edits = [f"{gene}={getattr(genome, gene)}" for gene in differing(forms[nearest], genome)]
    return nearest + (f"[{', '.join(edits)}]" if edits else "")
