"""From the runs a claim asks for to runs in the store: what is missing is trained, once.

Runs are trained in jobs that any worker may take that has imported the species. A worker that waits
for its runs takes jobs of others meanwhile, so none idles while another has cohorts waiting.
"""

from __future__ import annotations

import json
import math
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from mlp.errors import UserError
from mlp.genome import Genome, find_species, species_name
from mlp.lab.blame import name_run
from mlp.lab.datasets import DatasetError
from mlp.lab.key import expressed, identity, run_keys
from mlp.lab.known import executor_named, rebuild_protocol
from mlp.lab.method import SETTINGS
from mlp.lab.times import FIRST_OF_ITS_KIND, SPENT, seconds_of
from mlp.run import Executor, Protocol, Run
from mlp.store import Job, Store, StoreError

_IDLE_S = 0.1
"""How long a worker that finds no job waits at most before it looks again; at first a tenth."""

_AFRESH = "start a fresh store, or give another path"


class OnlyAsked(BaseException):
    """Ends a claim at its first question; no `except Exception` of the claim's own stops it."""


@dataclass(frozen=True)
class Wanted:
    """Runs somebody wants: those of a genome over consecutive seeds."""

    genome: Genome
    dataset: str
    protocol: Protocol
    seeds: range
    executor: Executor

    @cached_property
    def keys(self) -> list[str]:
        """The keys they are stored under, in the order of the seeds."""
        return run_keys(self.genome, self.dataset, self.protocol, self.seeds, self.executor)


class _Known:
    """The runs read from a store in this process, as stored: claims share most of their runs."""

    def __init__(self) -> None:
        self.by_key: dict[str, Run] = {}
        self._named: dict[tuple[Genome, Protocol], dict[str, Run]] = defaultdict(dict)

    def named(self, want: Wanted) -> list[Run]:
        """The runs wanted, under the genome and protocol they were asked for by."""
        named = self._named[want.genome, want.protocol]
        for key in want.keys:
            if key not in named:
                named[key] = self.by_key[key].under(want.genome, want.protocol)
        return [named[key] for key in want.keys]


_known: WeakKeyDictionary[Store, _Known] = WeakKeyDictionary()

_trained: set[tuple[object, ...]] = set()
"""The kinds of job that were trained in this process: the first of each costs more."""


def obtain(store: Store, wanted: Sequence[Wanted]) -> list[list[Run]]:
    """The runs of each of `wanted`, trained where the store has not got them.

    Raises:
        StoreError: the store cannot be read, or cannot be written and something is missing.
        RunFailedError: a run could not be trained; a diverged run is no such failure.
    """
    known = _known.setdefault(store, _Known())
    new = {
        key: (want, seed)
        for want in wanted
        for key, seed in zip(want.keys, want.seeds, strict=True)
        if key not in known.by_key
    }
    unkept = [want for want in wanted if not want.executor.keeps]
    for key, record in _train_here(store, unkept, new) if unkept else ():
        known.by_key[key] = _read(store, record, *new.pop(key))
    found = store.get(list(new)) if new else {}
    missing = new.keys() - found.keys()
    if missing:
        with SPENT.spent("waiting"):
            jobs = _jobs(wanted, missing, hands=1 + store.spare())
            found.update(store.obtain(jobs, train_job, can_train))
    for key, asked in new.items():
        known.by_key[key] = _read(store, found[key], *asked)
    return [known.named(want) for want in wanted]


