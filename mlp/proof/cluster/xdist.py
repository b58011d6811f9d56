"""One machine's two ways: attempts on a cluster of its own, and xdist with the store's queue."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mlp.proof.cluster.suite import python_path
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


def main(claims: int, rounds: int) -> int:
    """Print what each way takes, in turn; the exit status is 1 if they left other runs."""
    spent: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    kept = []
    for _ in range(rounds):
        for way, words in WAYS.items():
            with tempfile.TemporaryDirectory() as name:
                spent[way].append(_session(Path(name), claims, words))
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
    print(
        f"{claims} claims, {len(kept[0]):,} runs, median of {rounds}: {', '.join(told)}; "
        f"ratio {ratios[0]:.2f} ({ratios[1]:.2f}); load {os.getloadavg()[1]:.0f}"
    )
    return 0 if all(one == kept[0] for one in kept) else 1


def _session(folder: Path, claims: int, words: tuple[str, ...]) -> tuple[float, float]:
    """Seconds of a session on a cold store: of time, and of processor time of all its processes."""
    (folder / "nothing.py").write_text(SPECIES, encoding="utf-8")
    (folder / "test_claims.py").write_text(CLAIMS.format(claims=claims), encoding="utf-8")
    ini = f"[pytest]\nmlp_suite = true\nmlp_claims = {claims}\n"
    (folder / "pytest.ini").write_text(ini, encoding="utf-8")
    plugin = ["-q", "-p", "mlp.suite.plugin", "--mlp-store=runs.db"]
    began, before = time.monotonic(), os.times()
    subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": python_path(folder)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = os.times()
    used = sum(after[i] - before[i] for i in (2, 3))  # of children that have ended
    return time.monotonic() - began, used
