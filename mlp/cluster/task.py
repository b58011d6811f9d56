"""What is sent to workers: these functions, by name, with plain data."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from mlp.cluster.passport import Standard, function_of
from mlp.lab.times import spent_here
from mlp.store import Job, RunFailedError
from mlp.store.errors import reason
from mlp.store.records import encode

Records = dict[str, dict[str, Any]]
Trained = tuple[Records, str, Mapping[str, Any]]


def train(function: str, spec: Mapping[str, Any], runs: Mapping[str, Any], cost: float) -> Trained:
    """The records of a job, by the function of that name. This is the task of every cohort.

    With it, the address of the worker that trained it, and the fields of what that spent.

    Raises:
        RunFailedError: the function failed, or returned what no store can hold. It holds plain
            text: what the function itself raised may exist on the worker alone.
    """
    from distributed import get_worker

    before = spent_here()
    try:
        found = function_of(function)(Job(spec, runs, cost))
        records = {key: dict(found[key]) for key in runs}
        for record in records.values():
            encode(record)
    except Exception as error:
        raise RunFailedError(reason(error)) from None
    return records, get_worker().address, vars(spent_here().since(before))


async def examine(
    modules: Sequence[str], packages: Sequence[str], digest: str, paths: Sequence[str]
) -> dict[str, str]:
    """The passport of the worker that runs this.

    A worker that the session started itself is given `paths`, folders to import from as well. It is
    left to the session to end it: Ctrl-C in a terminal reaches both.
    """
    if paths:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path += [path for path in paths if path not in sys.path]
    standard = Standard(tuple(modules), tuple(packages), digest)
    return await asyncio.to_thread(standard.passport)


async def admit(mark: str, dask_worker: Any) -> None:
    """Mark the worker as one that may have work: a Dask resource that the tasks ask for.

    A scheduler that holds tasks nobody could take looks at them again when a worker comes or goes
    on, but not when one is marked. So the worker pauses and goes on at once.
    """
    from distributed.core import Status

    await dask_worker.set_resources(**{mark: 1})
    if dask_worker.status == Status.running:
        dask_worker.status = Status.paused
        dask_worker.status = Status.running
