"""A limit to how long one run may take."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from mlp.errors import UserError


class TimedOutError(TimeoutError, UserError):
    """A run took longer than `--mlp-timeout` allows."""


@contextmanager
def limited(seconds: float | None, what: str) -> Iterator[None]:
    """End what is done within after `seconds`; None: never.

    A signal ends it, between two instructions of Python. A call into compiled code that does not
    return is not ended, and neither is anything on Windows or outside the main thread.

    Raises:
        TimedOutError: the time was over.
    """
    possible = hasattr(signal, "setitimer") and (
        threading.current_thread() is threading.main_thread()
    )
    if seconds is None or not possible:
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        raise TimedOutError(
            f"a run must end within {seconds:g} s, as --mlp-timeout says; {what} did not: allow "
            "more, or make it end"
        )

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
