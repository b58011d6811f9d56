"""The store: finished runs by key, and a queue that has each trained exactly once."""

import math
import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any

from mlp.store import queue, runs
from mlp.store.database import Database
from mlp.store.errors import RunFailedError, StoreError, reason
from mlp.store.records import Job, encode, encode_all
from mlp.store.shelf import Record, Shelf
from mlp.store.worker import Worker

_POLL_S = (0.05, 0.25)
_LOOK_S = 0.5

Records = Mapping[str, Mapping[str, Any]]
Train = Callable[[Job], Records | Iterable[Records]]
Can = Callable[[Job], bool]

_KEEP_S = 1.0
"""How long a run that has ended may wait for the others of its job before it is kept."""


class _UnaskedError(Exception):
    """Ends a transaction that would need to know whether this process can train a job."""

    def __init__(self, job: Job, spec: bytes) -> None:
        super().__init__(spec)
        self.job, self.spec = job, spec


class Store(Shelf, Worker):
    """Runs on disk, shared by any number of processes and studies.

    path: the file, created with its folders if missing.
    study: the name that the processes of one study share; by default this store is its own study.
        Progress, failures and jobs belong to a study; finished runs belong to all.
    fresh: discard what the file holds, if it is a store, of whatever version or however damaged.

    Keys are lower-case hexadecimal strings; records are JSON objects. Every method may raise
    StoreError, whose text is one sentence for the user; wrong arguments raise ValueError. A record
    that fails its checksum is treated as absent, removed, and counted in `damaged`. The checksum
    tells damage, not forgery. Safe among threads, processes and across forks.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, study: str | None = None, fresh: bool = False
    ) -> None:
        database = Database(path, fresh=fresh)
        Shelf.__init__(self, database)
        Worker.__init__(self, database, study or uuid.uuid4().hex)

    @property
    def study(self) -> str:
        """The study this store works for."""
        return self._study

    def request(self, jobs: Iterable[Job]) -> None:
        """Queue the runs that are not finished, queued, or failed in this study.

        Idempotent, and cheap when nothing is lacking. A job some of whose runs are taken care of
        is queued for the rest.
        """
        wanted = list(jobs)
        keys = [key for job in wanted for key in job.keys]

        def look(con: sqlite3.Connection) -> bool:
            if len(runs.finished(con, keys)) == len(set(keys)):
                return False
            return self._is_stale(con) or bool(queue.lacking(con, self._study, keys))

        def enqueue(con: sqlite3.Connection) -> None:
            self._sign_in(con)
            rest = queue.lacking(con, self._study, keys)
            for job in wanted:
                part = job.part(rest)
                if part is not None:
                    rest -= part.runs.keys()
                    queue.enqueue(con, self._study, part)

        if self._database.read(look):
            self._database.write(enqueue)

    def take(self, prefer: Collection[str] = (), can: Can | None = None) -> Job | None:
        """Lease a job: one with a key in `prefer`, else any of this study; None if there is none.

        A job that `can` refuses is left to others. It is asked outside of any transaction, once for
        jobs of one spec: it may take as long as it likes, and nobody waits for the file.

        The lease lasts until `finish`, `fail`, `release`, `close`, or the death of this process. Of
        another study's jobs only those with a preferred key are taken; of jobs with a run that
        failed in this study, none.
        """
        liked = list(prefer)

        def look(con: sqlite3.Connection) -> bool:
            return self._is_stale(con) or any(queue.candidates(con, self._study, liked))

        known: dict[bytes, bool] = {}

        def able(job: Job) -> bool:
            spec = encode(dict(job.spec))
            if can is not None and spec not in known:
                raise _UnaskedError(job, spec)
            return known.get(spec, True)

        def lease(con: sqlite3.Connection) -> Job | None:
            return queue.take(con, self._sign_in(con), self._study, liked, able)

        if not self._database.read(look):
            return None
        while True:
            try:
                return self._database.write(lease)
            except _UnaskedError as unasked:
                assert can is not None
                known[unasked.spec] = can(unasked.job)

    def finish(self, job: Job, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep the runs of a leased job and end it, in one transaction; conflicts as in `put`."""
        if set(records) != set(job.keys):
            raise ValueError(
                f"A job is finished with the records of all its {len(job.keys)} runs and no others,"
                f" but got {len(records)} records: give one for each of job.keys."
            )
        payloads = encode_all(records)

        def end(con: sqlite3.Connection) -> list[str]:
            conflicts = self._insert(con, payloads)
            queue.tally(con, self._study, len(payloads), job.cost * len(payloads))
            return conflicts

        self._refuse(self._database.write(end))

    def fail(self, job: Job, message: str) -> None:
        """End a leased job whose runs cannot be had: in this study, nobody tries them again.

        Other studies may. Those who wait see the message by `failures`.
        """

        def end(con: sqlite3.Connection) -> None:
            queue.fail(con, self._study, job.keys, message)
            if queue.is_leased(con, job.id, self._me()):
                queue.drop(con, job.id)

        self._database.write(end)

    def release(self, job: Job) -> None:
        """Give a leased job back unfinished, for anyone to take."""
        self._database.write(lambda con: queue.release(con, job.id, self._me()))

    def failures(self, keys: Iterable[str]) -> dict[str, str]:
        """The messages of those of the runs that have failed in this study."""
        wanted = list(keys)
        return self._database.read(lambda con: queue.failures(con, self._study, wanted))

    def perform(self, job: Job, train: Train, asked: frozenset[str] = frozenset()) -> None:
        """Train a job that was taken, and finish it; or mark it failed, or release it.

        `train` returns the records, or yields them as they end: then they are kept as they come,
        and what ended before an error or an interruption is not lost. What `train` raises goes on
        to the caller if it concerns a key of `asked`.

        Raises:
            StoreError: the store could not be written.
        """
        done: dict[str, Mapping[str, Any]] = {}
        try:
            self._train(job, train, done)
            self.finish(job, done)
        except StoreError:
            with suppress(StoreError):
                self.release(job)
            raise
        except Exception as error:
            with suppress(StoreError):
                self.put(done)
            self.fail(job, reason(error))
            if asked.intersection(job.keys):
                raise
        except BaseException:
            with suppress(StoreError):
                self.put(done)
                self.release(job)
            raise

    def _train(self, job: Job, train: Train, done: dict[str, Mapping[str, Any]]) -> None:
        """Add the records of a job to `done` as they come, and keep them every second."""
        made = train(job)
        if isinstance(made, Mapping):
            done.update(made)
            return
        kept, since = 0, time.monotonic()
        for records in made:
            done.update(records)
            if time.monotonic() - since > _KEEP_S and len(done) < len(job.runs):
                self.put(dict(list(done.items())[kept:]))
                kept, since = len(done), time.monotonic()

    def obtain(
        self, jobs: Sequence[Job], train: Train, can: Can | None = None
    ) -> dict[str, Record]:
        """The runs of the jobs, by key: from the file, from other workers, or by `train(job)`.

        Trains what nobody has and, while others train the rest, helps with this study's jobs that
        `can` does not refuse. An interruption gives the job back. An exception of `train` fails the
        job: it is raised here if the job has a key that was asked for. RunFailedError: another
        worker met that exception.
        """
        order = tuple(dict.fromkeys(key for job in jobs for key in job.keys))
        found, pause, looked = dict[str, Record](), _POLL_S[0], -math.inf
        missing = dict.fromkeys(order)
        while True:
            if time.monotonic() - looked > _LOOK_S:
                self._look_for(missing, found)
                if not missing:
                    return {key: found[key] for key in order}
                self.request(jobs)
                looked = time.monotonic()
            job = self.take(missing, can)
            if job is None:
                time.sleep(pause)
                pause, looked = min(1.5 * pause, _POLL_S[1]), -math.inf
                continue
            pause = _POLL_S[0]
            self.perform(job, train, frozenset(missing))
            self._look_for({key: None for key in job.keys if key in missing}, found)
            for key in job.keys:
                if key in found:
                    missing.pop(key, None)
            looked = looked if missing else -math.inf

    def _look_for(self, missing: dict[str, None], found: dict[str, Record]) -> None:
        """Take what is finished of `missing` over into `found`.

        Raises:
            RunFailedError: a run that is missing has failed in this study.
        """
        found.update(self.get(missing))
        for key in [key for key in missing if key in found]:
            del missing[key]
        for message in self.failures(missing).values():
            raise RunFailedError(f"A run has failed in this study: {message}")

    def progress(self) -> queue.Progress:
        """Where this study stands; runs it waits for in another study's jobs are not counted."""
        return self._database.read(lambda con: queue.progress(con, self._study))

    def close(self) -> None:
        """Give back what is leased, and close the file. May be called twice."""
        self._sign_out()
        self._database.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_database"):
            self.close()
