"""One machine's two ways: attempts on a cluster of its own, and xdist with the store's queue."""

from __future__ import annotations

import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from mlp.proof.cluster.suite import ROOT, python_path
from mlp.store import Store

WAYS = {"-n 2": ("-n2",), "local:2": ("--mlp-cluster=local:2", "-p", "no:xdist")}

SPECIES = """
import hashlib
from mlp import Genome, gene

class Nothing(Genome):
    n: int = gene("which claim", at_least=0)
    better: bool = gene("whether scores are higher")

    def train(self, seed):
        drawn = hashlib.sha256(f"{self.n} {self.better} {seed}".encode()).digest()[0]
        return drawn / 2560 + 0.5 * self.better
"""
CLAIMS = """
import pytest
from nothing import Nothing

@pytest.mark.parametrize("n", range({claims}))
def test_better(lab, n):
    lab.compare(Nothing(n=n, better=True), Nothing(n=n, better=False), margin=0.05).assert_better()
"""


def main(claims: int, rounds: int, study: str = "") -> int:
    """Print what each way takes, in turn; the exit status is 1 if they left other runs.

    study: what pytest runs, as on its command line; "": claims about runs that cost nothing.
    """
    spent: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    kept = []
    for _ in range(rounds):
        for way, words in WAYS.items():
            with tempfile.TemporaryDirectory() as name:
                asked = shlex.split(study) or _trivial(Path(name), claims)
                spent[way].append(_session(Path(name), ROOT if study else name, [*asked, *words]))
                with Store(Path(name, "runs.db")) as store:
                    kept.append(dict(store.items()))
    told = [
        f"{way} {statistics.median(wall for wall, _ in took):.1f} s "
        f"({statistics.median(used for _, used in took):.1f} s of processor time)"
        for way, took in spent.items()
    ]
    ratios = [
        statistics.median(b[i] / a[i] for a, b in zip(*spent.values(), strict=True)) for i in (0, 1)
    ]
    what = f"pytest {study}" if study else f"{claims} claims"
    print(
        f"{what}, {len(kept[0]):,} runs, median of {rounds}: {', '.join(told)}; "
        f"ratio {ratios[0]:.2f} ({ratios[1]:.2f}); load {os.getloadavg()[1]:.0f}"
    )
    return 0 if all(one == kept[0] for one in kept) else 1


def _trivial(folder: Path, claims: int) -> list[str]:
    """What pytest runs of a suite of claims about runs that cost nothing."""
    (folder / "nothing.py").write_text(SPECIES, encoding="utf-8")
    (folder / "test_claims.py").write_text(CLAIMS.format(claims=claims), encoding="utf-8")
    ini = f"[pytest]\nmlp_suite = true\nmlp_claims = {claims}\n"
    (folder / "pytest.ini").write_text(ini, encoding="utf-8")
    return ["-p", "mlp.suite.plugin"]


def _session(folder: Path, root: Path | str, words: Sequence[str]) -> tuple[float, float]:
    """Seconds of a session on a cold store: of time, and of processor time of all its processes."""
    store = f"--mlp-store={folder / 'runs.db'}"
    began, before = time.monotonic(), os.times()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", store, *words],
        cwd=root,
        env={**os.environ, "PYTHONPATH": python_path(folder)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = os.times()
    used = sum(after[i] - before[i] for i in (2, 3))  # of children that have ended
    return time.monotonic() - began, used
