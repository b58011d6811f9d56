"""The table of finished runs, as functions within one transaction.

A row is a key, a payload and the checksum of both; whatever else is found is damage.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any, TypeVar

from mlp.store.records import checksum, decode, verify

T = TypeVar("T")
Row = tuple[object, object, object]


def chunks(items: Iterable[T], size: int = 400) -> Iterator[list[T]]:
    """The items in lists of at most `size`, few enough for the variables of one statement."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def placeholders(chunk: Sequence[object]) -> str:
    """As many placeholders as there are items."""
    return ",".join("?" * len(chunk))


def rows(con: sqlite3.Connection, keys: Iterable[bytes]) -> list[Row]:
    """The rows of the keys, in no order, not yet verified."""
    found: list[Row] = []
    for chunk in chunks(keys):
        query = f"SELECT key, payload, digest FROM runs WHERE key IN ({placeholders(chunk)})"
        found += con.execute(query, chunk)
    return found


def all_keys(con: sqlite3.Connection) -> list[bytes]:
    """The keys of all rows, in ascending order."""
    found = {key for (key,) in con.execute("SELECT key FROM runs")}
    return sorted(key for key in found if isinstance(key, bytes))


def in_order(con: sqlite3.Connection) -> bool:
    """Whether the keys are bytes in ascending order, as finding and adding rows relies on."""
    keys = [row[0] for row in con.execute("SELECT key FROM runs")]
    if not all(isinstance(key, bytes) for key in keys):
        return False
    return all(one < two for one, two in pairwise(keys))


def rebuild(con: sqlite3.Connection) -> None:
    """Put the rows in order; of several with one key, an intact one stays."""
    found = con.execute("SELECT key, payload, digest FROM runs").fetchall()
    con.execute("DELETE FROM runs")
    query = "INSERT OR IGNORE INTO runs (key, payload, digest) VALUES (?, ?, ?)"
    keyed: list[Any] = sorted((r for r in found if isinstance(r[0], bytes)), key=_is_broken)
    con.executemany(query, keyed)


def _is_broken(row: Row) -> bool:
    return not verify(*row)


def intact(row: Row) -> tuple[str, dict[str, Any]]:
    """The run in the row, by its key; ValueError if the row is damaged."""
    key, payload, digest = row
    if not verify(key, payload, digest):
        raise ValueError("damaged")
    assert isinstance(key, bytes)
    assert isinstance(payload, bytes)
    return key.decode("ascii"), decode(payload)


def finished(con: sqlite3.Connection, keys: Iterable[str]) -> set[str]:
    """Those of the keys that have a row."""
    labels = {key.encode(): key for key in keys}
    found: set[object] = set()
    for chunk in chunks(labels):
        query = f"SELECT key FROM runs WHERE key IN ({placeholders(chunk)})"
        found.update(key for (key,) in con.execute(query, chunk))
    return {key for label, key in labels.items() if label in found}


def insert(con: sqlite3.Connection, payloads: Mapping[str, bytes]) -> tuple[list[str], list[Row]]:
    """Add what is new; tells the keys that have another payload, and the damaged rows replaced."""
    conflicts: list[str] = []
    replaced: list[Row] = []
    for key, payload in payloads.items():
        label = key.encode()
        old = rows(con, [label])
        if old and verify(*old[0]):
            if old[0][1] != payload:
                conflicts.append(key)
            continue
        replaced += old
        query = "INSERT OR REPLACE INTO runs (key, digest, payload) VALUES (?, ?, ?)"
        con.execute(query, (label, checksum(label, payload), payload))
    return conflicts, replaced


def discard(con: sqlite3.Connection, broken: Iterable[Row]) -> None:
    """Remove these rows, unless a good one has taken their place."""
    for key, _, digest in broken:
        con.execute("DELETE FROM runs WHERE key=? AND digest IS ?", [key, digest])


def delete(con: sqlite3.Connection, keys: Iterable[bytes]) -> None:
    """Delete the rows of these keys."""
    con.executemany("DELETE FROM runs WHERE key=?", [(key,) for key in keys])