def _train_here(
    store: Store, wanted: Sequence[Wanted], missing: Collection[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The records of runs that are not kept on disk, trained in this process, as they end."""
    if getattr(store, "only_asked", False):
        raise OnlyAsked
    for job in _jobs(wanted, missing):
        for part in train_job(job):
            yield from part.items()


def train_waiting_jobs(store: Store) -> None:
    """Train this study's jobs as long as another process works for it that does not only help.

    A store that fails ends it: those who asked for the runs will say so.
    """
    with suppress(StoreError), SPENT.spent("idle"):
        store.retire()
        idle = _IDLE_S / 10
        while store.others():
            job = store.take(can=can_train)
            if job is None:
                time.sleep(idle)
                idle = min(2 * idle, _IDLE_S)
            else:
                store.perform(job, train_job)
                idle = _IDLE_S / 10


def _read(store: Store, record: Mapping[str, Any], want: Wanted, seed: int) -> Run:
    """The run of a stored record.

    Raises:
        StoreError: the record is not one, or is that of another run.
    """
    try:
        run = Run.read(record, expressed(want.genome, want.executor), want.protocol)
    except ValueError as error:
        raise StoreError(
            f"{error}: {store.path} was written by another program; {_AFRESH}"
        ) from None
    if (run.dataset, run.seed, run.executor) != (want.dataset, seed, want.executor.name):
        raise StoreError(
            f"a stored run must be the one its key names; {store.path} holds "
            f"{run.dataset} seed {run.seed} for {want.dataset} seed {seed}: {_AFRESH}"
        )
    return run


def _jobs(wanted: Sequence[Wanted], missing: Collection[str], hands: int = 1) -> list[Job]:
    """Jobs for those of the runs `wanted` whose keys are `missing`.

    They are as large as is cheapest, but at least one for each of `hands` workers.
    """
    groups: dict[tuple[Any, ...], tuple[Wanted, dict[str, dict[str, Any]]]] = {}
    left = set(missing)
    for want in wanted:
        mine = {key: seed for key, seed in zip(want.keys, want.seeds, strict=True) if key in left}
        if mine:
            left -= mine.keys()
            acting = expressed(want.genome, want.executor)
            together = want.executor.together(acting, want.dataset)
            same = identity(acting, want.dataset, want.executor)
            group = (want.protocol, want.executor, same, together)
            _, runs = groups.setdefault(group, (want, {}))
            alleles = acting.alleles()
            runs |= {key: {"genome": alleles, "seed": seed} for key, seed in mine.items()}
    sizes = _sizes(
        [
            (len(runs), first.executor.most(first.genome), first.executor.least)
            for first, runs in groups.values()
        ],
        hands,
    )
    jobs = []
    for (group, (first, runs)), size in zip(groups.items(), sizes, strict=True):
        spec = {
            "species": species_name(type(first.genome)),
            "dataset": first.dataset,
            "protocol": {"name": first.protocol.name, **first.protocol.values},
            "executor": first.executor.name,
            "identity": group[2],
            "settings": SETTINGS.of_runs(),
        }
        kind = first.executor.kind(first.genome)
        cost = seconds_of(first.executor, kind) * first.executor.work(first.protocol)
        all_runs = list(runs.items())
        for start in range(0, len(runs), size):
            part = dict(all_runs[start : start + size])
            jobs.append(Job(spec, part, cost=cost, group=hash(group)))
    return jobs


def _sizes(groups: Sequence[tuple[int, int, int]], hands: int) -> list[int]:
    """The size of the jobs of each group, given as (runs, most in a job, least in a job).

    The largest jobs are halved, thirded, ... until there is one for each of `hands` workers, or
    until jobs are so small that one more costs more than it saves.
    """
    sizes = [most for _, most, _ in groups]

    def jobs() -> int:
        return sum(math.ceil(runs / size) for (runs, _, _), size in zip(groups, sizes, strict=True))

    while groups and jobs() < hands:
        largest = max(range(len(groups)), key=lambda i: min(groups[i][0], sizes[i]))
        runs, _, least = groups[largest]
        more = math.ceil(runs / sizes[largest]) + 1
        size = min(math.ceil(runs / more), sizes[largest] - 1)
        if size < least:
            break
        sizes[largest] = size
    return sizes


def can_train(job: Job) -> bool:
    """Whether this process has imported the species of a job, with the code that the job names.

    It takes a job of other data too, to say what is wrong with these (`train_job`).
    """
    species = find_species(str(job.spec.get("species")))
    if species is None:
        return False
    try:
        executor = executor_named(species, job.spec["executor"])
        genome = species(**next(iter(job.runs.values()))["genome"])
        return _without_data(identity(genome, job.spec["dataset"], executor)) == _without_data(
            job.spec["identity"]
        )
    except Exception:  # it is of another code or version, or of a dataset that is not known here
        return False


def _without_data(named: str) -> dict[str, Any]:
    """What an executor names besides, but for the values of the data."""
    return {**json.loads(named), "data": ""}


def _check_data(named: str, job: Job) -> None:
    """Refuse a dataset whose loader returned other arrays in the process that asks."""
    if named != job.spec["identity"]:
        raise DatasetError(
            "a dataset's loader must return the same arrays in every process; that of "
            f"{job.spec['dataset']!r} does not: seed what it draws"
        )


def train_job(job: Job) -> Iterator[dict[str, dict[str, Any]]]:
    """The records of a job's runs, by key, as they end, the smallest seed first."""
    species = find_species(job.spec["species"])
    if species is None:
        raise LookupError(f"species {job.spec['species']} is not imported in this process")
    executor, dataset = executor_named(species, job.spec["executor"]), job.spec["dataset"]
    protocol = rebuild_protocol(species, job.spec["protocol"])
    keys = sorted(job.runs, key=lambda key: job.runs[key]["seed"])
    genomes = [species(**job.runs[k]["genome"]) for k in keys]
    seeds = [job.runs[k]["seed"] for k in keys]
    _check_data(identity(genomes[0], dataset, executor), job)
    vars(SETTINGS).update(job.spec.get("settings", {}))
    size = len(keys) if executor.at_once > 1 else 1
    for start in range(0, len(keys), size):
        part = slice(start, start + size)
        of = genomes[part]
        together = executor.together(of[0], dataset)
        kind, group = executor.kind(of[0]), (executor.name, together, len(of))
        new = FIRST_OF_ITS_KIND if size > 1 and group not in _trained else ""
        _trained.add(group)
        with SPENT.spent(kind + new, runs=len(of), work=executor.work(protocol)):
            try:
                results = executor.train(of, dataset, protocol, seeds[part])
            except UserError:
                raise
            except Exception as error:
                name_run(error, of[0], dataset, seeds[part])
                raise
        SPENT.note_memory()
        executor.check()
        yield {
            key: Run.of(
                result,
                genome=genome,
                dataset=dataset,
                protocol=protocol,
                seed=seed,
                executor=executor.name,
            ).to_dict()
            for key, genome, seed, result in zip(keys[part], of, seeds[part], results, strict=True)
        }
