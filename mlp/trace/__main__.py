"""Compare what two training programs did, from the traces that `watch(..., to=FILE)` wrote."""

from __future__ import annotations

import argparse
import sys

from mlp.command import end_with
from mlp.trace.divergence import first_divergence
from mlp.trace.errors import TraceError
from mlp.trace.page import write_page
from mlp.trace.picture import draw_picture

DIFFERENT, REFUSED = 1, 2


def options(argv: list[str] | None) -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="python -m mlp.trace", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    compare = commands.add_parser(
        "compare",
        help="print where two traces part",
        description="Print where two traces part. Exit code: 0 if nowhere, 1 if they do, 2 if they "
        "cannot be compared.",
    )
    add = compare.add_argument
    add("a", help="the trace of one program, a file")
    add("b", help="the trace of the other, a file")
    add("--repeat", metavar="FILE", help="a second trace of a or b, to measure its own rounding")
    add(
        "--map",
        action="append",
        metavar="A=B",
        help="variable A of the first stands for B of the second; may be repeated "
        "(default: by shape and order)",
    )
    add("--html", metavar="FILE", help="also write a page (default: none)")
    add("--picture", metavar="FILE", help="also draw a picture, .png, .svg or .pdf (default: none)")
    return parser.parse_args(argv)


def names(given: list[str] | None) -> dict[str, str] | None:
    """The mapping of variables.

    Raises:
        TraceError: one is not of the form A=B.
    """
    if given is None:
        return None
    pairs = [text.split("=", 1) for text in given]
    for text, pair in zip(given, pairs, strict=True):
        if len(pair) != 2 or not all(pair):
            raise TraceError(f"--map takes A=B, a variable of each trace; got {text!r}")
    return dict(pairs)


def compare(chosen: argparse.Namespace) -> int:
    """Print the ladder of two traces."""
    found = first_divergence(chosen.a, chosen.b, repeat=chosen.repeat, names=names(chosen.map))
    print(found)
    for write, path in ((write_page, chosen.html), (draw_picture, chosen.picture)):
        if path:
            print(f"written: {write(found, path)}")
    return DIFFERENT if found.findings else 0


def main(argv: list[str] | None = None) -> int:
    """Run the command; 2 with a sentence where it is refused."""
    chosen = options(argv)
    try:
        return compare(chosen)
    except TraceError as error:
        print(f"python -m mlp.trace: {error}", file=sys.stderr)
        return REFUSED


if __name__ == "__main__":
    end_with(main)
