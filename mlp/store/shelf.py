"""The finished runs of a store, by key: found, added, deleted, and their damage noticed."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from operator import itemgetter
from typing import Any

from mlp.store import queue, runs
from mlp.store.database import Database
from mlp.store.errors import StoreError
from mlp.store.records import encode_all

_PAGE = 64

Record = dict[str, Any]


class Shelf:
    """What a store knows of finished runs, whoever trained them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._damaged: set[tuple[object, object]] = set()

    @property
    def path(self) -> str:
        """The file's absolute path."""
        return self._database.path

    @property
    def damaged(self) -> int:
        """How many damaged records this store has come upon and discarded."""
        return len(self._damaged)

    def get(self, keys: Iterable[str]) -> dict[str, Record]:
        """The runs that are finished and intact, by key, in the order asked."""
        wanted = list(dict.fromkeys(keys))
        labels = [key.encode() for key in wanted]
        rows = self._database.read(lambda con: runs.rows(con, labels))
        found = dict(self._intact(rows))
        return {key: found[key] for key in wanted if key in found}

    def lacking(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys that no run is stored under, intact or not."""
        wanted = set(keys)
        return wanted - self._database.read(lambda con: runs.finished(con, wanted))

    def items(self) -> Iterator[tuple[str, Record]]:
        """All intact runs, by ascending key."""
        for chunk in runs.chunks(self._database.read(runs.all_keys), _PAGE):
            rows = self._database.read(partial(runs.rows, keys=chunk))
            yield from sorted(self._intact(rows), key=itemgetter(0))

    def put(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep finished runs, all in one transaction.

        A key that is there with the same record is fine. With another record it is a StoreError,
        after the others are kept: a run is determined by its key, and the first one stays.
        """
        payloads = encode_all(records)
        self._refuse(self._database.write(lambda con: self._insert(con, payloads)))

    def delete(self, keys: Iterable[str]) -> None:
        """Delete these runs, all in one transaction."""
        labels = [key.encode() for key in keys]
        self._database.write(lambda con: runs.delete(con, labels))

    def _insert(self, con: sqlite3.Connection, payloads: Mapping[str, bytes]) -> list[str]:
        """Add what is new, take it out of the queue, and tell the keys that have another record."""
        conflicts, replaced = runs.insert(con, payloads)
        self._note(replaced)
        queue.close_keys(con, payloads)
        return conflicts

    def _refuse(self, conflicts: Sequence[str]) -> None:
        if conflicts:
            raise StoreError(
                f"A run is determined by its key, but {len(conflicts)} came out differently from "
                f"what {self.path} holds (first: {conflicts[0]}): "
                "the stored one is kept; start a fresh store if the old one is doubted."
            )

    def _note(self, broken: Iterable[runs.Row]) -> None:
        self._damaged.update((key, digest) for key, _, digest in broken)

    def _intact(self, rows: Iterable[runs.Row]) -> list[tuple[str, Record]]:
        """The runs that pass their checksum; the others are discarded."""
        found, broken = [], []
        for row in rows:
            try:
                found.append(runs.intact(row))
            except ValueError:
                broken.append(row)
        if broken:
            self._note(broken)
            with suppress(StoreError):
                self._database.write(lambda con: runs.discard(con, broken))
        return found
