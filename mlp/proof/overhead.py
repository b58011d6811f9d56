"""What the lab costs: `python -m mlp.proof.overhead`.

Printed: milliseconds a run of a `train` that does nothing, on two workers; seconds of a warm
session that decides 200 claims; milliseconds that the plugin adds to one that does not use it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPECIES = """
from mlp import Genome, gene

class Nothing(Genome):
    k: int = gene("nothing", at_least=0)

    def train(self, seed):
        return 0.5
"""
CLAIMS = """
import pytest
from nothing import Nothing

@pytest.mark.parametrize("i", range({cohorts}))
def test_all(lab, i):
    lab.cohort(Nothing(k=i), seeds=250)
    lab.compare(Nothing(k=i), Nothing(k=i + 1), margin=0.1).assert_equivalent()
"""
WARM = """
import pytest
from nothing import Nothing

@pytest.mark.parametrize("i", range(200))
def test_one(lab, i):
    a, b = i % {cohorts}, (i + 1 + i // {cohorts} % {most}) % {cohorts}
    lab.compare(Nothing(k=a), Nothing(k=b), margin=0.05).assert_equivalent()
"""
ROUNDS = 20


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m mlp.proof.overhead", description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    cohorts = max(2, parser.parse_args(arguments).runs // 250)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\nmlp_claims = 300\n")
        (folder / "nothing.py").write_text(SPECIES)
        (folder / "test_cold.py").write_text(CLAIMS.format(cohorts=cohorts))
        (folder / "test_warm.py").write_text(WARM.format(cohorts=cohorts, most=cohorts - 1))
        (folder / "test_plain.py").write_text("def test_plain():\n    pass\n")
        cold = _session(folder, "test_cold.py", "-n2")
        again = _session(folder, "test_cold.py", "-n2")
        runs = cohorts * 250
        print(f"{1e3 * (cold - again) / runs:.2f} ms a run, of {runs:,} on two workers")
        print(f"{_session(folder, 'test_warm.py', '-n2'):.1f} s for 200 claims on stored runs")
        ours, plain = [], []
        for _ in range(ROUNDS):
            ours.append(_session(folder, "test_plain.py"))
            plain.append(_session(folder, "test_plain.py", plugin=False))
        added = statistics.median(a - b for a, b in zip(ours, plain, strict=True))
        print(f"{1e3 * added:.0f} ms that the plugin adds to a session that does not use it")


def _session(folder: Path, *words: str, plugin: bool = True) -> float:
    """Seconds of a pytest session."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    given = ["-p", "mlp.suite.plugin"] if plugin else ["-p", "no:mlp.suite.plugin"]
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *given, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
