"""From the runs a claim asks for to runs in the store: what is missing is trained, once.

Runs are trained in jobs that any worker may take. A worker that waits for its runs takes jobs of
others meanwhile, so none idles while another has cohorts waiting.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from typing import Any
from weakref import WeakKeyDictionary

from mlp.data import DataError, load
from mlp.genome import Genome
from mlp.lab.key import check_code, expressed, run_key
from mlp.lab.times import COSTS, NEW_GRAPH, SPENT
from mlp.run import Protocol, Run
from mlp.store import Job, Store, StoreError
from mlp.trainers import train
from mlp.trainers.cohort import STACK, Shape

COHORT = STACK["float32"]
"""Seeds that are worth asking for at once, where the cohort engine trains them."""

_LEAST = 4
"""Fewest runs for which the cohort engine is worth a job of their own, to keep a worker busy."""

_IDLE_S = 0.1
"""How long a worker that finds no job waits before it looks again."""

_known: WeakKeyDictionary[Store, dict[str, Run]] = WeakKeyDictionary()
"""The runs read from a store in this process, by key: claims share most of their runs."""

_graphs: set[tuple[object, ...]] = set()
"""What the cohort engine has trained with in this process."""

_AFRESH = "start a fresh store, or give another path"


@dataclass(frozen=True)
class Wanted:
    """A run somebody wants."""

    genome: Genome
    dataset: str
    protocol: Protocol
    seed: int
    executor: str

    @property
    def key(self) -> str:
        """The key it is stored under."""
        return run_key(self.genome, self.dataset, self.protocol, self.seed, self.executor)


def obtain(store: Store, wanted: Iterable[Wanted]) -> dict[Wanted, Run]:
    """The runs `wanted`, trained where the store has not got them.

    Raises:
        StoreError: the store cannot be read, or cannot be written and something is missing.
        RunFailedError: a run could not be trained; a diverged run is no such failure.
    """
    keys, known = {w: w.key for w in wanted}, _known.setdefault(store, {})
    new = {k: w for w, k in keys.items() if k not in known}
    found = store.get(new)
    missing = {k: w for k, w in new.items() if k not in found}
    if missing:
        with SPENT.spent("waiting"):
            found.update(store.obtain(_jobs(missing, hands=1 + store.spare()), _train))
    known.update((k, _read(store, found[k], w)) for k, w in new.items())
    return {w: _named(known[k], w) for w, k in keys.items()}


def train_waiting_jobs(store: Store) -> None:
    """Train this study's jobs as long as another process works for it that does not only help.

    A store that fails ends it: those who asked for the runs will say so.
    """
    with suppress(StoreError), SPENT.spent("idle"):
        store.retire()
        while store.others():
            job = store.take()
            if job is None:
                time.sleep(_IDLE_S)
            else:
                store.perform(job, _train)


def _read(store: Store, record: Mapping[str, Any], want: Wanted) -> Run:
    """The run of a stored record.

    Raises:
        StoreError: the record is not one, or is that of another run.
    """
    try:
        run = Run.from_dict(record)
    except ValueError as error:
        raise StoreError(
            f"{error}: {store.path} was written by another program; {_AFRESH}"
        ) from None
    same = (run.dataset, run.seed, run.executor) == (want.dataset, want.seed, want.executor)
    if not same or run.genome != expressed(want.genome, want.executor):
        raise StoreError(
            f"a stored run must be the one its key names; {store.path} holds "
            f"{run.dataset} seed {run.seed} for {want.dataset} seed {want.seed}: {_AFRESH}"
        )
    return run


def _named(run: Run, want: Wanted) -> Run:
    """The stored run under the genome and protocol it was asked for by."""
    return replace(run, genome=want.genome, protocol=want.protocol)


def _jobs(missing: Mapping[str, Wanted], hands: int = 1) -> list[Job]:
    """Jobs for the runs `missing`: as large as is cheapest, but one for each of `hands` workers."""
    groups: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for key, want in missing.items():
        groups[_together(want)].append(key)
    sizes = _sizes([(len(keys), _stack(missing[keys[0]])) for keys in groups.values()], hands)
    jobs = []
    for keys, size in zip(groups.values(), sizes, strict=True):
        first = missing[keys[0]]
        kind = _kind(first.executor, first.genome)
        spec = {
            "dataset": first.dataset,
            "data": load(first.dataset).digest,
            "protocol": asdict(first.protocol),
            "executor": first.executor,
        }
        for start in range(0, len(keys), size):
            runs = {
                k: {
                    "genome": expressed(missing[k].genome, first.executor).alleles(),
                    "seed": missing[k].seed,
                }
                for k in keys[start : start + size]
            }
            jobs.append(Job(spec, runs, cost=COSTS[kind] * first.protocol.steps))
    return jobs


def _kind(executor: str, genome: Genome) -> str:
    """Who trains a genome, as far as it decides what a step costs."""
    return genome.dtype if executor == "cohort" else executor


def _stack(want: Wanted) -> int:
    """Most runs like this one in a job: those that are trained at once."""
    return STACK[want.genome.dtype] if want.executor == "cohort" else 1


def _sizes(groups: Sequence[tuple[int, int]], hands: int) -> list[int]:
    """The size of the jobs of each group, given as (runs, most in a job).

    The largest jobs are halved, thirded, ... until there is one for each of `hands` workers, or
    until jobs are so small that a graph for each costs more than it saves.
    """
    sizes = [most for _, most in groups]

    def jobs() -> int:
        return sum(math.ceil(runs / size) for (runs, _), size in zip(groups, sizes, strict=True))

    while jobs() < hands:
        largest = max(range(len(groups)), key=lambda i: min(groups[i][0], sizes[i]))
        runs = groups[largest][0]
        more = math.ceil(runs / sizes[largest]) + 1
        size = min(math.ceil(runs / more), sizes[largest] - 1)
        if size < _LEAST:
            break
        sizes[largest] = size
    return sizes


def _together(want: Wanted) -> tuple[Any, ...]:
    """What must agree for two runs to be trained in one job."""
    shape = Shape.of(want.genome, load(want.dataset))
    return want.protocol, want.executor, shape


def _train(job: Job) -> dict[str, dict[str, Any]]:
    keys, dataset = list(job.runs), job.spec["dataset"]
    if load(dataset).digest != job.spec["data"]:
        raise DataError(
            "a dataset's loader must return the same arrays in every process; that of "
            f"{dataset!r} does not: seed what it draws"
        )
    genomes = [Genome(**job.runs[k]["genome"]) for k in keys]
    protocol, executor = Protocol(**job.spec["protocol"]), job.spec["executor"]
    with SPENT.spent("start-up"):
        import_module("mlp.backend")
    kind = _kind(executor, genomes[0])
    graph = executor, Shape.of(genomes[0], load(dataset)), len(keys)
    new = NEW_GRAPH if executor == "cohort" and graph not in _graphs else ""
    _graphs.add(graph)
    with SPENT.spent(kind + new, runs=len(keys), steps=protocol.steps):
        seeds = [job.runs[k]["seed"] for k in keys]
        runs = train(genomes, dataset, protocol, seeds, executor)
    SPENT.note_memory()
    check_code(executor)
    return {k: run.to_dict() for k, run in zip(keys, runs, strict=True)}
