"""The line of a user's program from which something is called."""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

_HERE = str(Path(__file__).resolve().parent)
_LIBRARIES = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)
_GENERATED = "__autograph_generated_file"


@lru_cache(maxsize=4096)
def _is_users(path: str) -> bool:
    if path.startswith("<") or _GENERATED in path or "site-packages" in path:
        return False
    return not path.startswith((*_LIBRARIES, _HERE))


@lru_cache(maxsize=4096)
def _told(path: str, line: int) -> str:
    text = linecache.getline(path, line).strip()
    return (
        f"{os.path.basename(path)}:{line}: {text}" if text else f"{os.path.basename(path)}:{line}"
    )


def users_line(operation: Any = None) -> str:
    """The innermost line outside libraries, as `file:line: text`; empty where there is none.

    In a traced TensorFlow function the stack holds generated code; `operation`, made there,
    knows the lines that code stands for.
    """
    for entry in reversed(getattr(operation, "traceback", None) or ()):
        if _is_users(entry.filename):
            return _told(entry.filename, entry.lineno)
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if _is_users(frame.f_code.co_filename):
            return _told(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return ""
