"""Where a store lies: its path, what the first bytes say, and whether it is still there."""

import os
import stat
import threading
from collections import Counter

from mlp.store.errors import StoreError, UnreadableStoreError

APPLICATION_ID = 0x4D4C5052
VERSION = 1

_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
_lock = threading.Lock()
_open_here: Counter[object] = Counter()


def resolve(path: str | os.PathLike[str]) -> str:
    """The absolute path with links followed, its folder made. Raises StoreError."""
    try:
        place = os.path.realpath(os.fsdecode(path))
        os.makedirs(os.path.dirname(place), exist_ok=True)
    except (OSError, ValueError, TypeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(
            f"A store needs a folder to lie in, but that of {str(path)!r} cannot be made "
            f"({reason}): give another path."
        ) from error
    return place


def enter(path: str) -> None:
    """Note that SQLite will have the file open here, until `leave`; refuse what is not a store.

    By its first bytes, before SQLite may touch it; a missing and an empty file pass: they become
    stores. One that this process has open is not looked at: to close a file drops the locks that
    its process has on it. Raises StoreError.
    """
    with _lock:
        if not _open_here[path]:
            inspect(path)
        _open_here[path] += 1


def leave(path: str) -> None:
    """Note that it is closed."""
    with _lock:
        _open_here[path] -= 1


def _forget() -> None:
    """A child that was forked has nothing open yet, whatever its parent has."""
    global _lock
    _lock = threading.Lock()
    _open_here.clear()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_forget)


def inspect(path: str) -> None:
    """Refuse what is not a store, by its first bytes. Raises StoreError."""
    header = _header(path)
    if not header:
        return
    application = int.from_bytes(header[68:72], "big")
    version = int.from_bytes(header[60:64], "big")
    if not header.startswith(_MAGIC) or application != APPLICATION_ID:
        raise StoreError(
            f"A store must be a file this program made, but {path} is something else: "
            "give another path, or move the file away."
        )
    if version != VERSION:
        raise UnreadableStoreError(
            f"A store must be of version {VERSION}, but {path} is of version {version}: "
            "start a fresh store, or give another path."
        )


def at_rest(path: str) -> bool:
    """Whether the file alone is the whole store: no log beside it holds anything."""
    return all(
        not os.path.exists(path + suffix) or os.path.getsize(path + suffix) == 0
        for suffix in ("-wal", "-journal")
    )


def identity(path: str) -> tuple[tuple[int, int] | None, ...]:
    """Device and inode of the database and, while it is in use, of its log."""
    return tuple(_inode(path + suffix) for suffix in ("", "-wal"))


def remove(path: str) -> None:
    """Delete the store, unless it is open here, and what SQLite keeps beside it.

    Raises StoreError.
    """
    if _open_here[path]:
        raise StoreError(
            f"A fresh store takes the old one's place, but {path} is open in this process: close "
            "it first, or give another path."
        )
    try:
        for suffix in ("-wal", "-shm", "-journal", ""):
            if os.path.exists(path + suffix):
                os.unlink(path + suffix)
    except OSError as error:
        raise StoreError(
            f"A fresh store takes the old one's place, but {path} cannot be removed "
            f"({error.strerror}): remove it yourself, or give another path."
        ) from error


def _header(path: str) -> bytes:
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
            raise StoreError(f"A store must be a file, but {path} is {kind}: give a file's path.")
        with open(path, "rb") as file:
            return file.read(_HEADER_BYTES)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise StoreError(
            f"A store must be readable, but {path} is not ({error.strerror}): "
            "change the permissions, or give another path."
        ) from error


def _inode(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
