"""Names the differences between two programs that make the gap in score: `python -m mlp.diagnose`.

    python -m mlp.diagnose pipeline:MINE pipeline:FIT --margin=0.1

names the genome that does worse, then the one that does better, as module:NAME. A genome is one
program; a gene is a respect in which two may differ; their class is the species (see README.md).
What is trained is kept, so that a second call goes on where the first one stopped. The probability
that a gene is named that does nothing, or called harmless though it matters by twice the margin, is
at most 5%. Exit status: 0 if the gap is explained or there is none, 1 if not, 2 if the question is
refused, 3 if a program fails.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from mlp.command import end_with, holds_other
from mlp.errors import UserError
from mlp.genome import Genome
from mlp.lab import DEFAULT_MARGIN, DEFAULT_SEEDS, DEFAULT_STORE, Lab, LabError
from mlp.lab.blame import leave_out_ours
from mlp.lab.diagnosis import GenomeDiagnosis
from mlp.stats.diagnosis import Finding, Interrupted, Progress

_OURS = '<meta name="generator" content="mlp.diagnose">'
"""What the page written by `--html` holds near its beginning."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status: 0 if the gap is explained or there is none."""
    given = _parser().parse_args(arguments)
    sys.path.insert(0, str(Path.cwd()))
    try:
        if given.html is not None and (given.html.is_dir() or not given.html.parent.is_dir()):
            raise LabError(
                f"--html names a file in a folder that exists; got {given.html}: try page.html"
            )
        if given.html is not None and holds_other(given.html, _OURS):
            raise LabError(
                f"--html replaces only a page of its own; {given.html} is another file: try "
                "page.html"
            )
        bad, good = _genome(given.bad), _genome(given.good)
        if given.protocol is not None and not type(bad).protocols:
            raise LabError(f"{type(bad).__qualname__} has no protocols: leave --protocol out")
        if not bad.strains and type(bad) is type(good) and bad != good:
            names = (given.bad.rpartition(":")[2], given.good.rpartition(":")[2])
            type(bad).name_strains(**dict(zip(names, (bad, good), strict=True)))
        lab = Lab(
            given.store, protocol=given.protocol, seeds=given.seeds, claims=1, real=given.real
        )
        found = lab.diagnose(good, bad, given.dataset, margin=given.margin, progress=_Teller())
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except Interrupted as stopped:
        print(
            f"\n{stopped.diagnosis}\nWhat was trained is kept: the same command goes on from here."
        )
        return 130
    except SystemExit as stop:
        print(
            "a module must not end the program that imports it; one called "
            f"sys.exit({stop.code!r}): put that call under if __name__ == '__main__':",
            file=sys.stderr,
        )
        return 3
    except _ReaderGoneError:
        raise
    except Exception as error:
        leave_out_ours(error)
        traceback.print_exception(error)
        return 3
    except KeyboardInterrupt:
        print("\ninterrupted; what was trained is kept: the same command goes on from here")
        return 130
    print(found)
    if found.found.finding is Finding.REVERSED:
        print(f"Try: python -m mlp.diagnose {given.good} {given.bad}")
    if given.html is not None:
        try:
            given.html.write_text(_page(found), encoding="utf-8")
        except OSError as error:
            print(f"the page cannot be written: {error}: name another --html", file=sys.stderr)
            return 2
        print(f"page: {given.html}")
    return 0 if found.found.finding in (Finding.EXPLAINED, Finding.NO_GAP) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mlp.diagnose",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bad", help="the genome that does worse: module:NAME")
    parser.add_argument("good", help="the genome that does better: module:NAME")
    parser.add_argument("--dataset", help="a dataset that the species knows")
    parser.add_argument("--protocol", help="a protocol that the species knows; default: its first")
    parser.add_argument(
        "--margin",
        type=float,
        default=DEFAULT_MARGIN,
        help=f"the smallest difference in score that counts; default: {DEFAULT_MARGIN}",
    )
    parser.add_argument(
        "--seeds",
        type=int,
        default=DEFAULT_SEEDS,
        help=f"most seeds of a comparison; default: {DEFAULT_SEEDS}",
    )
    parser.add_argument(
        "--store",
        type=Path,
        default=DEFAULT_STORE,
        help=f"file that keeps all finished runs; default: {DEFAULT_STORE}",
    )
    parser.add_argument(
        "--real", action="store_true", help="train by the real executors of the species alone"
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the result as a page")
    return parser


def _genome(name: str) -> Genome:
    """The genome called module:NAME.

    Raises:
        LabError: there is no such module or name, or it is no genome.
    """
    module, _, attribute = name.partition(":")
    if not attribute or not module or module.startswith("."):
        raise LabError(f"a genome is named module:NAME; got {name!r}: try pipeline:MINE")
    try:
        holder = import_module(module)
    except ModuleNotFoundError as error:
        if error.name and not module.startswith(error.name):
            raise
        raise LabError(
            f"a genome's module must be importable from this folder; {module!r} is not: change "
            "to the folder that holds it"
        ) from None
    if not hasattr(holder, attribute):
        raise LabError(f"module {module} must hold the genome; it has no {attribute!r}")
    found = getattr(holder, attribute)
    if not isinstance(found, Genome):
        raise LabError(f"{name} must be a genome; it is {found!r:.60}: name a Loop(...)")
    return found


class _ReaderGoneError(BrokenPipeError):
    """Who read the output has gone: no failure of a program that is trained."""


class _Teller:
    """Prints what is asked, and which genes are out of suspicion, whenever that changes."""

    def __init__(self) -> None:
        self._began, self._told = time.monotonic(), ""

    def __call__(self, progress: Progress) -> None:
        groups = {"ruled out": progress.ruled_out, "seem harmless": progress.seem_harmless}
        told = "; ".join(f"{name}: {', '.join(genes)}" for name, genes in groups.items() if genes)
        try:
            if told not in ("", self._told):
                print(f"         so far {told}")
                self._told = told
            print(f"[{time.monotonic() - self._began:5.0f} s] {progress.asking}", flush=True)
        except BrokenPipeError as gone:
            raise _ReaderGoneError from gone


def _page(found: GenomeDiagnosis) -> str:
    from mlp.report.page import diagnosis_page

    return diagnosis_page(found)


if __name__ == "__main__":
    end_with(main)
