"""Ctrl-C where pytest does not catch it, as it starts or ends: a line, and no traceback."""

from __future__ import annotations

import sys
from types import TracebackType


def be_brief() -> None:
    """Have an interruption that nothing catches told in one line.

    The exit status stays Python's own, which a shell shows as 130.
    """
    sys.excepthook = _tell


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        print("\ninterrupted; all finished runs are kept", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)
