"""Ctrl-C: answered at once, and where pytest does not catch it, without a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType

import pytest

KEPT = "interrupted; all finished runs are kept"
"""What an interruption leaves."""

STOPPING = "mlp: interrupted; stopping the workers, which may take some seconds"


def tell_interruption_in_one_line() -> None:
    """Have an interruption that nothing catches told in one line.

    The exit status stays Python's own, which a shell shows as 130.
    """
    sys.excepthook = _tell


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        print(f"\n{KEPT}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


class Answer:
    """A plugin that answers Ctrl-C before the workers have stopped, and says what it leaves.

    Args:
        say: shows a line at once.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._interrupted = False

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note the interruption, unless it is pytest's or xdist's own, of -x or a broken file."""
        if type(excinfo.value) is KeyboardInterrupt:
            self._interrupted = True
            self._say(STOPPING)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say that nothing is lost."""
        if self._interrupted:
            terminalreporter.write_line(KEPT)
