"""From the runs a claim asks for to runs in the store: what is missing is trained, once.

Runs are trained in jobs that any worker may take. A worker that waits for its runs takes jobs of
others meanwhile, so none idles while another has cohorts waiting.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from mlp.data import DataError, load
from mlp.genome import Genome
from mlp.lab.key import check_code, expressed, run_key
from mlp.run import Protocol, Run
from mlp.store import Job, Store, StoreError
from mlp.trainers import train
from mlp.trainers.cohort import STACK, Shape

COHORT = STACK["float32"]
"""Seeds that are worth asking for at once, where the cohort engine trains them."""

_COST = {"direct": 4.0, "estimator": 14.0, "float32": 1.0, "float64": 5.0}
"""Rough cost of a step by a trainer, or of one number type by the cohort engine, in steps of the
latter's float32; for the time left that is shown.
"""

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
    keys = {w: w.key for w in wanted}
    found = store.get(keys.values())
    missing = {k: w for w, k in keys.items() if k not in found}
    if missing:
        found.update(store.obtain(_jobs(missing), _train))
    return {w: _named(_read(store, found[k], w), w) for w, k in keys.items()}


def train_waiting_jobs(store: Store, grace: float = 1.0) -> None:
    """Train jobs of this study until none has been waiting or in training for `grace` seconds.

    A store that fails ends it: those who asked for the runs will say so.
    """
    idle_since = time.monotonic()
    with suppress(StoreError):
        while time.monotonic() - idle_since < grace:
            job = store.take()
            if job is None:
                time.sleep(0.1)
            else:
                store.perform(job, _train)
            progress = store.progress()
            if progress.queued or progress.running:
                idle_since = time.monotonic()


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


def _jobs(missing: Mapping[str, Wanted]) -> list[Job]:
    groups: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for key, want in missing.items():
        groups[_together(want)].append(key)
    jobs = []
    for keys in groups.values():
        first = missing[keys[0]]
        engine, dtype = first.executor == "cohort", first.genome.dtype
        size = STACK[dtype] if engine else 1
        cost = _COST[dtype if engine else first.executor] * first.protocol.steps
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
            jobs.append(Job(spec, runs, cost=cost))
    return jobs


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
    runs = train(
        [Genome(**job.runs[k]["genome"]) for k in keys],
        dataset,
        Protocol(**job.spec["protocol"]),
        [job.runs[k]["seed"] for k in keys],
        job.spec["executor"],
    )
    check_code(job.spec["executor"])
    return {k: run.to_dict() for k, run in zip(keys, runs, strict=True)}
