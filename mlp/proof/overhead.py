"""What the lab costs: `python -m mlp.proof.overhead`.

Printed: milliseconds a run of a `train` that does nothing, on two workers; seconds of a warm
session that decides 200 claims; milliseconds that the plugin adds to one that does not use it.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mlp.proof.plugin import session, tell

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
        cold = session(folder, "test_cold.py", "-n2")
        again = session(folder, "test_cold.py", "-n2")
        runs = cohorts * 250
        print(f"{1e3 * (cold - again) / runs:.2f} ms a run, of {runs:,} on two workers")
        print(f"{session(folder, 'test_warm.py', '-n2'):.1f} s for 200 claims on stored runs")
        tell(folder)


if __name__ == "__main__":
    main()
