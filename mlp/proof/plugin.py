"""What the plugin costs where it is not used: `python -m mlp.proof.plugin`.

Printed: the milliseconds that it adds to a session of one plain test, and those that its import
takes in a process that has imported pytest. Sessions with and without it take turns.
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

from mlp.command import check_least

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 20
IMPORT = (
    "import pytest, time; began = time.perf_counter(); import mlp.suite.plugin; "
    "print(time.perf_counter() - began)"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m mlp.proof.plugin", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="default: %(default)s")
    rounds = parser.parse_args(arguments).rounds
    check_least(parser, {"--rounds": rounds}, {"--rounds": 1})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_plain.py").write_text("def test_plain():\n    pass\n", encoding="utf-8")
        session(folder, "test_plain.py")  # so that all is compiled and in memory
        tell(folder, rounds)
        imports = [float(_python(folder, "-c", IMPORT)) for _ in range(rounds)]
    print(f"{1e3 * statistics.median(imports):.1f} ms that its import takes, median of {rounds}")


def tell(folder: Path, rounds: int = ROUNDS) -> None:
    """Print what the plugin adds to a session of `test_plain.py`, which lies in `folder`."""
    took: dict[bool, list[float]] = {True: [], False: []}
    for n in range(rounds):
        for ours in (n % 2 == 0, n % 2 == 1):
            took[ours].append(session(folder, "test_plain.py", plugin=ours))
    added = [1e3 * (ours - plain) for ours, plain in zip(took[True], took[False], strict=True)]
    low, middle, high = statistics.quantiles(added, n=4) if rounds > 1 else 3 * added
    print(
        f"{middle:.0f} ms that the plugin adds to a session that does not use it, of "
        f"{1e3 * statistics.median(took[False]):.0f} ms; half of {rounds} pairs of sessions lie "
        f"between {low:.0f} and {high:.0f}"
    )


def session(folder: Path, *words: str, plugin: bool = True) -> float:
    """Seconds of a pytest session in a folder."""
    began = time.perf_counter()
    _python(
        folder, "-m", "pytest", "-q", "-p", f"{'' if plugin else 'no:'}mlp.suite.plugin", *words
    )
    return time.perf_counter() - began


def _python(folder: Path, *words: str) -> str:
    """What Python prints in a folder, with this package where imports are looked for."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


if __name__ == "__main__":
    main()
