"""Workers, schedulers and sessions killed at random moments: what is lost, what trained again?"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import cycle
from pathlib import Path
from typing import Any

from mlp.proof.cluster.suite import Suite, python_path

WORKERS = 3
VICTIMS = ("worker", "scheduler", "session")
LIMIT_S = 900.0
SOON_S = 0.1
"""A kill comes at most that long after a random number of runs was kept."""


@dataclass
class Farm:
    """A scheduler and workers as processes of their own, as `dask scheduler` and `dask worker`."""

    folder: Path
    port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where the scheduler listens."""
        return f"tcp://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start what does not run: a scheduler at the same address, and workers for it."""
        if any(process.poll() is not None for process in self.processes.values()):
            self.stop()  # workers of a dead scheduler may not have ended yet
        local = ["--dashboard-address", "127.0.0.1:0"]
        self._start("scheduler", "--host", "127.0.0.1", "--port", str(self.port), *local)
        few = ["--nworkers", str(WORKERS), "--nthreads", "1", "--memory-limit", "0"]
        self._start("worker", self.address, *few, *local)

    def kill(self, victim: str, rng: random.Random) -> None:
        """Kill the scheduler, or one of the processes that train."""
        process = self.processes[victim]
        if victim == "worker":
            psutil: Any = import_module("psutil")  # Dask needs it
            found = psutil.Process(process.pid).children(recursive=True)
            trainers = [child for child in found if "spawn_main" in " ".join(child.cmdline())]
            rng.choice(trainers).kill()
        else:
            process.kill()
            process.wait()

    def stop(self) -> None:
        """End what still runs."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()

    def _start(self, what: str, *arguments: str) -> None:
        if what in self.processes and self.processes[what].poll() is None:
            return
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments]
        environment = {**os.environ, "PYTHONPATH": python_path(self.folder)}
        with (self.folder / f"{what}.log").open("ab") as log:
            self.processes[what] = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=log, stderr=log
            )


@dataclass(frozen=True)
class Trial:
    """A kill, and what it did to the runs and the verdicts."""

    victim: str
    kept: int
    lost: int
    again: int
    different: str

    @property
    def broken(self) -> bool:
        """Whether a promise was broken."""
        return bool(self.lost or self.again or self.different)

    def __str__(self) -> str:
        told = self.different or "same runs, same verdicts"
        return (
            f"{self.victim} killed when {self.kept} runs were kept: {self.lost} kept runs lost, "
            f"{self.again} trained after they were kept; {told}"
        )


@contextmanager
def farm() -> Iterator[Farm]:
    """A scheduler and workers in a folder of their own, which goes with them."""
    folder = Path(tempfile.mkdtemp(prefix="mlp-cluster-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = Farm(folder, port)
    try:
        found.start()
        yield found
    finally:
        found.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main(trials: int, seed: int) -> int:
    """Run the trials; the exit status is 1 if a promise was broken."""
    rng = random.Random(seed)
    with farm() as one:
        whole = Suite(one.folder, one.address, workers=WORKERS)
        began = time.monotonic()
        status = whole.start().wait(LIMIT_S)
        took = time.monotonic() - began
        wanted = whole.runs(), whole.verdicts()
    runs, verdicts = wanted
    told = f"undisturbed: {len(runs)} runs, {len(verdicts)} claims, {took:.0f} s, status {status}"
    print(told, flush=True)
    done = []
    for number, victim in zip(range(trials), cycle(VICTIMS), strict=False):
        trial = _trial(victim, rng, wanted)
        done.append(trial)
        print(f"{number + 1} of {trials}: {trial}", flush=True)
    broken = sum(trial.broken for trial in done)
    print(
        f"{trials} kills: {sum(t.lost for t in done)} kept runs lost, "
        f"{sum(t.again for t in done)} trained after they were kept, "
        f"{sum(bool(t.different) for t in done)} studies different"
    )
    return 1 if broken else 0


def _trial(victim: str, rng: random.Random, wanted: tuple[Any, Any]) -> Trial:
    """Kill the victim while a cold study runs, and have the study finished."""
    with farm() as one:
        suite = Suite(one.folder, one.address, workers=WORKERS, patience=5.0)
        session = suite.start()
        enough = rng.uniform(0.0, 0.9 * len(wanted[0]))
        while len(suite.kept()) < enough and session.poll() is None:
            time.sleep(0.01)
        time.sleep(rng.uniform(0.0, SOON_S))
        before = suite.kept()
        if victim == "session":
            session.kill()
        else:
            one.kill(victim, rng)
        session.wait(LIMIT_S)
        one.start()
        if suite.verdicts().keys() != wanted[1].keys():
            replace(suite, patience=60.0).start().wait(LIMIT_S)
        return _judge(victim, suite, len(before), wanted)


def _judge(victim: str, suite: Suite, before: int, wanted: tuple[Any, Any]) -> Trial:
    runs, kept = suite.runs(), suite.kept()
    again = sum(began > kept.get(key, began) for key, began, _ in suite.trained())
    different = [
        name
        for name, same in (
            ("other runs", runs == wanted[0]),
            ("other verdicts", suite.verdicts() == wanted[1]),
        )
        if not same
    ]
    if different:
        different.append(suite.said()[-600:])
    return Trial(victim, before, len(kept.keys() - runs.keys()), again, ", ".join(different))
