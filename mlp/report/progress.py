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

Tests = tuple[int, int]

_CLEAR = "\x1b[J"
_BELOW = "\x1bD\x1b[A\x1b7\x1b[B\r"
_BACK = "\x1b8"


class Ticker:
    """Prints the state of a study while it trains, from a thread of its own.

    Between `start` and `stop`, or within a `with`: `with Ticker(lab.store.progress, sys.stderr):`.

    Args:
        progress: where the study stands.
        stream: where to write. A terminal gets a line that renews itself twice a second, below
            what pytest has printed; anything else a plain line every `every` seconds, if the state
            has changed.
        tests: how many tests have ended, and of how many; of 0 while that is not known.
    """

    def __init__(
        self,
        progress: Callable[[], Progress],
        stream: TextIO,
        tests: Callable[[], Tests] = lambda: (0, 0),
        every: float = 20,
    ) -> None:
        self._progress, self._stream, self._tests = progress, stream, tests
        self._live = stream.isatty() and os.environ.get("TERM") != "dumb"
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
            self._write(f"\n{text}\n")

    def stop(self) -> None:
        """Print no more; clear the line that renewed itself."""
        self._stop.set()
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
        tests = self._tests()
        text = describe(state, self._mark[1], seconds - self._mark[1], tests)
        if self._live:
            self._renew(text)
        elif text and not self._said and not self._is_told(state, tests, seconds):
            self._last = state, tests, seconds
            self._write(f"\n{text}\n")

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
                self._write(f"{_CLEAR}{_BELOW}{text[:width]}{_BACK}")
            elif self._shown:
                self._shown = False
                self._write(_CLEAR)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._stop.set()


def describe(progress: Progress, seconds: float, since: float = 0.0, tests: Tests = (0, 0)) -> str:
    """One line of progress, at most 79 columns; empty when nothing is being trained.

    `seconds` is how long it took to do what is done, `since` how long ago that was: the time left
    counts down between one job's end and the next. It is that of the runs asked for so far, and
    says so: how many more the `tests` will ask for is not known, nor wanted once all have ended.
    """
    waiting = progress.queued + progress.running
    ended, collected = tests
    if not waiting or (collected and ended >= collected):
        return ""
    done = f"{ended}/{collected} tests; " if collected else ""
    if not progress.finished:
        return f"mlp: {done}training the first {waiting} runs asked for"
    left = ""
    if progress.cost_done > 0:
        remaining = max(1.0, seconds * progress.cost_left / progress.cost_done - since)
        left = f", ~{_duration(remaining)} for these"
    total = progress.finished + waiting
    return f"mlp: {done}{progress.finished}/{total} runs asked for so far trained{left}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def duplicate_stdout() -> TextIO:
    """A stream to where standard output goes now, whatever captures it later."""
    return os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
