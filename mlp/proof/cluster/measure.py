"""What the cluster adds to a run, and how soon all workers have work."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path

from mlp.cluster.store import ClusterStore
from mlp.proof.cluster import trivial
from mlp.proof.cluster.suite import Suite, cluster_here
from mlp.store import Store

MOST_MS = 3.0
"""Most milliseconds a run that costs nothing may take, on two workers of this machine."""

MOST_S = 10.0
"""Most seconds after which all workers must have had work."""


def overhead(runs: int, address: str) -> int:
    """Print milliseconds a run, as tasks of one run and of sixteen; 1 if above `MOST_MS`.

    With an address local:N, the scheduler is part of this process, the workers are not.
    """
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        with ClusterStore(Path(folder, "runs.db"), cluster=address) as store:
            store.obtain(trivial.jobs("warm", range(64)), trivial.train)
            for size in (1, 16):
                before = time.process_time()
                spent = _timed(store, f"of {size}", runs, size)
                worst = max(worst, spent)
                own = 1000 * (time.process_time() - before) / runs
                told = f"{runs:,} runs on {address}, {size} a task: {spent:.2f} ms a run"
                print(f"{told}, {own:.2f} ms of processor time in this process", flush=True)
        few = min(runs, 2_000)
        with Store(Path(folder, "local.db")) as local:
            spent = _timed(local, "local", few, 16)
            print(f"{few:,} runs by the store's own queue, 16 a job: {spent:.2f} ms a run")
    return 1 if worst > MOST_MS else 0


def _timed(store: Store, name: str, runs: int, size: int) -> float:
    """Milliseconds a run."""
    wanted = trivial.jobs(name, range(runs), size)
    began = time.perf_counter()
    found = store.obtain(wanted, trivial.train)
    assert len(found) == runs
    return 1000 * (time.perf_counter() - began) / runs


def claims(number: int, workers: int) -> int:
    """Print when each of the workers had its first run; 1 if later than `MOST_S`.

    The workers are threads of one process, so that one machine can hold many.
    """
    with tempfile.TemporaryDirectory() as folder, cluster_here(workers, processes=False) as cluster:
        address = cluster.scheduler_address
        suite = Suite(Path(folder), address, number, workers=workers, seconds=0.5, size=4)
        suite.start().wait()
        first: dict[str, float] = {}
        for _, at, worker in suite.trained():
            first[worker] = min(at, first.get(worker, at))
        delays = sorted(at - suite.began() for at in first.values())
        told = Counter(suite.verdicts().values())
        if len(delays) < workers:
            print(suite.said()[-2000:])
            print(f"{len(delays)} of {workers} workers had work")
            return 1
        print(
            f"{number} claims, {workers} workers: half of them had work "
            f"{delays[workers // 2]:.1f} s after the first test began, all after "
            f"{delays[-1]:.1f} s; {len(suite.runs()):,} runs, {dict(told)}"
        )
        return 1 if delays[-1] > MOST_S else 0
