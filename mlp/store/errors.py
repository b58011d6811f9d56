"""What a store says when it cannot do its work."""

import sqlite3

from mlp.errors import UserError


class StoreError(UserError):
    """The store cannot be used as asked: one sentence with the rule, the value seen, the remedy."""


class UnreadableStoreError(StoreError):
    """The file is a store, but damaged or of another version; a fresh one may take its place."""


class RunFailedError(UserError):
    """A run that was asked for has failed in this study; the message is that of its trainer."""


def reason(error: Exception) -> str:
    """Why a run failed, as text for those who asked for it: as the error tells it, if it does."""
    return str(getattr(error, "told", f"{type(error).__name__}: {error}"))


_BUSY = ("is locked", "locking protocol")
_UNREADABLE = ("malformed", "not a database", "unsupported file format", "no such", "corrupt")


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process holds the file just now, so that trying again will help."""
    return any(text in str(error) for text in _BUSY)


def is_readonly(error: sqlite3.Error) -> bool:
    """Whether SQLite could not open or change the file for want of permission."""
    return any(text in str(error) for text in ("readonly database", "unable to open"))


def explain(path: str, error: sqlite3.Error) -> StoreError:
    """The sentence for an error of SQLite on the store at `path`."""
    seen = str(error)
    if is_busy(error):
        return StoreError(
            f"A store must come free in time, but another program keeps {path} locked: "
            "end that program, or give another path."
        )
    if "is full" in seen:
        return StoreError(
            f"A store needs room to grow, but the disk of {path} is full: "
            "free some space and run again (all finished runs are kept)."
        )
    if "readonly database" in seen:
        return StoreError(
            f"New runs need a store that can be written, but {path} is read-only: "
            "make the file and its folder writable, or give another path."
        )
    if "unable to open" in seen:
        return StoreError(
            f"A store needs a folder that can be written, but {path} cannot be opened there: "
            "change the permissions, or give another path."
        )
    if any(text in seen for text in _UNREADABLE):
        return UnreadableStoreError(
            f"A store must be intact, but {path} is damaged ({seen}): "
            "start a fresh store, or move the file away."
        )
    return StoreError(
        f"A store must be readable and writable, but {path} gave '{seen}': "
        "check the disk, or give another path."
    )
