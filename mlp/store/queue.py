"""The queue of jobs, as functions within one transaction on the store's tables.

A job's runs are its rows in `open`; a key is in at most one job. A job with an owner is leased.
A job is kept for the study that asked for it, while a process of that study lives.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from mlp.store.owners import Owner, Watch
from mlp.store.records import Job, checksum, decode, encode, verify
from mlp.store.runs import chunks, finished, placeholders

MAX_DEATHS = 3
"""A job whose workers died this often has failed: it is taken to be what kills them."""

MAX_MESSAGE = 2000


@dataclass(frozen=True)
class Progress:
    """Where a study stands: runs waiting, in training, and finished by its processes; costs."""

    queued: int
    running: int
    finished: int
    cost_left: float
    cost_done: float


def opened(con: sqlite3.Connection, keys: Iterable[str]) -> set[str]:
    """Those of the keys that are in a job."""
    found: set[str] = set()
    for chunk in chunks(keys):
        query = f"SELECT key FROM open WHERE key IN ({placeholders(chunk)})"
        found.update(key for (key,) in con.execute(query, chunk))
    return found


def failures(con: sqlite3.Connection, study: str, keys: Iterable[str]) -> dict[str, str]:
    """What was said of those of the keys whose run has failed in the study."""
    found: dict[str, str] = {}
    for chunk in chunks(keys):
        query = (
            f"SELECT key, message FROM failures WHERE study=? AND key IN ({placeholders(chunk)})"
        )
        found.update((key, str(text)) for key, text in con.execute(query, [study, *chunk]))
    return found


def lacking(con: sqlite3.Connection, study: str, keys: Collection[str]) -> set[str]:
    """Those of the keys that are neither finished, nor in a job, nor failed in the study."""
    rest = set(keys) - finished(con, keys)
    rest -= opened(con, rest)
    return rest - failures(con, study, rest).keys()


def enqueue(con: sqlite3.Connection, study: str, job: Job) -> None:
    """Add a job whose keys are all lacking."""
    body = encode({"spec": dict(job.spec), "runs": dict(job.runs), "cost": job.cost})
    row = (study, job.cost, checksum(b"job", body), body)
    query = "INSERT INTO jobs (study, deaths, cost, digest, body) VALUES (?, 0, ?, ?, ?)"
    number = con.execute(query, row).lastrowid
    con.executemany("INSERT INTO open VALUES (?, ?)", [(key, number) for key in job.runs])


def candidates(con: sqlite3.Connection, study: str, prefer: Collection[str]) -> Iterator[int]:
    """The jobs that may be taken: first those with a preferred key, then the study's, oldest first.

    Never one with a run that failed in the study; never another study's without a preferred key.
    """
    query = "SELECT open.job FROM failures JOIN open USING (key) WHERE failures.study=?"
    told = {number for (number,) in con.execute(query, [study])}
    for chunk in chunks(prefer):
        query = (
            "SELECT DISTINCT jobs.id FROM open JOIN jobs ON open.job = jobs.id "
            f"WHERE jobs.owner IS NULL AND open.key IN ({placeholders(chunk)}) ORDER BY jobs.id"
        )
        for (number,) in con.execute(query, chunk).fetchall():
            if number not in told:
                told.add(number)
                yield number
    query = "SELECT id FROM jobs WHERE owner IS NULL AND study=? ORDER BY id"
    for (number,) in con.execute(query, [study]).fetchall():
        if number not in told:
            yield number


def load(con: sqlite3.Connection, number: int) -> Job | None:
    """The job, without the runs that are finished; None, and dropped, if nothing is left."""
    keys = {key for (key,) in con.execute("SELECT key FROM open WHERE job=?", [number])}
    done = finished(con, keys)
    close_keys(con, done)
    row = con.execute("SELECT body, digest FROM jobs WHERE id=?", [number]).fetchone()
    if row is None:
        return None
    try:
        if not verify(b"job", row[0], row[1]):
            raise ValueError("damaged")
        body = decode(row[0])
        runs = {key: own for key, own in body["runs"].items() if key in keys - done}
        return Job(spec=dict(body["spec"]), runs=runs, cost=float(body["cost"]), id=number)
    except (KeyError, TypeError, ValueError, AttributeError):
        drop(con, number)
        return None


def close_keys(con: sqlite3.Connection, keys: Iterable[str]) -> None:
    """Take the keys out of the queue, and every job that has none left."""
    for chunk in chunks(keys):
        con.execute(f"DELETE FROM open WHERE key IN ({placeholders(chunk)})", chunk)
    con.execute("DELETE FROM jobs WHERE id NOT IN (SELECT job FROM open)")


def drop(con: sqlite3.Connection, number: int) -> None:
    """Take the job and its keys out of the queue."""
    con.execute("DELETE FROM open WHERE job=?", [number])
    con.execute("DELETE FROM jobs WHERE id=?", [number])


def fail(con: sqlite3.Connection, study: str, keys: Iterable[str], message: str) -> None:
    """Note for the study that these runs cannot be had."""
    rows = [(key, study, message[:MAX_MESSAGE]) for key in keys]
    con.executemany("INSERT OR REPLACE INTO failures VALUES (?, ?, ?)", rows)


def register(con: sqlite3.Connection, owner: Owner) -> None:
    """Make the owner known, so that its leases hold."""
    row = (owner.id, owner.study, owner.host, owner.pid, owner.start, owner.beat)
    con.execute("INSERT OR IGNORE INTO owners VALUES (?, ?, ?, ?, ?, ?)", row)


def beat(con: sqlite3.Connection, owner: Owner) -> None:
    """Show that the owner is alive."""
    con.execute("UPDATE owners SET beat=beat+1 WHERE id=?", [owner.id])


def sign_out(con: sqlite3.Connection, owner: Owner) -> None:
    """Give back all that the owner has leased, and forget it."""
    con.execute("UPDATE jobs SET owner=NULL WHERE owner=?", [owner.id])
    con.execute("DELETE FROM owners WHERE id=?", [owner.id])


def others(con: sqlite3.Connection, study: str, watch: Watch, me: str) -> set[str]:
    """The living owners, other than `me`, that work for the study."""
    query = "SELECT * FROM owners WHERE study=? AND id<>?"
    found = [Owner(*row) for row in con.execute(query, [study, me])]
    return {owner.id for owner in found if not watch.is_dead(owner)}


def spare(con: sqlite3.Connection, study: str, watch: Watch, me: str) -> int:
    """How many of the study's other processes, helpers included, would find no job to take."""
    able = others(con, study, watch, me) | others(con, helping(study), watch, me)
    owners = [owner for (owner,) in con.execute("SELECT owner FROM jobs WHERE study=?", [study])]
    return max(0, len(able - set(owners)) - owners.count(None))


