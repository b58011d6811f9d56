"""Fault trials of the store: `python -m mlp.store.faults corrupt` and `... stress`.

Prints counted results; exits with status 1 if any trial broke a promise.
"""

import argparse
import sys
from collections.abc import Sequence

from mlp.store import corruption, stress


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the trials asked for on the command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m mlp.store.faults", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    corrupt = commands.add_parser("corrupt", help="damage the file in many ways")
    corrupt.add_argument("--trials", type=int, default=440)
    corrupt.add_argument("--seed", type=int, default=0, help="of the first trial")
    kill = commands.add_parser("stress", help="many processes, some killed")
    kill.add_argument("--workers", type=int, default=8)
    kill.add_argument("--runs", type=int, default=600)
    kill.add_argument("--kills", type=int, default=40)
    kill.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    if options.command == "corrupt":
        return _corrupt(options.trials, options.seed)
    result = stress.run(options.workers, options.runs, options.kills, options.seed)
    print(result)
    return 0 if result.is_good else 1


def _corrupt(trials: int, seed: int) -> int:
    done = corruption.run(trials, seed)
    print(corruption.table(done))
    broken = [trial for trial in done if trial.outcome == "violation"]
    for trial in broken:
        print(f"{trial.kind}, seed {trial.seed}: {trial.seen}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
