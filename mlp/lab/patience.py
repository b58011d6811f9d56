"""A limit to how long one run may take."""

from __future__ import annotations

import ctypes
import faulthandler
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from mlp.errors import UserError

AGAIN_S = 1.0
"""How long after the first time a run is told again to end, if it caught what was raised in it."""


class TimedOutError(TimeoutError, UserError):
    """A run took longer than `--mlp-timeout` allows."""


@contextmanager
def limited(seconds: float | None, what: str, *, kill: bool = False) -> Iterator[None]:
    """End what is done within after `seconds`; None: never.

    The error is raised between two instructions of Python: in the main thread by a signal, on
    Windows and in other threads by a second thread. A call into compiled code that does not return
    is not ended by it. With `kill`, such a call ends the process after twice the time, and prints
    where it hung: for a worker that others replace, whose job the store then gives to another.

    Raises:
        TimedOutError: the time was over.
    """
    if seconds is None:
        yield
        return
    told = (
        f"a run must end within {seconds:g} s, as --mlp-timeout says; {what} did not: allow more, "
        "or make it end"
    )
    in_main = threading.current_thread() is threading.main_thread()
    way = _by_signal if in_main and hasattr(signal, "setitimer") else _by_thread
    if kill:
        place = sys.__stderr__ or sys.stderr
        faulthandler.dump_traceback_later(2 * seconds, exit=True, file=place)
    try:
        with way(seconds, told):
            yield
    finally:
        if kill:
            faulthandler.cancel_dump_traceback_later()


@contextmanager
def _by_signal(seconds: float, told: str) -> Iterator[None]:
    over = False

    def end(_number: int, _frame: FrameType | None) -> None:
        if not over:
            raise TimedOutError(told)

    began, before = time.monotonic(), signal.signal(signal.SIGALRM, end)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_S)
    try:
        try:
            yield
        finally:
            over = True
    finally:  # also if the signal came in the one above
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before or signal.SIG_DFL)
        if timer[0]:  # that of another, such as a limit to a whole test
            left = max(timer[0] - (time.monotonic() - began), 1e-3)
            signal.setitimer(signal.ITIMER_REAL, left, timer[1])


@contextmanager
def _by_thread(seconds: float, told: str) -> Iterator[None]:
    """A thread can only have a class of errors raised in another, without a message."""
    here, lock, over = threading.get_ident(), threading.Lock(), threading.Event()

    def watch() -> None:
        wait = seconds
        while not over.wait(wait):
            with lock:
                if not over.is_set():
                    _raise_in(here, _TimeIsOverError)
            wait = AGAIN_S

    watcher = threading.Thread(target=watch, name="mlp time limit", daemon=True)
    try:
        watcher.start()
        try:
            yield
        finally:
            with lock:
                over.set()
            _raise_in(here, None)  # one that was on its way comes to nothing
            watcher.join()
    except _TimeIsOverError:
        raise TimedOutError(told) from None
    finally:
        over.set()


class _TimeIsOverError(TimeoutError):
    """Raised by `_by_thread` in the thread of a run."""


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Have `error` raised in a thread at its next instruction; None: nothing after all."""
    raised = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)