def helping(study: str) -> str:
    """What stands in place of the study in the row of a process that only helps with it."""
    return f"{study} (helping)"


def is_leased(con: sqlite3.Connection, number: int, owner: Owner) -> bool:
    """Whether the owner holds the job."""
    query = "SELECT 1 FROM jobs WHERE id=? AND owner=?"
    return con.execute(query, [number, owner.id]).fetchone() is not None


def release(con: sqlite3.Connection, number: int, owner: Owner) -> None:
    """Give the job back, if the owner holds it."""
    con.execute("UPDATE jobs SET owner=NULL WHERE id=? AND owner=?", [number, owner.id])


def stale(con: sqlite3.Connection, study: str, watch: Watch) -> tuple[set[str], set[str]]:
    """The dead owners that are still named somewhere, and the studies nobody living works on."""
    owners = [Owner(*row) for row in con.execute("SELECT * FROM owners")]
    dead = {owner.id for owner in owners if watch.is_dead(owner)}
    leases = {name for (name,) in con.execute("SELECT owner FROM jobs WHERE owner IS NOT NULL")}
    dead |= leases - {owner.id for owner in owners}
    alive = {owner.study for owner in owners if owner.id not in dead} | {study}
    tables = ("jobs", "failures", "tally")
    query = " UNION ".join(f"SELECT study FROM {table}" for table in tables)
    return dead, {name for (name,) in con.execute(query)} - alive


def reap(con: sqlite3.Connection, study: str, watch: Watch) -> None:
    """Free what dead owners hold; forget dead studies, but for the jobs a living process holds."""
    dead, gone = stale(con, study, watch)
    for owner in dead:
        con.execute("UPDATE jobs SET owner=NULL, deaths=deaths+1 WHERE owner=?", [owner])
        con.execute("DELETE FROM owners WHERE id=?", [owner])
    for name in gone:
        con.execute("DELETE FROM jobs WHERE study=? AND owner IS NULL", [name])
        con.execute("DELETE FROM failures WHERE study=?", [name])
        con.execute("DELETE FROM tally WHERE study=?", [name])
    con.execute("DELETE FROM open WHERE job NOT IN (SELECT id FROM jobs)")
    deadly = con.execute("SELECT id, study FROM jobs WHERE deaths >= ?", [MAX_DEATHS]).fetchall()
    for number, name in deadly:
        keys = [key for (key,) in con.execute("SELECT key FROM open WHERE job=?", [number])]
        fail(con, name, keys, f"its worker died {MAX_DEATHS} times while training it")
        drop(con, number)


def take(
    con: sqlite3.Connection,
    owner: Owner,
    study: str,
    prefer: Collection[str],
    can: Callable[[Job], bool],
) -> Job | None:
    """Lease to the owner the study's first candidate whose body is intact and that it can train."""
    for number in candidates(con, study, prefer):
        job = load(con, number)
        if job is not None and can(job):
            con.execute("UPDATE jobs SET owner=? WHERE id=?", [owner.id, number])
            return job
    return None


def tally(con: sqlite3.Connection, study: str, runs: int, cost: float) -> None:
    """Count finished runs for the study's progress."""
    con.execute("INSERT OR IGNORE INTO tally VALUES (?, 0, 0)", [study])
    query = "UPDATE tally SET runs=runs+?, cost=cost+? WHERE study=?"
    con.execute(query, [runs, cost, study])


def progress(con: sqlite3.Connection, study: str) -> Progress:
    """Where the study stands."""
    query = (
        "SELECT total(owner IS NULL), total(owner IS NOT NULL), total(cost) "
        "FROM open JOIN jobs ON open.job = jobs.id WHERE study=?"
    )
    queued, running, left = con.execute(query, [study]).fetchone()
    query = "SELECT total(runs), total(cost) FROM tally WHERE study=?"
    done, cost = con.execute(query, [study]).fetchone()
    return Progress(_count(queued), _count(running), _count(done), left, cost)


def _count(total: float) -> int:
    """A total as a count, whatever a damaged row made of it."""
    return int(min(max(total, 0.0), 2.0**53))
