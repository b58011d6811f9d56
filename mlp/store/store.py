"""The store: finished runs by key, and a queue that has each trained exactly once."""

import math
import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from operator import itemgetter
from types import TracebackType
from typing import Any

from mlp.store import queue, runs
from mlp.store.database import Database
from mlp.store.errors import RunFailedError, StoreError
from mlp.store.records import Job, check_keys, encode
from mlp.store.worker import Worker

_POLL_S = (0.05, 0.25)
_LOOK_S = 0.5
_PAGE = 64

Record = dict[str, Any]
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


class Store(Worker):
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
        self._damaged: set[tuple[object, object]] = set()
        super().__init__(Database(path, fresh=fresh), study or uuid.uuid4().hex)

    @property
    def path(self) -> str:
        """The file's absolute path."""
        return self._database.path

    @property
    def study(self) -> str:
        """The study this store works for."""
        return self._study

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
        payloads = _encode_all(records)
        conflicts = self._database.write(lambda con: self._insert(con, payloads))
        self._refuse(conflicts)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete these runs, all in one transaction."""
        labels = [key.encode() for key in keys]
        self._database.write(lambda con: runs.delete(con, labels))

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
                part = {key: own for key, own in job.runs.items() if key in rest}
                rest -= part.keys()
                if part:
                    queue.enqueue(con, self._study, Job(job.spec, part, job.cost))

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
        payloads = _encode_all(records)

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
            self.fail(job, str(getattr(error, "told", f"{type(error).__name__}: {error}")))
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
        for key, message in self.failures(missing).items():
            raise RunFailedError(f"Run {key[:12]} has failed in this study: {message}")

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


def _encode_all(records: Mapping[str, Mapping[str, Any]]) -> dict[str, bytes]:
    check_keys(records)
    return {key: encode(record) for key, record in records.items()}
