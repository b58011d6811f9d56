"""Studies on clusters whose workers come and go, held against the same study on one machine."""

from __future__ import annotations

import shlex
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlp.lab.threads import set_environment
from mlp.proof.cluster.suite import Suite, cluster_here
from mlp.proof.trials.__main__ import STUDY
from mlp.proof.trials.study import Left, Session

LIMIT_S = 3600.0

Ended = tuple[Mapping[str, Any], Mapping[str, Any]]
"""The runs and the claims that a study left."""


def main(sizes: Sequence[int], threads: int, study: str = STUDY) -> int:
    """Run the study on clusters of each size, and trivial claims on one of threads.

    The exit status is 1 if a run or a claim was another than on one machine, or nobody went.
    """
    set_environment()
    with tempfile.TemporaryDirectory() as name:
        good = _study(Path(name), shlex.split(study), sizes) if sizes else True
    with tempfile.TemporaryDirectory() as name:
        good &= _trivial(Path(name), threads) if threads else True
    return 0 if good else 1


def _study(folder: Path, words: Sequence[str], sizes: Sequence[int]) -> bool:
    """Whether a study is the same on clusters of each size as on one machine."""
    local, good = _session(folder, "local", words, workers=2), True
    print(f"study, -n 2: {len(local.runs)} runs, {len(local.claims)} claims", flush=True)
    for size in sizes:
        with cluster(size, stay=max(2.0, local.seconds / 8)) as (address, moved):
            there = _session(folder, str(size), [*words, "--mlp-cluster", address])
        ended = (local.runs, local.claims), (there.runs, there.claims)
        same = _same(f"study, {size} workers", moved, *ended) and there.status == local.status
        if not same:
            print(there.said[-2000:])
        good &= same
    return good


def _session(folder: Path, name: str, words: Sequence[str], workers: int = 0) -> Left:
    """What a study leaves that runs on a cold store."""
    (folder / name).mkdir()
    with Session(folder / name, "study", words, workers) as study:
        study.wait(LIMIT_S)
        return study.left()


def _trivial(folder: Path, threads: int) -> bool:
    """Whether trivial claims are the same where threads of one process train as where none does."""
    here = Suite(folder / "here", "", claims=200, size=4, seconds=0.0)
    wanted = _left(here)
    with cluster(threads, stay=1.0, processes=False) as (address, moved):
        far = replace(here, folder=folder / "there", address=address, seconds=0.5, patience=600.0)
        found = _left(far)
    return _same(f"trivial claims, {threads} workers", moved, wanted, found)


def _left(suite: Suite) -> Ended:
    suite.folder.mkdir()
    suite.start().wait(LIMIT_S)
    return suite.runs(), suite.verdicts()


def _same(what: str, moved: Sequence[int], one: Ended, two: Ended) -> bool:
    """Whether two studies left the same, and workers came and went; prints it."""
    runs, claims = (_different(*pair) for pair in zip(one, two, strict=True))
    came, went = moved
    print(
        f"{what}, of {came} that came {went} went: {len(two[0]):,} runs, {runs} other than on one "
        f"machine; {len(two[1])} claims, {claims} other",
        flush=True,
    )
    return not runs and not claims and bool(two[1]) and went > 0


def _different(one: Mapping[str, Any], two: Mapping[str, Any]) -> int:
    return sum(one.get(name) != two.get(name) for name in {*one, *two})


@contextmanager
def cluster(size: int, stay: float, **how: Any) -> Iterator[tuple[str, list[int]]]:
    """A cluster of this machine: of `size` workers and of half of them, in turn, `stay` seconds.

    Given are its address and, once it has ended, how many workers came and how many of these went.
    """
    import dask

    moved: list[int] = []
    with dask.config.set({"distributed.comm.timeouts.connect": "300s"}):  # a machine may be busy
        own = cluster_here(size, **how)
        seen: set[str] = set()
        over = threading.Event()

        def change() -> None:
            target = size
            while not over.wait(stay if _have_work(own, target) else 0.2):
                seen.update(own.scheduler.workers)
                if _have_work(own, target):
                    target = size // 2 if target == size else size
                    own.scale(target)

        changer = threading.Thread(target=change, daemon=True)
        changer.start()
        try:
            yield own.scheduler_address, moved
        finally:
            over.set()
            changer.join()
            seen.update(own.scheduler.workers)
            moved += [len(seen), len(seen - set(own.scheduler.workers))]
            own.close()


def _have_work(cluster: Any, number: int) -> bool:
    """Whether that many workers are there, each marked as one that may have work."""
    there = list(cluster.scheduler.workers.values())
    return len(there) == number and all(one.resources for one in there)
