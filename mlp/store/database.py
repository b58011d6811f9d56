"""One SQLite file: opened with care, its transactions retried, its faults put into a sentence."""

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar
from urllib.parse import quote

from mlp.store import runs
from mlp.store.errors import (
    StoreError,
    UnreadableStoreError,
    explain,
    is_busy,
    is_readonly,
)
from mlp.store.place import (
    APPLICATION_ID,
    VERSION,
    at_rest,
    enter,
    identity,
    leave,
    remove,
    resolve,
)

TABLES = {
    "runs": "(key BLOB PRIMARY KEY, digest BLOB, payload BLOB) WITHOUT ROWID",
    "jobs": (
        "(id INTEGER PRIMARY KEY AUTOINCREMENT, study TEXT, owner TEXT, deaths INTEGER, "
        "cost REAL, digest BLOB, body BLOB)"
    ),
    "open": "(key TEXT PRIMARY KEY, job INTEGER) WITHOUT ROWID",
    "owners": (
        "(id TEXT PRIMARY KEY, study TEXT, host TEXT, pid INTEGER, start TEXT, beat INTEGER) "
        "WITHOUT ROWID"
    ),
    "failures": "(key TEXT, study TEXT, message TEXT, PRIMARY KEY (key, study)) WITHOUT ROWID",
    "tally": "(study TEXT PRIMARY KEY, runs INTEGER, cost REAL) WITHOUT ROWID",
}
PAGE = 16384
"""Bytes of a page of a new file. A usual run fits in one page, and is read at once."""

PATIENCE_S = 120.0
"""How long a locked file is waited for."""

_MOVED = (
    "A store must stay in place while it is used, but {} was deleted or replaced: "
    "run again, and leave the file alone meanwhile."
)
_DAMAGED = "A store must be intact, but {} is damaged: start a fresh store, or move the file away."
_inherited: list[sqlite3.Connection] = []
"""Connections a forked child got from its parent: never used, never closed."""

T = TypeVar("T")
Body = Callable[[sqlite3.Connection], T]


class Database:
    """The file at `path`, created with its folders if it is missing.

    Safe among threads (one lock), among processes (retried transactions), and across a fork (the
    child opens its own connection). `fresh` discards the content of a store, and replaces one that
    is damaged or of another version; a file that is not recognisably a store is never touched.
    """

    def __init__(self, path: str | os.PathLike[str], *, fresh: bool = False) -> None:
        self.path = resolve(path)
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        self._reset()
        try:
            self._connect()
            if fresh:
                self.write(_clear)
        except UnreadableStoreError:
            self._drop()
            if not fresh:
                raise
            remove(self.path)
            self._connect()
        except BaseException:
            self._drop()
            raise

    def read(self, body: Body[T]) -> T:
        """The result of `body(connection)` on one consistent state of the file."""
        return self._transact("BEGIN", body)

    def write(self, body: Body[T], patience: float | None = None) -> T:
        """The result of `body(connection)`, all of whose changes are made, or none.

        `body` may be called again after the file was locked. Raises StoreError.
        """
        result = self._transact("BEGIN IMMEDIATE", body, patience)
        self._require_in_place()
        return result

    def close(self) -> None:
        """Close the file; later use is a StoreError."""
        self._closed = True
        self._drop()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.RLock()

    def _transact(self, begin: str, body: Body[T], patience: float | None = None) -> T:
        if os.getpid() != self._pid:
            if self._connection is not None:
                _inherited.append(self._connection)
                self._connection = None
            self._reset()
        with self._lock:
            if self._closed:
                raise StoreError(
                    f"A store must be open, but {self.path} was closed: open it again."
                )
            if self._connection is None:
                self._connect()
            self._require_in_place()
            return self._patiently(lambda: self._attempt(begin, body), patience)

    def _attempt(self, begin: str, body: Body[T]) -> T:
        connection = self._connection
        assert connection is not None
        try:
            connection.execute(begin)
            result = body(connection)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.rollback()
            raise
        return result

    def _patiently(self, action: Callable[[], T], patience: float | None = None) -> T:
        deadline = time.monotonic() + (PATIENCE_S if patience is None else patience)
        pause = 0.004
        while True:
            try:
                return action()
            except sqlite3.Error as error:
                if not is_busy(error) or time.monotonic() > deadline:
                    self._require_in_place()
                    raise explain(self.path, error) from error
            except UnicodeDecodeError as error:
                raise UnreadableStoreError(_DAMAGED.format(self.path)) from error
            time.sleep(pause * (0.5 + random.random()))
            pause = min(2 * pause, 0.25)

    def _connect(self) -> None:
        """Open the file, create its tables if it is empty, and refuse it if it is not a store."""
        self._place: tuple[object, ...] | None = None
        enter(self.path)
        try:
            self._connection = self._patiently(self._open)
        except BaseException:
            leave(self.path)
            raise
        self._place = identity(self.path)

    def _open(self) -> sqlite3.Connection:
        try:
            return self._prepare("rwc")
        except sqlite3.OperationalError as error:
            if not is_readonly(error) or not at_rest(self.path):
                raise
            return self._prepare("ro&immutable=1")

    def _prepare(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(os.fsencode(self.path))}?mode={mode}",
            uri=True,
            timeout=1.0,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "synchronous=NORMAL"):
                connection.execute(f"PRAGMA {pragma}")
            self._examine(connection)
            _use_wal(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _examine(self, connection: sqlite3.Connection) -> None:
        """Refuse a file whose structure is damaged, or whose tables are not exactly ours."""
        found = _schema(connection)
        if found == [] and _pragma(connection, "application_id") == 0:
            _create(connection)
            found = _schema(connection)
        if found != _expected():
            raise UnreadableStoreError(
                f"A store must hold its own tables and nothing else, but {self.path} holds others: "
                "start a fresh store, or move the file away."
            )
        faults = connection.execute("PRAGMA quick_check(1)").fetchone()
        if faults != ("ok",):
            raise UnreadableStoreError(_DAMAGED.format(self.path))
        if not runs.in_order(connection):
            connection.execute("BEGIN IMMEDIATE")
            runs.rebuild(connection)
            connection.execute("COMMIT")

    def _require_in_place(self) -> None:
        if self._place is None:
            return
        for before, now in zip(self._place, identity(self.path), strict=True):
            if before not in (None, now):
                raise StoreError(_MOVED.format(self.path))

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if os.getpid() != self._pid:
            _inherited.append(connection)
        else:
            with suppress(sqlite3.Error):
                connection.close()
            leave(self.path)


def _pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def _create(connection: sqlite3.Connection) -> None:
    """Make an empty file a store, in one transaction; whoever comes second finds it made."""
    connection.execute(f"PRAGMA page_size={PAGE}")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _schema(connection) == []:
            for name, columns in TABLES.items():
                connection.execute(f"CREATE TABLE {name} {columns}")
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.rollback()
        raise


def _use_wal(connection: sqlite3.Connection) -> None:
    """Let readers and a writer work at once, where the place allows it; a read brings the log."""
    if _pragma(connection, "journal_mode") != "wal":
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if not is_readonly(error):
                raise
    _schema(connection)


def _clear(connection: sqlite3.Connection) -> None:
    for name in TABLES:
        connection.execute(f"DELETE FROM {name}")


def _schema(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    query = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
    return connection.execute(query).fetchall()


def _expected() -> list[tuple[object, ...]]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        _create(connection)
        return _schema(connection)
    finally:
        connection.close()
