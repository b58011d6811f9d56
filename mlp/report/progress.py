"""Live progress while runs are trained: a line that renews itself, or plain lines in a log."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TextIO

from mlp.store import Progress, StoreError


class Ticker:
    """Prints the state of a study while it trains, from a thread of its own.

    Args:
        progress: where the study stands.
        stream: where to write; a terminal gets a line that renews itself twice a second, anything
            else a plain line every `every` seconds.
    """

    def __init__(self, progress: Callable[[], Progress], stream: TextIO, every: float = 20) -> None:
        self._progress, self._stream = progress, stream
        self._live = stream.isatty()
        self._every = 0.5 if self._live else every
        self._began = time.monotonic()
        self._shown = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to print."""
        self._thread.start()

    def stop(self) -> None:
        """Print no more; clear the line that renewed itself."""
        self._stop.set()
        self._thread.join(timeout=5)
        if self._shown and self._live:
            self._write("\r\x1b[K")

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            try:
                text = describe(self._progress(), time.monotonic() - self._began)
            except StoreError:
                continue
            if text:
                self._shown = True
                self._write(f"\r\x1b[K{text}" if self._live else f"\n{text}\n")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._stop.set()


def describe(progress: Progress, seconds: float) -> str:
    """One line of progress; empty when nothing is being trained."""
    waiting = progress.queued + progress.running
    if not waiting:
        return ""
    left = ""
    if progress.cost_done > 0:
        remaining = seconds * progress.cost_left / progress.cost_done
        left = f", about {_duration(remaining)} for those asked for so far"
    total = progress.finished + waiting
    return f"mlp: {progress.finished} of {total} runs trained{left}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def duplicate_stdout() -> TextIO:
    """A stream to where standard output goes now, whatever captures it later."""
    return os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
