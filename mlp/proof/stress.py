"""Many processes of two studies on one store, some killed at random: is each run trained once?"""

import multiprocessing
import os
import random
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from mlp.machine import KILL
from mlp.proof.corruption import key_of, record_of
from mlp.store.errors import RunFailedError
from mlp.store.records import Job
from mlp.store.store import Store

_GAVE_UP = 3
_KILLED = -int(KILL)


@dataclass(frozen=True)
class Result:
    """What a stress run came to. Counts are of runs, but for `kills` and `restarts`."""

    runs: int
    kills: int
    restarts: int
    lost: int
    wrong: int
    repeated: int
    seconds: float
    complaints: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether every run was kept, right, and trained once."""
        return not (self.lost or self.wrong or self.repeated or self.complaints)

    def __str__(self) -> str:
        text = (
            f"{self.runs} runs, {self.kills} workers killed, {self.restarts} started anew: "
            f"{self.lost} lost, {self.wrong} wrong, {self.repeated} trained again, "
            f"{len(self.complaints)} complaints, in {self.seconds:.1f} s"
        )
        return "\n".join([text, *self.complaints])


def run(workers: int, runs: int, kills: int, seed: int = 0, job_s: float = 0.02) -> Result:
    """Have the workers obtain all runs, half of them in each of two studies, and kill some."""
    began = time.monotonic()
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        crew = _Crew(Path(folder), runs, job_s)
        for number in range(workers):
            crew.start(number, f"study {number % 2}")
        while crew.step():
            time.sleep(rng.uniform(0.02, 0.2))
            if crew.kills < kills:
                crew.kill(rng)
        with Store(Path(folder, "store.db")) as store:
            kept = dict(store.items())
        repeated = _repeated(Path(folder), crew.killed)
    expected = {key_of(number): record_of(number) for number in range(runs)}
    return Result(
        runs=runs,
        kills=crew.kills,
        restarts=crew.restarts,
        lost=len(expected.keys() - kept.keys()),
        wrong=sum(record != expected.get(key) for key, record in kept.items()),
        repeated=repeated,
        seconds=time.monotonic() - began,
        complaints=crew.complaints,
    )


class _Crew:
    """The workers; who is killed or gives up is started anew."""

    def __init__(self, folder: Path, runs: int, job_s: float) -> None:
        self.kills = 0
        self.restarts = 0
        self.killed: set[int] = set()
        self.complaints: list[str] = []
        self._spawn = multiprocessing.get_context("spawn")
        self._work = (folder, runs, job_s)
        self._alive: dict[int, BaseProcess] = {}

    def start(self, number: int, study: str) -> None:
        """Start the worker with this number, for this study."""
        args = (*self._work, number, study)
        process = self._spawn.Process(target=_worker, args=args)
        process.start()
        self._alive[number] = process

    def kill(self, rng: random.Random) -> None:
        """Kill one worker, now."""
        process = rng.choice(sorted(self._alive.values(), key=lambda worker: worker.name))
        process.kill()
        process.join()
        if process.exitcode == _KILLED:
            self.kills += 1

    def step(self) -> bool:
        """See to those who ended; whether anybody is left."""
        for number, process in list(self._alive.items()):
            if process.exitcode is None:
                continue
            del self._alive[number]
            if process.exitcode == _KILLED:
                self.killed.add(process.pid or 0)
            elif process.exitcode != _GAVE_UP:
                if process.exitcode:
                    self.complaints.append(f"worker {number} ended with {process.exitcode}")
                continue
            self.restarts += 1
            self.start(number, f"study {number % 2} again {self.restarts}")
        return bool(self._alive)


class _Logged(Store):
    """A store that notes what is begun and what is kept, in the order of time."""

    log: int

    def finish(self, job: Job, records: Mapping[str, Mapping[str, Any]]) -> None:
        super().finish(job, records)
        self.note("kept", job)

    def note(self, word: str, job: Job) -> None:
        """One line a run, in one write."""
        lines = "".join(f"{word} {os.getpid()} {key}\n" for key in job.keys)
        os.write(self.log, lines.encode())


def _worker(folder: Path, runs: int, job_s: float, number: int, study: str) -> None:
    rng = random.Random(f"{number} {study}")
    try:
        store = _Logged(folder / "store.db", study=study)
        store.log = os.open(folder / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

        def train(job: Job) -> dict[str, dict[str, Any]]:
            store.note("begin", job)
            time.sleep(rng.uniform(0, 2 * job_s))
            return {key: record_of(own) for key, own in job.runs.items()}

        seeds = list(range(runs))
        while seeds:
            size = rng.randint(1, 12)
            first = rng.randrange(len(seeds))
            part, seeds[first : first + size] = seeds[first : first + size], []
            wanted = {key_of(seed): seed for seed in part}
            found = store.obtain([Job({"study": study}, wanted)], train)
            assert found == {key_of(seed): record_of(seed) for seed in part}
        store.close()
    except RunFailedError:
        os._exit(_GAVE_UP)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _repeated(folder: Path, killed: set[int]) -> int:
    """Runs begun again though they were kept, or though who began them was never killed."""
    state: dict[str, tuple[str, int]] = defaultdict(lambda: ("", 0))
    repeated: Counter[str] = Counter()
    for line in (folder / "log").read_text().splitlines():
        word, pid, key = line.split()
        before, owner = state[key]
        if word == "begin" and (before == "kept" or (before == "begin" and owner not in killed)):
            repeated[key] += 1
        state[key] = (word, int(pid))
    return len(repeated)
