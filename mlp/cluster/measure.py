"""What the cluster adds to a run, and how soon all workers have work."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path

from mlp.cluster import trivial
from mlp.cluster.store import ClusterStore
from mlp.cluster.suite import Suite
from mlp.store import Store

MOST_MS = 3.0
"""Most milliseconds a run that costs nothing may take, on two workers of this machine."""

MOST_S = 10.0
"""Most seconds after which all workers must have had work."""


def overhead(runs: int, address: str) -> int:
    """Print milliseconds a run, as tasks of one run and of sixteen; 1 if above `MOST_MS`."""
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        with ClusterStore(Path(folder, "runs.db"), cluster=address) as store:
            store.obtain(trivial.jobs("warm", range(64)), trivial.train)
            for size in (1, 16):
                spent = _timed(store, f"of {size}", runs, size)
                worst = max(worst, spent)
                print(f"{runs:,} runs on {address}, {size} a task: {spent:.2f} ms a run")
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
    """Print when each of the workers had its first run; 1 if later than `MOST_S`."""
    with tempfile.TemporaryDirectory() as folder:
        suite = Suite(
            Path(folder), f"local:{workers}", number, workers=workers, seconds=0.1, size=4
        )
        began = time.time()
        suite.start().wait()
        first: dict[int, float] = {}
        for _, at, process in suite.trained():
            first[process] = min(at, first.get(process, at))
        started = suite.began()
        delays = sorted(at - started for at in first.values())
        told = Counter(suite.verdicts().values())
        if len(delays) < workers:
            print(suite.said()[-2000:])
            print(f"{len(delays)} of {workers} workers had work")
            return 1
        print(
            f"{number} claims, {workers} workers ready after {started - began:.0f} s: half of them "
            f"had work {delays[workers // 2]:.1f} s after the first test began, all after "
            f"{delays[-1]:.1f} s; {len(suite.runs()):,} runs, {dict(told)}"
        )
        return 1 if delays[-1] > MOST_S else 0
