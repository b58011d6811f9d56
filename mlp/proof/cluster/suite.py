"""A suite of claims about trivial runs, on a cluster: what kills and measurements run.

A claim looks at 4, 8, ... runs until their mean is far enough from a half, and asserts on which
side it lies. Its verdict follows from the runs, so it is the same whoever trains them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlp.cluster.store import ClusterStore
from mlp.store import Store

ROOT = Path(__file__).resolve().parents[3]

CONFTEST = """
import json, os, time
import pytest
from mlp.proof.cluster import trivial
from mlp.cluster.attempts import Attempts
from mlp.proof.cluster.suite import NotedStore
from mlp.store import Store

SETTINGS = json.loads(os.environ["MLP_CLUSTER_SUITE"])

class Lab:
    def __init__(self, store):
        self.store = store

    def runs(self, name, seeds, **spec):
        wanted = trivial.jobs(name, range(seeds), SETTINGS["size"], **spec)
        return self.store.obtain(wanted, trivial.train)

def pytest_configure(config):
    if not SETTINGS["address"]:
        config.door = Store("runs.db")
        return
    config.door = NotedStore("runs.db", cluster=SETTINGS["address"], patience=SETTINGS["patience"])
    while config.door.workers < SETTINGS["workers"]:
        time.sleep(0.05)
    config.door.note("began", "all")
    config.pluginmanager.register(Attempts(config.door, lambda item: "lab" in item.fixturenames))

def pytest_unconfigure(config):
    if hasattr(config, "door"):
        config.door.close()

@pytest.fixture
def lab(request):
    return Lab(request.config.door)
"""

CLAIMS = """
import json, os
import pytest

SETTINGS = json.loads(os.environ["MLP_CLUSTER_SUITE"])

@pytest.mark.parametrize("n", range(SETTINGS["claims"]))
def test_claim(lab, n):
    for seeds in SETTINGS["looks"]:
        how = {name: SETTINGS[name] for name in ("seconds", "journal")}
        found = lab.runs(f"claim {n}", seeds, **how)
        mean = sum(record["score"] for record in found.values()) / seeds
        if abs(mean - 0.5) > 0.08:
            break
    assert mean > 0.5
"""

JOURNAL, NOTES = "journal", "notes"


class NotedStore(ClusterStore):
    """A store that notes in a file when it has kept which run."""

    def put(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep the runs, and note that they are kept."""
        super().put(records)
        self.note("kept", *records)

    def note(self, word: str, *what: str) -> None:
        """Append lines to the notes beside the store."""
        with Path(self.path).with_name(NOTES).open("a", encoding="utf-8") as file:
            file.write("".join(f"{word} {each} {time.time()}\n" for each in what))


def cluster_here(workers: int, **how: Any) -> Any:
    """A cluster of that many workers on this machine, `distributed.LocalCluster(**how)`."""
    from distributed import LocalCluster

    quiet = {"dashboard_address": "127.0.0.1:0", "silence_logs": 50, "protocol": "tcp://"}
    return LocalCluster(n_workers=workers, threads_per_worker=1, memory_limit=0, **quiet, **how)


@dataclass(frozen=True)
class Suite:
    """A folder with a suite of claims on a cluster.

    address: the cluster's; "": this session trains itself.
    claims, looks: how many claims, and at how many runs each looks. seconds: how long a run takes.
    size: how many runs are trained together. workers: how many must be there before the first test.
    """

    folder: Path
    address: str
    claims: int = 24
    looks: tuple[int, ...] = (4, 8, 12, 16)
    seconds: float = 0.05
    size: int = 2
    workers: int = 1
    patience: float = 20.0

    def start(self) -> subprocess.Popen[bytes]:
        """A session of pytest on the suite, whose output goes to a file."""
        import json

        settings = {name: value for name, value in vars(self).items() if name != "folder"}
        settings["journal"] = str(self.folder / JOURNAL)
        (self.folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
        (self.folder / "test_claims.py").write_text(CLAIMS, encoding="utf-8")
        (self.folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        environment = {**os.environ, "MLP_CLUSTER_SUITE": json.dumps(settings)}
        environment["PYTHONPATH"] = python_path(self.folder)
        command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "-p", "no:xdist"]
        with (self.folder / "output").open("ab") as output:
            return subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=output, stderr=output
            )

    def verdicts(self) -> dict[str, str]:
        """The last verdict on each claim, as pytest told it; half a line is none."""
        return dict(re.findall(r"^(test_claims\.py::\S+) (PASSED|FAILED)", self.said(), re.M))

    def said(self) -> str:
        """What the sessions have printed."""
        return (self.folder / "output").read_text(encoding="utf-8")

    def runs(self) -> dict[str, dict[str, Any]]:
        """All runs that the store holds."""
        with Store(self.folder / "runs.db") as store:
            return dict(store.items())

    def trained(self) -> list[tuple[str, float, str]]:
        """Each training of a run: its key, when it began, by which thread."""
        lines = _lines(self.folder / JOURNAL)
        return [(key, float(began), worker) for key, began, worker in lines]

    def kept(self) -> dict[str, float]:
        """When each run was first kept."""
        found: dict[str, float] = {}
        for word, key, at in _lines(self.folder / NOTES):
            if word == "kept":
                found.setdefault(key, float(at))
        return found

    def began(self) -> float:
        """When the last session began to make claims."""
        return [float(at) for word, _, at in _lines(self.folder / NOTES) if word == "began"][-1]


def python_path(*folders: Path) -> str:
    """What a process started here needs to import this package, and from the folders."""
    given = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join(filter(None, [str(ROOT), *map(str, folders), given]))


def _lines(path: Path) -> list[list[str]]:
    if not path.exists():
        return []
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if len(line) == 3]
