"""A process as one of those that work for a study: what the others know of it."""

import os
import sqlite3
from contextlib import suppress

from mlp.store import queue
from mlp.store.database import Database
from mlp.store.errors import StoreError
from mlp.store.owners import Heartbeat, Owner, Watch

_CLOSING_PATIENCE_S = 5.0


class Worker:
    """This process's row among the owners of leases, written when it is first needed.

    After a fork, the child is a worker of its own.
    """

    def __init__(self, database: Database, study: str) -> None:
        self._database, self._study = database, study
        self._watch = Watch()
        self._owner: Owner | None = None
        self._heart: Heartbeat | None = None

    def sign_in(self) -> None:
        """Make this process known to its study before it asks for a run or trains one."""
        self._database.write(self._sign_in)

    def retire(self) -> None:
        """From now on this process only helps: `others` of the study no longer counts it."""
        before = self._me()
        helper = Owner.here(queue.helping(self._study))

        def change(con: sqlite3.Connection) -> None:
            queue.sign_out(con, before)
            queue.register(con, helper)

        self._database.write(change)
        self._owner = helper

    def others(self) -> int:
        """How many other living processes work for this study, those that only help left out."""
        me = self._me().id
        return len(self._database.read(lambda con: queue.others(con, self._study, self._watch, me)))

    def spare(self) -> int:
        """How many other processes of this study, helpers included, would find no job to take."""
        me = self._me().id
        return self._database.read(lambda con: queue.spare(con, self._study, self._watch, me))

    def _me(self) -> Owner:
        if self._owner is None or self._owner.pid != os.getpid():
            self._owner = Owner.here(self._study)
            self._heart = Heartbeat(self)
        return self._owner

    def _beat(self) -> None:
        owner = self._owner
        if owner is not None:
            with suppress(StoreError):
                self._database.write(lambda con: queue.beat(con, owner))

    def _sign_in(self, con: sqlite3.Connection) -> Owner:
        owner = self._me()
        queue.register(con, owner)
        queue.reap(con, self._study, self._watch)
        return owner

    def _sign_out(self) -> None:
        """Give back what is leased."""
        if self._heart is not None:
            self._heart.stop()
        owner, self._owner = self._owner, None
        if owner is not None and owner.pid == os.getpid():
            with suppress(StoreError):
                self._database.write(lambda con: queue.sign_out(con, owner), _CLOSING_PATIENCE_S)

    def _is_stale(self, con: sqlite3.Connection) -> bool:
        return any(queue.stale(con, self._study, self._watch))
