"""What a user is shown of an error in their own `train`."""

from __future__ import annotations

import os
import sysconfig
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

_PYTHON = Path(sysconfig.get_path("stdlib"))
_OURS = Path(__file__).resolve().parents[1]
_ROOMS = ("species", "tests")
"""The rooms of this package that are written as users write: their frames are shown."""

MOST_FRAMES = 40
"""Most frames that are shown; of a recursion without end the middle is left out."""


def own_frames(error: BaseException) -> str:
    """The traceback of `error` from the user's first frame on, as text, with type and message.

    An error that caused it is told before, in the same way. The text goes to other workers. Where
    no frame is the user's, all are shown: then the fault is not in their code.
    """
    told = traceback.TracebackException.from_exception(error)
    seen: set[int] = set()
    each: traceback.TracebackException | None = told
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        frames = list(each.stack)
        first = next((i for i, frame in enumerate(frames) if _is_users(frame.filename)), 0)
        kept = frames[first:]
        if len(kept) > MOST_FRAMES:
            kept = kept[: MOST_FRAMES // 2] + kept[-MOST_FRAMES // 2 :]
        each.stack = traceback.StackSummary.from_list(kept)
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return "".join(told.format()).rstrip()


def name_run(error: Exception, genome: object, dataset: str, seeds: Sequence[int]) -> None:
    """Have an error say which run it ended, here and in the processes that asked for the run."""
    on = f" on {dataset}" if dataset else ""
    which = f"seed {seeds[0]}" if len(seeds) == 1 else f"one of the seeds {seeds[0]} to {seeds[-1]}"
    run = f"{genome}{on}, {which}"
    line = f"{type(error).__name__}: {error}".partition("\n")[0]
    error.told = f"{run}: {line}\n{own_frames(error)}"  # type: ignore[attr-defined]
    if hasattr(error, "add_note"):  # Python 3.11
        error.add_note(f"while training {run}")


def leave_out_ours(error: BaseException) -> None:
    """Take the frames of this package out of the traceback of `error`, if a user's code raised it.

    Where no frame of the user's follows the last of this package, the fault may be here.
    """
    entries, blamed = list[TracebackType](), False
    entry = error.__traceback__
    while entry is not None:
        name = entry.tb_frame.f_code.co_filename
        if _is_ours(Path(os.path.abspath(name))):
            blamed = False
        else:
            entries.append(entry)
            blamed = blamed or _is_users(name)
        entry = entry.tb_next
    if not blamed:
        return
    rest: TracebackType | None = None
    for one in reversed(entries):
        rest = TracebackType(rest, one.tb_frame, one.tb_lasti, one.tb_lineno)
    error.__traceback__ = rest


def _is_ours(path: Path) -> bool:
    """Whether a file is of this package, and not of a room that is written as users write."""
    return path.is_relative_to(_OURS) and path.relative_to(_OURS).parts[0] not in _ROOMS


def _is_users(filename: str) -> bool:
    """Whether a frame's file is neither of this package, nor installed, nor Python's own."""
    if filename.startswith("<frozen"):
        return False
    path = Path(os.path.abspath(filename))
    if path.is_relative_to(_OURS):
        return not _is_ours(path)
    installed = not {"site-packages", "dist-packages"}.isdisjoint(path.parts)
    return not installed and not path.is_relative_to(_PYTHON)
