"""What a user is shown of an error in their own `train`."""

from __future__ import annotations

import traceback
from pathlib import Path

_OURS = str(Path(__file__).resolve().parents[1])


def own_frames(error: BaseException) -> str:
    """The traceback of `error` from the user's first frame on, as text, with type and message."""
    frames = traceback.extract_tb(error.__traceback__)
    first = next((i for i, f in enumerate(frames) if not f.filename.startswith(_OURS)), None)
    lines = [] if first is None else traceback.format_list(frames[first:])
    return "".join([*lines, *traceback.format_exception_only(type(error), error)]).rstrip()
