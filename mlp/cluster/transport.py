"""Jobs as tasks of a Dask cluster: each run sent once, kept as soon as it has come back.

Where a task runs, what becomes of it when its worker dies, and how it travels are Dask's. Kept here
is only how many tasks are with the cluster at once: few more than workers, so that a worker's death
is blamed on what it trained.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlp.cluster import address as addresses
from mlp.cluster import task
from mlp.cluster.crew import Crew
from mlp.cluster.errors import ClusterError
from mlp.cluster.passport import Standard, check_importable, name_of
from mlp.store import Job, Progress, StoreError

PATIENCE_S = 120.0
"""How long no worker may be there, unless the caller says otherwise."""

BRIEF_S = 0.25
"""Tasks shorter than this are sent several to a worker: the way there would take longer."""

MOST_AHEAD = 16
MOST_LOST = 5
"""How often a task that was lost with its scheduler is sent again."""

Train = Callable[[Job], Mapping[str, Mapping[str, Any]]]
Keep = Callable[[Mapping[str, Mapping[str, Any]]], None]


@dataclass(eq=False)
class _Task:
    """A job on its way: who trains it, how it has fared."""

    job: Job
    train: str
    deaths: int = 0
    sent: int = 0
    lost: int = 0
    ahead: int = 1
    since: float = field(default=0.0)

    @property
    def key(self) -> str:
        """Its name on the cluster: for equal runs one name, so sessions share the task."""
        name = hashlib.sha256(" ".join([self.train, *sorted(self.job.keys)]).encode()).hexdigest()
        return f"mlp-{name}" + (f"-again{self.sent}" if self.sent else "")


class Transport:
    """Trains jobs on the cluster at an address and keeps what comes back.

    Args:
        address: as `Address.read` takes it.
        keep: puts records into the store; called as tasks end, from a thread of the transport.
        standard: what workers must have in common with this process.
        patience: for how many seconds no worker may be there before all is given up.
        say: is told what a person should know (which workers were refused).
        resources: what else of Dask's resources a task needs, as {"GPU": 1}.
        processor, security: as `Crew` and `distributed.Client` take them.

    Raises:
        ClusterError: there is no such cluster.
    """

    def __init__(
        self,
        address: str,
        keep: Keep,
        standard: Standard | None = None,
        *,
        patience: float = PATIENCE_S,
        say: Callable[[str], None] = print,
        resources: Mapping[str, float] | None = None,
        processor: str = "session",
        security: object = None,
    ) -> None:
        place = addresses.Address.read(address)
        standard = standard or Standard()
        self.address, self._keep, self._patience = address, keep, patience
        self._resources = dict(resources or {})
        self._link = place.open(min(patience, 30.0), security)
        self._changed = threading.Condition()
        self._open: dict[str, _Task] = {}
        self._waiting: deque[_Task] = deque()
        self._flying: dict[Any, _Task] = {}
        self._failed: dict[str, str] = {}
        self._fault: StoreError | None = None
        self._ended: list[str] = []
        self._done, self._cost_done, self.kept = 0, 0.0, 0
        self._typical = math.inf
        self._careful = False
        self._alone_since: float | None = time.monotonic()
        self._events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._closing = False
        self.crew = Crew(
            self._link,
            standard,
            say,
            self._nudge,
            here=bool(place.workers),
            processor=processor,
        )
        self._pump = threading.Thread(target=self._run, name="mlp-cluster", daemon=True)
        self._pump.start()

    @property
    def dashboard(self) -> str:
        """The address of Dask's own page about this cluster."""
        return addresses.dashboard(self._link)

    def submit(self, jobs: Iterable[Job], train: Train, modules: Collection[str] = ()) -> None:
        """Have those runs trained that are not on their way and have not failed.

        Raises:
            ClusterError: workers could not import `train` or `modules`.
        """
        name = name_of(train)
        for module in modules:
            check_importable(module)
        self.crew.require({name.partition(":")[0], *modules})
        with self._changed:
            for job in jobs:
                runs = {k: own for k, own in job.runs.items() if not self._is_known(k)}
                if runs:
                    sent = _Task(Job(job.spec, runs, job.cost), name)
                    self._open.update(dict.fromkeys(runs, sent))
                    self._waiting.append(sent)
        self._nudge()

    def failures(self, keys: Iterable[str]) -> dict[str, str]:
        """Why those of the runs have failed that have."""
        with self._changed:
            return {key: self._failed[key] for key in keys if key in self._failed}

    def wait(self, keys: Collection[str]) -> None:
        """Return when each of the runs is kept or has failed.

        Raises:
            StoreError: the cluster has gone, or the store could not be written.
        """
        with self._changed:
            while any(key in self._open for key in keys):
                self.check()
                self._changed.wait(1.0)  # an interruption is answered between waits
        self.check()

    def ended(self, timeout: float) -> list[str]:
        """The runs that were kept or failed since this was last asked; waits for some.

        Raises:
            StoreError: as `wait`.
        """
        with self._changed:
            if not self._ended:
                self.check()
                self._changed.wait(timeout)
                self.check()
            found, self._ended = self._ended, []
        return found

    def check(self) -> None:
        """Raise what has put an end to this cluster, if something has."""
        if self._fault is not None:
            raise self._fault

    def progress(self) -> Progress:
        """Runs and costs: those waiting here, with the cluster, and done."""
        with self._changed:
            flying = sum(len(t.job.runs) for t in self._flying.values())
            left = len(self._open) - flying
            cost = sum(t.job.cost * len(t.job.runs) for t in (*self._waiting, *self._flying.values()))
            return Progress(left, flying, self._done, cost, self._cost_done)

    def spare(self) -> int:
        """How many workers have nothing to do, and will not get what is waiting."""
        with self._changed:
            return max(0, self.crew.size - len(self._flying) - len(self._waiting))

    def close(self) -> None:
        """Give back what is not trained, and leave the cluster. May be called twice."""
        if self._closing:
            return
        self._closing = True
        self._nudge()
        self.crew.stop()
        self._pump.join(timeout=10)
        self._flying.clear()
        with contextlib.suppress(Exception):
            addresses.close(self._link)

    def _is_known(self, key: str) -> bool:
        return key in self._open or key in self._failed

    def _nudge(self) -> None:
        self._events.put(None)

    def _run(self) -> None:
        while not self._closing:
            try:
                self._collect(self._drain())
                self._launch()
                self._look_after()
            except StoreError as error:
                self._give_up(error)
            except Exception as error:
                if self._link.status == "running":
                    self._give_up(ClusterError(f"The cluster failed: {error!r}: run again."))

    def _drain(self) -> list[Any]:
        """The futures that have ended, waited for a little."""
        found = []
        with contextlib.suppress(queue.Empty):
            found.append(self._events.get(timeout=0.25))
            while True:
                found.append(self._events.get_nowait())
        return [future for future in found if future is not None]

    def _collect(self, futures: Sequence[Any]) -> None:
        """Keep what has come, and decide what becomes of what has not."""
        with self._changed:
            ended = {f: self._flying.pop(f) for f in futures if f in self._flying}
        good = {f: t for f, t in ended.items() if f.status == "finished"}
        found = self._gather(good)
        records: dict[str, Any] = {}
        for future, sent in ended.items():
            if future in found:
                records.update(found[future])
                took = (time.monotonic() - sent.since) / sent.ahead
                self._typical = took if self._typical == math.inf else (3 * self._typical + took) / 4
            elif future.status == "error":
                self._end_badly(sent, future.exception())
            else:
                sent.lost += 1
                self._again(sent, sent.lost > MOST_LOST, f"it was lost {sent.lost} times")
        if records:
            self._keep(records)
            self._close_runs([ended[future] for future in found])

    def _gather(self, tasks: Mapping[Any, _Task]) -> dict[Any, Any]:
        """What the finished futures hold; without those that were lost meanwhile."""
        if not tasks:
            return {}
        by_key = {future.key: future for future in tasks}
        try:
            found = self._link.gather(by_key, errors="skip")
        except Exception:
            return {}
        return {by_key[key]: value for key, value in found.items()}

    def _end_badly(self, sent: _Task, error: BaseException | None) -> None:
        from distributed.scheduler import KilledWorker

        if not isinstance(error, KilledWorker):
            self._fail(sent, str(error))
            return
        sent.deaths += error.allowed_failures + 1
        doubtful = sent.ahead > 1  # it may have been another task of the same worker
        self._careful = True
        self._again(sent, not doubtful, _died(sent))

    def _again(self, sent: _Task, give_up: bool, why: str) -> None:
        if give_up:
            self._fail(sent, why)
            return
        sent.sent += 1
        with self._changed:
            self._waiting.append(sent)

    def _fail(self, sent: _Task, why: str) -> None:
        with self._changed:
            self._failed.update(dict.fromkeys(sent.job.keys, why))
        self._close_runs([sent], done=False)

    def _close_runs(self, ended: Iterable[_Task], *, done: bool = True) -> None:
        with self._changed:
            for sent in ended:
                for key in sent.job.keys:
                    self._open.pop(key, None)
                    self._ended.append(key)
                if done:
                    self._done += len(sent.job.runs)
                    self._cost_done += sent.job.cost * len(sent.job.runs)
            self._changed.notify_all()

    def _launch(self) -> None:
        """Send as many tasks as the workers have room for."""
        if self._link.status != "running" or self._fault is not None:
            return
        brief = self._typical < BRIEF_S and not self._careful
        ahead = min(MOST_AHEAD, 1 + math.ceil(BRIEF_S / max(self._typical, 1e-3))) if brief else 1
        with self._changed:
            room = max(0, self.crew.size * ahead - len(self._flying))
            batch = [self._waiting.popleft() for _ in range(min(room, len(self._waiting)))]
        if not batch:
            return
        futures = self._link.map(
            task.train,
            [t.train for t in batch],
            [dict(t.job.spec) for t in batch],
            [dict(t.job.runs) for t in batch],
            [t.job.cost for t in batch],
            key=[t.key for t in batch],
            resources={self.crew.mark: 1, **self._resources},
        )
        now = time.monotonic()
        with self._changed:
            for future, sent in zip(futures, batch, strict=True):
                sent.since, sent.ahead = now, ahead
                self._flying[future] = sent
        for future in futures:
            future.add_done_callback(self._events.put)

    def _look_after(self) -> None:
        """Give up when nobody is there to train, for longer than is patient."""
        status = self._link.status
        if status == "connecting":
            self.crew.forget()
        if self.crew.size and status == "running" or not self._open:
            self._alone_since = None
            return
        now = time.monotonic()
        if self._alone_since is None:
            self._alone_since = now
        if status in ("closed", "closing"):
            self._give_up(ClusterError(f"The scheduler at {self.address} has gone: {self._left()}"))
        elif now - self._alone_since > self._patience:
            self._give_up(ClusterError(self._nobody()))

    def _nobody(self) -> str:
        refused = self.crew.refused
        if refused:
            worker, why = next(iter(refused.items()))
            more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
            return (
                f"A cluster needs a worker that is the same as this session, but {worker}{more} "
                f"is not: {why}. Make them the same: {self._left()}"
            )
        came = "no worker is left at" if self._done else "no worker came to"
        return (
            f"A cluster needs workers, but {came} {self.address} for {self._patience:g} s: "
            f"start some with dask worker. {self._left().capitalize()}"
        )

    def _left(self) -> str:
        """What is kept, and how to go on."""
        return (
            f"{self._done:,} runs of this session are kept, {len(self._open):,} are not trained; "
            "the same command goes on from there."
        )

    def _give_up(self, error: StoreError) -> None:
        with self._changed:
            self._fault = self._fault or error
            self._changed.notify_all()


def _died(sent: _Task) -> str:
    others = len(sent.job.runs) - 1
    beside = f" with {others} others" if others else ""
    return f"its worker died {sent.deaths} times while training it{beside}"
