"""Fault trials of the store: `python -m mlp.proof.faults corrupt` and `... stress`.

Prints counted results; exits with status 1 if any trial broke a promise.
"""

import argparse
import sys
from collections.abc import Sequence

from mlp.command import check_least
from mlp.proof import corruption, stress


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the trials asked for on the command line; the exit status."""
    chosen = options(arguments)
    if chosen.command == "corrupt":
        return _corrupt(chosen.trials, chosen.seed)
    result = stress.run(chosen.workers, chosen.runs, chosen.kills, chosen.seed)
    print(result)
    return 0 if result.is_good else 1


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="python -m mlp.proof.faults", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    corrupt = commands.add_parser("corrupt", help="damage the file in many ways")
    corrupt.add_argument("--trials", type=int, default=440, help="at least 1 (440)")
    corrupt.add_argument("--seed", type=int, default=0, help="of the first trial")
    kill = commands.add_parser("stress", help="many processes, some killed")
    kill.add_argument("--workers", type=int, default=8, help="at least 1 (8)")
    kill.add_argument("--runs", type=int, default=600, help="at least 1 (600)")
    kill.add_argument("--kills", type=int, default=40, help="at least 0 (40)")
    kill.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    least = {"--trials": 1, "--workers": 1, "--runs": 1, "--kills": 0}
    given = {f"--{name}": value for name, value in vars(chosen).items()}
    check_least(parser, {name: given[name] for name in least if name in given}, least)
    return chosen


def _corrupt(trials: int, seed: int) -> int:
    done = corruption.run(trials, seed)
    print(corruption.table(done))
    broken = [trial for trial in done if trial.outcome == "violation"]
    for trial in broken:
        print(f"{trial.kind}, seed {trial.seed}: {trial.seen}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
