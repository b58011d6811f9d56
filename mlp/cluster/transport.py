"""Jobs as tasks of a Dask cluster: each run sent once, kept as soon as it has come back.

Where a task runs, what becomes of it when its worker dies, and how it travels are Dask's. Kept here
is only how many tasks are with the cluster at once: one for each worker, or a few where tasks are
brief, so that a worker's death is blamed on what it trained.
"""

from __future__ import annotations

import contextlib
import math
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from mlp.cluster import address as addresses
from mlp.cluster import results
from mlp.cluster import task as sent
from mlp.cluster.crew import Crew
from mlp.cluster.errors import ClusterError
from mlp.cluster.ledger import Ledger, Task
from mlp.cluster.passport import HARDWARE, Passport, Standard, check_importable, name_of
from mlp.lab.times import Spent
from mlp.store import Job, StoreError

PATIENCE_S = 120.0
"""How long no worker may be there, unless the caller says otherwise."""

IMPORTING = 5
"""How many times as long workers may be there that have not yet imported what trains."""

BRIEF_S = 0.25
"""Tasks shorter than this are sent several to a worker: the way there would take longer."""

MOST_AHEAD = 16
MOST_LOST = 5
"""How often a task that was lost with its scheduler is sent again."""

Train = Callable[[Job], Any]
Keep = Callable[[Mapping[str, Mapping[str, Any]]], None]


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
        self.runs = Ledger()
        self.spent: dict[str, Spent] = {}
        """What each worker spent on this session's runs, by its address."""
        self._flying: dict[Any, Task] = {}
        self._seconds: dict[int, float] = {}
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
        self.runs.add(jobs, name)
        self._nudge()

    def hardware(self) -> Passport:
        """That of the workers, where it need not be the session's, once one of them has shown it.

        Raises:
            ClusterError: none did in time.
        """
        began = time.monotonic()
        while not self.crew.hardware:
            if time.monotonic() - began > self._limit:
                raise ClusterError(self._nobody())
            time.sleep(0.05)
        return self.crew.hardware

    def spare(self) -> int:
        """How many workers have nothing to do, and will not get what is waiting."""
        return max(0, self.crew.size - self.runs.tasks)

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

    def _nudge(self) -> None:
        self._events.put(None)

    def _run(self) -> None:
        while not self._closing:
            try:
                self._collect(self._drain())
                self._launch()
                self._look_after()
            except StoreError as error:
                self.runs.give_up(error)
                return
            except Exception as error:
                if self._link.status == "running":
                    self.runs.give_up(ClusterError(f"The cluster failed ({error!r}): run again."))
                    return

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
        ended = {f: self._flying.pop(f) for f in futures if f in self._flying}
        finished = [future for future in ended if future.status == "finished"]
        found = results.gather(self._link, finished)
        records: dict[str, Any] = {}
        for future, task in ended.items():
            if future in found:
                trained, worker, fields = found[future]
                records.update(trained)
                spent, before = Spent(**fields), self.spent.get(worker)
                self.spent[worker] = spent if before is None else before.plus(spent)
                self._note_time(task)
            elif future.status == "error":
                self._end_badly(task, future.exception())
            else:  # lost with the scheduler, or with the worker that held it
                task.lost += 1
                self._again(task, task.lost > MOST_LOST, f"it was lost {task.lost} times")
        if records:
            results.release(self._link, found)
            self._keep(records)
            self.runs.finish([ended[future] for future in found])

    def _note_time(self, task: Task) -> None:
        took, group = (time.monotonic() - task.since) / task.ahead, task.job.group
        self._seconds[group] = (3 * self._seconds.get(group, took) + took) / 4

    def _end_badly(self, task: Task, error: BaseException | None) -> None:
        from distributed.scheduler import KilledWorker

        if not isinstance(error, KilledWorker):
            self.runs.fail(task, str(error))
            return
        task.deaths += error.allowed_failures + 1
        doubtful = task.ahead > 1  # another task of its workers may have killed them
        self._careful = True
        others = len(task.job.runs) - 1
        beside = f" with {others} others" if others else ""
        why = f"its worker died {task.deaths} times while training it{beside}"
        self._again(task, not doubtful, why)

    def _again(self, task: Task, give_up: bool, why: str) -> None:
        if give_up:
            self.runs.fail(task, why)
        else:
            self.runs.put_back(task)

    def _launch(self) -> None:
        """Send as many tasks as the workers have room for."""
        if self._link.status != "running":
            return
        batch = self.runs.take(self.crew.size, self._ahead)
        if not batch:
            return
        futures = self._link.map(
            sent.train,
            [task.train for task in batch],
            [dict(task.job.spec) for task in batch],
            [dict(task.job.runs) for task in batch],
            [task.job.cost for task in batch],
            key=[task.key for task in batch],
            resources={self.crew.mark: 1, **self._resources},
        )
        now = time.monotonic()
        for future, task in zip(futures, batch, strict=True):
            task.since = now
            self._flying[future] = task
        for future in futures:
            future.add_done_callback(self._events.put)

    def _ahead(self, group: int) -> int:
        """How many tasks of a group a worker may have at once."""
        seconds = self._seconds.get(group, math.inf)
        if seconds >= BRIEF_S or self._careful:
            return 1
        return min(MOST_AHEAD, 1 + math.ceil(BRIEF_S / max(seconds, 1e-3)))

    def _look_after(self) -> None:
        """Give up when nobody is there to train, for longer than is patient."""
        status, now = self._link.status, time.monotonic()
        if status in ("closed", "closing"):
            raise ClusterError(f"The scheduler at {self.address} has gone. {self._left()}")
        if status == "connecting":
            self.crew.forget()
        if self.crew.size or not self.runs.tasks:
            self._alone_since = None
            return
        self._alone_since = self._alone_since or now
        if now - self._alone_since > self._limit:
            raise ClusterError(self._nobody())

    @property
    def _limit(self) -> float:
        """For how many seconds no worker may have work."""
        return self._patience * (IMPORTING if self.crew.asked > 0 else 1)

    def _nobody(self) -> str:
        refused = self.crew.refused
        if refused:
            worker, why = next(iter(refused.items()))
            more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
            other = why.startswith(tuple(f"{name} is " for name in HARDWARE))
            remedy = ", or accept that by --mlp-other-processor" if other else ""
            return (
                f"A cluster needs a worker that is the same as this session, but {worker}{more} "
                f"is not: {why}. Make them the same{remedy}. {self._left()}"
            )
        if self.crew.asked > 0:
            return (
                f"A worker must import what trains within {self._limit:g} s, but none of the "
                f"{self.crew.asked} at {self.address} has: see their logs. {self._left()}"
            )
        came = "no worker is left at" if self.runs.done else "no worker came to"
        return (
            f"A cluster needs workers, but {came} {self.address} for {self._patience:g} s: "
            f"start some with dask worker. {self._left()}"
        )

    def _left(self) -> str:
        """What is kept, and how to go on."""
        return (
            f"The {self.runs.done:,} runs that this session trained are kept, {self.runs.left:,} "
            "are not trained: the same command goes on from there."
        )
