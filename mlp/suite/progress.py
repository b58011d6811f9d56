"""Live progress while runs are trained: a line that renews itself, or plain lines in a log."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from typing import TextIO

from mlp.store import Progress, StoreError

_STILL_S = 300
"""A log is told at least this often that nothing has changed, or a service takes it for dead."""

_FAITH_S = 30.0
"""An estimate trusts what runs cost earlier as much as this many seconds of the session itself."""

Tests = tuple[int, int]

_CLEAR = "\x1b[J"
_BELOW = "\x1bD\x1b[A\x1b7\x1b[B\r"
_HERE = "\x1b7"
_BACK = "\x1b8"


class Ticker:
    """Prints the state of a study while it trains, from a thread of its own.

    Between `start` and `stop`, or within a `with`: `with Ticker(lab.store.progress, sys.stderr):`.

    Args:
        progress: where the study stands.
        stream: where to write. A terminal gets a line that renews itself twice a second, below
            what pytest has printed; anything else a plain line every `every` seconds, if the state
            has changed.
        tests: how many tests have ended, on a cluster how many lack no runs any more, and of how
            many; of 0 while that is not known.
        workers: how many processes train; 0 is taken for 1.
        midline: whether what was printed last did not end its line.
    """

    def __init__(
        self,
        progress: Callable[[], Progress],
        stream: TextIO,
        tests: Callable[[], Tests] = lambda: (0, 0),
        workers: Callable[[], int] = lambda: 1,
        midline: Callable[[], bool] = lambda: False,
        every: float = 20,
    ) -> None:
        self._progress, self._stream, self._tests = progress, stream, tests
        self._workers, self._midline = workers, midline
        self._first: float | None = None
        self._live = stream.isatty() and _obeys()
        self._every = 0.5 if self._live else every
        self._began = time.monotonic()
        self._last: tuple[Progress, Tests, float] | None = None
        self._mark = 0.0, 0.0
        self._shown = False
        self._said = ""
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to print."""
        self._thread.start()

    def clear(self) -> None:
        """Take the line that renews itself off the terminal, before something else is printed."""
        with self._lock:
            if self._shown:
                self._shown = False
                self._write(_CLEAR)

    def say(self, text: str) -> None:
        """Print `text` at once, and from now on in place of the state of the study."""
        with self._lock:
            self._said = text
        if self._live:
            self._renew(text)
        else:
            self._write_line(text)

    def stop(self) -> None:
        """Print no more; clear the line that renewed itself."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        self.clear()

    def __enter__(self) -> Ticker:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            try:
                state = self._progress()
            except StoreError:
                continue
            self._show(state, time.monotonic() - self._began)

    def _show(self, state: Progress, seconds: float) -> None:
        if state.cost_done != self._mark[0]:
            self._mark = state.cost_done, seconds
        ended, collected = tests = self._tests()
        asked = state.cost_left + state.cost_done
        if self._first is None and (asked or collected):
            self._first = asked
        later = (asked - (self._first or 0)) * (collected - ended) / ended if ended else 0.0
        passed = self._mark[1], seconds - self._mark[1] if state.finished else 0.0
        text = describe(state, *passed, tests=tests, workers=self._workers(), later=later)
        if self._live:
            self._renew(text)
        elif (
            is_busy(state) and text and not self._said and not self._is_told(state, tests, seconds)
        ):
            self._last = state, tests, seconds
            self._write_line(text)

    def _is_told(self, state: Progress, tests: Tests, seconds: float) -> bool:
        return (
            self._last is not None
            and self._last[:2] == (state, tests)
            and seconds - self._last[2] < _STILL_S
        )

    def _renew(self, text: str) -> None:
        with self._lock:
            if self._stop.is_set():
                return
            width = shutil.get_terminal_size().columns - 1
            text = self._said or text
            if text:
                self._shown = True
                self._write(f"{_CLEAR}{_BELOW if self._midline() else _HERE}{text[:width]}{_BACK}")
            elif self._shown:
                self._shown = False
                self._write(_CLEAR)

    def _write_line(self, text: str) -> None:
        self._write(f"\n{text}\n" if self._midline() else f"{text}\n")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._stop.set()


def _obeys() -> bool:
    """Whether a terminal here does what control sequences say; of Windows', one is known to."""
    if os.name == "nt":
        return "WT_SESSION" in os.environ
    return os.environ.get("TERM") != "dumb"


def describe(
    progress: Progress,
    seconds: float,
    since: float = 0.0,
    *,
    tests: Tests = (0, 0),
    workers: int = 1,
    later: float = 0.0,
) -> str:
    """One line of progress, at most 79 columns; empty when there is nothing to wait for.

    `seconds` is how long it took to do what is done, `since` how long ago that was: the time left
    counts down between one job's end and the next. `later` is what the tests are expected to cost
    beyond what has been asked for.
    """
    ended, collected, workers = *tests, max(1, workers)
    if (collected and ended >= collected) or not (collected or is_busy(progress)):
        return ""
    told = [f"{ended} of {collected} tests"] if collected else []
    if is_busy(progress):
        total = progress.finished + progress.queued + progress.running
        told.append(f"{progress.finished:,} of {total:,} runs")
        done, left = progress.cost_done / workers, (progress.cost_left + later) / workers
        slower = (seconds + _FAITH_S) / (done + _FAITH_S)
        told.append(f"about {_duration(max(1.0, left * slower - since))} left")
    return f"mlp: {', '.join(told)}"


def announce(progress: Progress, tests: int, workers: int) -> str:
    """What is to be done, before any of it is.

    The time is that of the first look of each claim, by what runs cost when they were last trained
    on this machine: claims that need more looks take longer. It is left out where no worker has
    come yet.
    """
    selected = f"{tests} test{'' if tests == 1 else 's'} selected"
    if not is_busy(progress):
        return f"{selected}; the runs for their first look are in the store"
    told = f"{selected}; {progress.queued + progress.running:,} runs to train for their first look"
    how_long = f", about {_duration(max(1.0, progress.cost_left / workers))}" if workers else ""
    return told + how_long


def is_busy(progress: Progress) -> bool:
    """Whether runs are waiting or in training."""
    return progress.queued + progress.running > 0


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def duplicate_stdout() -> TextIO:
    """A stream to where standard output goes now, whatever captures it later."""
    return os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
