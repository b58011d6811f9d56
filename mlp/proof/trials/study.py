"""A study in processes of its own, and what it leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mlp.machine import KILL
from mlp.proof.trials import witness
from mlp.store import Store
from mlp.store.records import encode

ROOT = Path(__file__).resolve().parents[3]
STORE = "runs.sqlite"


@dataclass(frozen=True)
class Left:
    """What a study left behind.

    `status` is its exit status, None if it had not ended in time; `said` is what it printed.
    `claims` are those it saved, by test, as JSON; `kept` the keys of the runs its processes
    trained and kept, a key for each time; `runs` all runs of its store, as stored.
    """

    status: int | None
    said: str
    claims: Mapping[str, str]
    kept: Sequence[str]
    runs: Mapping[str, bytes]
    seconds: float = 0.0


class Session:
    """A study under way on the store in `folder`: pytest and its workers, a process group.

    folder: where its files are, each called `name` and something.
    words: what pytest is to run, on the command line.
    workers: of xdist; 0 for none.

    Leaving its context kills whatever of it still runs.
    """

    def __init__(self, folder: Path, name: str, words: Sequence[str], workers: int) -> None:
        self._store = folder / STORE
        self._said, self._log, self._saved = (
            folder / f"{name}.{kind}" for kind in ("txt", "log", "json")
        )
        command = [sys.executable, "-m", "pytest", *words, f"-n{workers}"]
        command += ["-p", "no:cacheprovider", "-p", witness.__name__]
        command += [f"--mlp-store={self._store}", f"--mlp-save={self._saved}"]
        own = {name: at for name, at in os.environ.items() if not name.startswith("PYTEST_")}
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        self._began = time.monotonic()
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=own | {"PYTHONPATH": path, witness.LOG: str(self._log)},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._seconds = 0.0

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self._signal_all(KILL)
        self._process.wait()

    def wait(self, seconds: float) -> bool:
        """Whether it ended within `seconds`."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
            self._seconds = self._seconds or time.monotonic() - self._began
        return self._process.returncode is not None

    def strike(self, number: int, victim: str, draw: float) -> bool:
        """Send a signal to the victim; False if that has ended already.

        victim: `everything`, the `controller`, or a `worker`: of those there are, or else the first
            to come, the one at `draw`, in [0, 1).
        """
        while victim == "worker" and not self._noted("worker") and not self.wait(0.01):
            pass
        if self.wait(0):
            return False
        if victim == "everything":
            return self._signal_all(number)
        workers = self._noted("worker") if victim == "worker" else [str(self._process.pid)]
        with suppress(ProcessLookupError):
            os.kill(int(workers[int(draw * len(workers))]), number)
            return True
        return False

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Whatever of it still runs stands still meanwhile."""
        self._signal_all(signal.SIGSTOP)
        time.sleep(0.1)
        try:
            yield
        finally:
            self._signal_all(signal.SIGCONT)

    def left(self) -> Left:
        """What it has left behind by now."""
        return Left(
            status=self._process.returncode,
            said=self._said.read_text("utf-8", errors="replace"),
            claims=_claims(self._saved),
            kept=self._noted("kept"),
            runs=stored(self._store),
            seconds=self._seconds,
        )

    def _noted(self, word: str) -> list[str]:
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [line.split()[1] for line in lines if line.startswith(f"{word} ")]

    def _signal_all(self, number: int) -> bool:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
            return True
        return False


def stored(store: Path) -> dict[str, bytes]:
    """The runs in the store by key, as stored. A copy is read: what a kill left stays as it is."""
    with tempfile.TemporaryDirectory() as folder:
        for file in store.parent.glob(f"{store.name}*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, folder)
        with Store(Path(folder, store.name)) as copy:
            return {key: encode(record) for key, record in copy.items()}


def _claims(saved: Path) -> dict[str, str]:
    claims: dict[str, str] = {}
    for row in json.loads(saved.read_text("utf-8"))["claims"] if saved.exists() else ():
        claims[row["nodeid"]] = claims.get(row["nodeid"], "") + json.dumps(row, sort_keys=True)
    return claims
