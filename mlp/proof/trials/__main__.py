"""Trials of whole studies, with real training: does a study keep its promises?

`kill` and `interrupt` strike a cold study at a random moment and have the next one finish it;
`together` runs several at once on one store; `twice` repeats one on cold stores. Each must end with
the exit status, the verdicts and, byte for byte, the runs of an undisturbed study, and must train
what is unfinished, each run once. Exits with status 1 if a promise was broken; the files of such a
trial are kept.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle
from pathlib import Path

from mlp.command import check_least
from mlp.machine import KILL
from mlp.proof.trials.promises import broken
from mlp.proof.trials.study import Left
from mlp.proof.trials.trial import Trial, at_once, crowd, schedule, struck
from mlp.store import StoreError

STUDY = (
    "hypotheses --mlp-protocol=brief --mlp-dataset=iris --mlp-seeds=32 -k 'alone_rescues_matmul "
    "or operation_alone_changes or reporting or planted or one_gene_rescues_layers'"
)
COMMANDS: dict[str, tuple[int, str]] = {
    "kill": (50, "kill -9 a worker, the controller or everything"),
    "interrupt": (20, "Ctrl-C, to everything or to the controller alone"),
    "together": (3, "at once two studies of 2 workers, one of 8, two of 4"),
    "twice": (2, "again on a cold store, with 2 workers and with none"),
}
SIGNALS = {"kill": KILL, "interrupt": signal.SIGINT}
CROWDS: dict[str, list[tuple[int, ...]]] = {
    "together": [(2, 2), (8,), (4, 4)],
    "twice": [(2,), (0,)],
}
"""Studies at once on one cold store: the workers of each."""

UNDISTURBED_S = 3600.0
"""How long the undisturbed study may take."""

Attempt = Callable[[Path, Left], Trial | None]


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="python -m mlp.proof.trials", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (number, about) in COMMANDS.items():
        command = commands.add_parser(name, help=about, description=about)
        add = command.add_argument
        few = f"at least 1; default: {number}"
        add("--trials", type=int, default=number, metavar="N", help=few)
        add("--study", default=STUDY, metavar="WORDS", help=f"what pytest runs; default: {STUDY}")
        if name in SIGNALS:
            add("--seed", type=int, default=0, metavar="N", help="of the moments; default: 0")
    chosen = parser.parse_args(arguments)
    check_least(parser, {"--trials": chosen.trials}, {"--trials": 1})
    return chosen


def attempts(chosen: argparse.Namespace, words: Sequence[str]) -> Iterator[Attempt]:
    """The command's trials, without end: each takes an empty folder and the undisturbed study."""
    if chosen.command in SIGNALS:
        for strike in schedule(SIGNALS[chosen.command], chosen.seed):
            yield partial(struck, words, strike)
    for sizes in cycle(CROWDS[chosen.command]):
        yield partial(crowd, words, sizes)


def summary(done: Sequence[Trial], late: int, seconds: float) -> str:
    """The trials, counted."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(t.kind for t in done).items())
    return (
        f"{len(done)} trials in {seconds / 60:.0f} min ({kinds or 'none'}): "
        f"{sum(t.trained for t in done)} runs trained, those finished before left alone "
        f"({sum(t.finished for t in done)}); {sum(bool(t.broken) for t in done)} trials broken"
        + (f"; {late} studies more ended too soon to be struck" if late else "")
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the trials asked for on the command line; the exit status, 130 if interrupted."""
    chosen = options(arguments)
    words = shlex.split(chosen.study)
    # A shell has what it runs in the background ignore Ctrl-C, and its studies would too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    done: list[Trial] = []
    late, began, status = 0, time.monotonic(), 0
    try:
        whole = _undisturbed(words)
        for attempt in attempts(chosen, words):
            if len(done) == chosen.trials:
                break
            started = time.monotonic()
            trial = _in_a_folder(attempt, whole)
            if trial is None:
                late += 1
                continue
            done.append(trial)
            status = 1 if trial.broken else status
            _tell(f"{len(done)} of {chosen.trials}: {trial}", time.monotonic() - started)
    except KeyboardInterrupt:
        print("interrupted: this is what was done", file=sys.stderr)
        status = 130
    print(summary(done, late, time.monotonic() - began))
    return status


def _undisturbed(words: Sequence[str]) -> Left:
    with tempfile.TemporaryDirectory() as folder:
        (whole,) = at_once(words, (2,), Path(folder), UNDISTURBED_S)
    _tell(f"undisturbed: {len(whole.runs)} runs, {len(whole.claims)} claims", whole.seconds)
    if broken(whole, whole, {}) or not (whole.runs and whole.claims):
        sys.exit(
            f"{whole.said[-2000:]}\na study of trials must train runs and settle all its claims; "
            "this one did not, even undisturbed: give another --study"
        )
    return whole


def _in_a_folder(attempt: Attempt, whole: Left) -> Trial | None:
    """The trial, in a folder that is kept if it broke a promise."""
    folder = Path(tempfile.mkdtemp(prefix="mlp-trial-"))
    trial = None
    try:
        trial = attempt(folder, whole)
    except StoreError as error:
        trial = Trial("the store cannot be read", "", 0, 0, [str(error)])
    finally:
        if trial is None or not trial.broken:
            shutil.rmtree(folder)
    if trial is None or not trial.broken:
        return trial
    return replace(trial, broken=[*trial.broken, f"its files are in {folder}"])


def _tell(text: str, seconds: float) -> None:
    print(f"{text} ({seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    sys.exit(main())
