"""One trial: a study struck by a signal and the next on its store, or several studies at once."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from mlp.machine import KILL
from mlp.proof.trials.promises import broken, ending
from mlp.proof.trials.study import STORE, Left, Session, stored

VICTIMS: Mapping[signal.Signals, tuple[str, ...]] = {
    KILL: ("worker", "controller", "everything"),
    signal.SIGINT: ("everything", "controller"),
}
"""Whom a signal may strike. Ctrl-C in a terminal strikes everything, `kill -INT` the controller."""


@dataclass(frozen=True)
class Strike:
    """A signal: to whom, when, as a share of an undisturbed study's time, and which worker."""

    number: signal.Signals
    victim: str
    moment: float
    draw: float


@dataclass(frozen=True)
class Trial:
    """What a trial did, how many runs were `finished` before and `trained` after, what broke.

    Studies that nothing strikes have no `times`.
    """

    kind: str
    times: str
    finished: int
    trained: int
    broken: Sequence[str]

    def __str__(self) -> str:
        verdict = f"BROKEN: {'; '.join(self.broken)}" if self.broken else "ok"
        runs = f"{self.trained} runs trained"
        if self.times:
            runs = f"{self.finished} runs finished, {self.trained} trained after"
        return f"{self.kind}{self.times}: {runs}, {verdict}"


def schedule(number: signal.Signals, seed: int) -> Iterator[Strike]:
    """Strikes without end: each victim in turn, at moments uniform over the study."""
    rng = random.Random(f"{number.name} {seed}")
    while True:
        for victim in VICTIMS[number]:
            yield Strike(number, victim, rng.random(), rng.random())


def struck(words: Sequence[str], strike: Strike, folder: Path, whole: Left) -> Trial | None:
    """A study struck, and the next to finish it; None if it ended before it could be struck."""
    at = strike.moment * whole.seconds
    with Session(folder, "struck", words, workers=2) as first:
        if first.wait(at) or not first.strike(strike.number, strike.victim, strike.draw):
            return None
        since = time.monotonic()
        first.wait(_limit(whole))
        took = time.monotonic() - since
        with first.paused():
            before = stored(folder / STORE)
        with Session(folder, "next", words, workers=2) as second:
            second.wait(_limit(whole))
            after = second.left()
        left = first.left()
    found = broken(whole, after, before, left.kept)
    found += ending(left, took, interrupted=strike.number == signal.SIGINT)
    kind = f"{strike.number.name} to {strike.victim}"
    times = f" at {at:.1f} s, ended in {took:.1f} s, the next in {after.seconds:.1f} s"
    return Trial(kind, times, len(before), len(after.kept), found)


def crowd(words: Sequence[str], sizes: Sequence[int], folder: Path, whole: Left) -> Trial:
    """Studies of `sizes` workers, at once on a cold store, held against an undisturbed one."""
    lefts = at_once(words, sizes, folder, _limit(whole))
    found = []
    for left in lefts:
        others = [key for other in lefts if other is not left for key in other.kept]
        found += broken(whole, left, {}, others)
    kind = "cold " + " and ".join(f"-n{size}" for size in sizes)
    return Trial(kind, "", 0, sum(len(left.kept) for left in lefts), found)


def at_once(words: Sequence[str], sizes: Sequence[int], folder: Path, seconds: float) -> list[Left]:
    """What studies of `sizes` workers leave that share the store in `folder`."""
    with ExitStack() as stack:
        studies = [
            stack.enter_context(Session(folder, f"study-{number}", words, workers))
            for number, workers in enumerate(sizes)
        ]
        for study in studies:
            study.wait(seconds)
        return [study.left() for study in studies]


def _limit(whole: Left) -> float:
    """Seconds after which a study is taken to hang."""
    return 120 + 10 * whole.seconds
