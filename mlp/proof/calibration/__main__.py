"""The calibration: how often verdicts are false, and how many seeds they take.

`measure` simulates comparisons and prints the tables; `sentences` prints what the committed
measurement shows, as the page mlp/stats/README.md says it; `differences` counts the differences of
saved studies anew, which `measure` resamples.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mlp.command import check_least, new_file
from mlp.proof.calibration import differences, measurement, promise
from mlp.stats import CLAIM_ERROR


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; the exit status."""
    given = options(arguments)
    if given.command == "measure":
        return measurement.measure(
            sims=given.sims or (10_000 if given.quick else 100_000),
            seed=given.seed,
            quick=given.quick,
            claim_error=given.claim_error,
            markdown=given.markdown,
            json_file=given.json,
            picture_file=given.picture,
        )
    if given.command == "sentences":
        for name, sentence in promise.sentences().items():
            print(f"{name}:\n{sentence}\n")
        return 0
    count = differences.commit(given.studies)
    print(f"{count} claims' differences are in {differences.FILE}")
    return 0


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="python -m mlp.proof.calibration", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    about = (
        "Measure the rates of false verdicts on every declared scenario, for the interval in use "
        "and for alternatives, on the differences of a study's claims, resampled, and on all laws "
        "of two values; with power curves. Laws of at most three values are worked out exactly, "
        "the others simulated. Exit status 1 if a promised rate is not kept."
    )
    command = commands.add_parser("measure", help="print rates and costs", description=about)
    add = command.add_argument
    add("--sims", type=int, help="simulated comparisons per law, at least 1 (100000)")
    add("--seed", type=int, default=0, help="seed of the simulation, at least 0 (0)")
    add("--quick", action="store_true", help="10000 simulations, two methods, looks to 128")
    what = "the rates of the interval in use"
    add("--json", type=new_file, metavar="FILE", help=f"write {what}, and its power, to FILE")
    add(
        "--picture",
        type=new_file,
        metavar="FILE",
        help=f"draw {what}, by true effect, to FILE (SVG)",
    )
    add(
        "--claim-error",
        type=float,
        default=CLAIM_ERROR,
        metavar="RATE",
        help=(
            "stated rate of a claim at which seeds and power are told, between 0 and 1 "
            f"(the suite's: {CLAIM_ERROR:.3g}); the false verdicts are measured at the same rates "
            "whatever it is"
        ),
    )
    add("--markdown", action="store_true", help="print the tables as Markdown")
    commands.add_parser("sentences", help="print what the committed measurement shows")
    studies = commands.add_parser("differences", help="count the differences of saved studies")
    studies.add_argument(
        "studies", type=Path, nargs="+", metavar="STUDY", help="files that --mlp-save wrote"
    )
    given = parser.parse_args(arguments)
    if given.command == "measure":
        told = {"--seed": given.seed} | ({} if given.sims is None else {"--sims": given.sims})
        check_least(command, told, {"--seed": 0, "--sims": 1})
        if not 0.0 < given.claim_error < 1.0:
            command.error(
                f"--claim-error must lie between 0 and 1, got {given.claim_error:g}: try 0.05"
            )
    return given


if __name__ == "__main__":
    sys.exit(main())
