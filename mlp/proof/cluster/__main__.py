"""Proofs of what a cluster promises, each a command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlp.command import check_least


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command asked for; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m mlp.proof.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    about = "kill -9 a worker, the scheduler or the session at random moments"
    kill = commands.add_parser("kill", help=about, description=about)
    kill.add_argument("--trials", type=int, default=20, metavar="N", help="default: 20")
    kill.add_argument("--seed", type=int, default=0, metavar="N", help="of the moments; default: 0")
    about = "measure what the cluster adds to a run, with runs that cost nothing"
    overhead = commands.add_parser("overhead", help=about, description=about)
    overhead.add_argument("--runs", type=int, default=20_000, metavar="N", help="default: 20000")
    overhead.add_argument("--address", default="local:2", help="default: local:2")
    about = "measure how soon all workers have work, with many claims"
    claims = commands.add_parser("claims", help=about, description=about)
    claims.add_argument("--claims", type=int, default=200, metavar="N", help="default: 200")
    claims.add_argument("--workers", type=int, default=64, metavar="N", help="default: 64")
    about = "compare studies on clusters whose workers come and go with the same on one machine"
    sizes = commands.add_parser("sizes", help=about, description=about)
    sizes.add_argument(
        "--sizes", type=int, nargs="*", default=[4, 16], metavar="N", help="default: 4 16"
    )
    sizes.add_argument("--threads", type=int, default=64, metavar="N", help="0: none; default: 64")
    about = "measure a suite, or a study, on local:2 and with -n 2, in turn"
    xdist = commands.add_parser("xdist", help=about, description=about)
    xdist.add_argument("--claims", type=int, default=200, metavar="N", help="default: 200")
    xdist.add_argument("--rounds", type=int, default=3, metavar="N", help="default: 3")
    study = "what pytest runs; default: claims about runs that cost nothing"
    xdist.add_argument("--study", default="", metavar="WORDS", help=study)
    about = "simulate studies on 16, 128 and 1,024 workers, from measured constants"
    simulate = commands.add_parser("simulate", help=about, description=about)
    simulate.add_argument("studies", nargs="+", type=Path, metavar="FILE", help="saved studies")
    chosen = parser.parse_args(arguments)
    counts = {f"--{name}": value for name, value in vars(chosen).items() if name in _COUNTS}
    check_least(parser, counts, dict.fromkeys(counts, 1))
    return _run(chosen)


_COUNTS = ("trials", "runs", "claims", "workers", "rounds")


def _run(chosen: argparse.Namespace) -> int:
    from mlp.proof.cluster import kill, measure, simulate, sizes, xdist

    if chosen.command == "kill":
        return kill.main(chosen.trials, chosen.seed)
    if chosen.command == "overhead":
        return measure.overhead(chosen.runs, chosen.address)
    if chosen.command == "claims":
        return measure.claims(chosen.claims, chosen.workers)
    if chosen.command == "sizes":
        return sizes.main(chosen.sizes, chosen.threads)
    if chosen.command == "xdist":
        return xdist.main(chosen.claims, chosen.rounds, chosen.study)
    return simulate.main(chosen.studies)


if __name__ == "__main__":
    sys.exit(main())
