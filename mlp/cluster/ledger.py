"""What has become of the runs that a session wants: waiting, with the cluster, kept, or failed."""

from __future__ import annotations

import hashlib
import itertools
import sys
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from mlp.store import Job, Progress, StoreError


@dataclass(eq=False)
class Task:
    """A job on its way: by what function it is trained, and how it has fared.

    deaths: how often its worker died. sent: how often it was sent before. lost: how often it was
    lost with the scheduler. ahead: how many tasks a worker had when it was sent, at `since`.
    """

    job: Job
    train: str
    deaths: int = 0
    sent: int = 0
    lost: int = 0
    ahead: int = 1
    since: float = 0.0

    @property
    def key(self) -> str:
        """Its name on the cluster: for equal runs one name, so sessions share the task."""
        name = hashlib.sha256(" ".join([self.train, *sorted(self.job.keys)]).encode()).hexdigest()
        return f"mlp-{name}" + (f"-again{self.sent}" if self.sent else "")

    @property
    def cost(self) -> float:
        """Of all its runs."""
        return self.job.cost * len(self.job.runs)


class Ledger:
    """The runs of a session, each in one task; safe among threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: dict[str, Task] = {}
        self._waiting: defaultdict[int, deque[Task]] = defaultdict(deque)
        self._left_off: deque[int] = deque()
        self._out: set[Task] = set()
        self._busy: Counter[int] = Counter()
        self._failed: dict[str, str] = {}
        self._ended: list[str] = []
        self._cost_done = 0.0
        self.done = 0
        self._fault: StoreError | None = None

    def add(self, jobs: Iterable[Job], train: str) -> None:
        """Note down those runs that are not on their way and have not failed."""
        with self._changed:
            for job in jobs:
                new = {k for k in job.runs if k not in self._open and k not in self._failed}
                part = job.part(new)
                if part is not None:
                    task = Task(part, train)
                    self._open.update(dict.fromkeys(part.runs, task))
                    self._waiting[job.group].append(task)

    def take(self, workers: int, ahead: Callable[[int], int]) -> list[Task]:
        """The tasks to be sent. A worker that has ended one gets one of the same group, if any.

        `ahead` tells how many tasks of a group a worker may have at once. Where groups are mixed it
        is the least of their numbers, so that no brief task waits behind a long one.
        """
        with self._changed:
            least = min(map(ahead, self._busy), default=sys.maxsize)
            tasks: list[Task] = []
            while self._waiting:
                group = self._next_group()
                least = min(least, ahead(group))
                if len(self._out) >= workers * least:
                    break
                task = self._waiting[group].popleft()
                if not self._waiting[group]:
                    del self._waiting[group]
                task.ahead = least
                self._busy[group] += 1
                self._out.add(task)
                tasks.append(task)
            self._left_off.clear()
            return tasks

    def _next_group(self) -> int:
        """That of a task that has ended, else one that no worker is training, else the oldest."""
        while self._left_off:
            group = self._left_off.popleft()
            if group in self._waiting:
                return group
        idle = (group for group in self._waiting if group not in self._busy)
        return next(idle, next(iter(self._waiting)))

    def put_back(self, task: Task) -> None:
        """Have a task sent again."""
        with self._changed:
            task.sent += 1
            self._come_back(task)
            self._waiting[task.job.group].append(task)

    def finish(self, tasks: Collection[Task]) -> None:
        """Note that the runs of the tasks are kept."""
        with self._changed:
            self.done += sum(len(task.job.runs) for task in tasks)
            self._cost_done += sum(task.cost for task in tasks)
            self._close(tasks)

    def fail(self, task: Task, why: str) -> None:
        """Note that the runs of a task cannot be had."""
        with self._changed:
            self._failed.update(dict.fromkeys(task.job.keys, why))
            self._close([task])

    def give_up(self, fault: StoreError) -> None:
        """Note that no more will come; the first reason stays."""
        with self._changed:
            self._fault = self._fault or fault
            self._changed.notify_all()

    def check(self) -> None:
        """Raise what was given up for, if it was."""
        if self._fault is not None:
            raise self._fault

    def failures(self, keys: Iterable[str]) -> dict[str, str]:
        """Why those of the runs have failed that have."""
        with self._changed:
            return {key: self._failed[key] for key in keys if key in self._failed}

    def wait(self, keys: Collection[str]) -> None:
        """Return when each of the runs is kept or has failed.

        Raises:
            StoreError: no more will come.
        """
        with self._changed:
            while any(key in self._open for key in keys):
                self.check()
                self._changed.wait(1.0)  # an interruption is answered between waits

    def ended(self, timeout: float) -> list[str]:
        """The runs that were kept or failed since this was last asked; waits for some.

        Raises:
            StoreError: no more will come.
        """
        with self._changed:
            if not self._ended:
                self.check()
                self._changed.wait(timeout)
            found, self._ended = self._ended, []
        return found

    def progress(self) -> Progress:
        """Runs and costs: those that wait, those with the cluster, those kept."""
        with self._changed:
            running = sum(len(task.job.runs) for task in self._out)
            waiting = itertools.chain(*self._waiting.values())
            left = sum(task.cost for task in (*waiting, *self._out))
            queued = len(self._open) - running
            return Progress(queued, running, self.done, left, self._cost_done)

    @property
    def tasks(self) -> int:
        """How many tasks have not ended."""
        with self._changed:
            return sum(map(len, self._waiting.values())) + len(self._out)

    @property
    def left(self) -> int:
        """How many runs have not ended."""
        return len(self._open)

    def _close(self, tasks: Collection[Task]) -> None:
        for task in tasks:
            self._come_back(task)
            for key in task.job.keys:
                self._open.pop(key, None)
                self._ended.append(key)
        self._changed.notify_all()

    def _come_back(self, task: Task) -> None:
        group = task.job.group
        self._out.remove(task)
        self._left_off.append(group)
        self._busy[group] -= 1
        if not self._busy[group]:
            del self._busy[group]
