"""Studies on clusters of many sizes, simulated: how long, how idle, and what holds them up.

Every claim of a saved study is attempted by one session, its cohorts become tasks, and each task is
served by the session, the scheduler and a worker in turn. What each of these takes was measured.
"""

from __future__ import annotations

import heapq
import json
import math
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

SIZES = (16, 128, 1024)
MANY = 10_000


@dataclass(frozen=True)
class Constants:
    """What was measured, in seconds.

    attempt: an attempt of a claim, all that it computes included. collect: keeping a task's runs
    and sending the next. schedule: a task in the scheduler. gap: between two tasks of a worker.
    start: the imports of a worker. step: of one run, by who trains it.
    """

    attempt: float = 0.010
    collect: float = 0.0006
    schedule: float = 0.0007
    gap: float = 0.016
    start: float = 8.0
    step: dict[str, float] = field(
        default_factory=lambda: {
            "direct": 8e-4,
            "estimator": 1.6e-3,
            "float32": 1.7e-4,
            "float64": 4.2e-4,
        }
    )
    stack: dict[str, int] = field(default_factory=lambda: {"float32": 16, "float64": 4})
    least: int = 4
    glance: int = 4


@dataclass(frozen=True)
class Cohort:
    """Runs that a claim asks for at once: what they are, how many, how long each takes.

    most: how many are trained together at most, where no worker would be idle.
    """

    name: str
    runs: int
    seconds: float
    most: int = 1


Claim = list[list[Cohort]]
"""What a claim asks for, look by look."""


def claims_of(study: dict[str, Any], constants: Constants, copy: int = 0) -> list[Claim]:
    """The claims of a saved study; another copy shares no run with the first."""
    steps = study["provenance"]["protocol"]["steps"]
    return [_claim(row["claim"], steps, constants, copy) for row in study["claims"]]


def _claim(claim: dict[str, Any], steps: int, constants: Constants, copy: int) -> Claim:
    detail = claim["detail"]
    looks = sorted({look["seeds"] for look in detail.get("looks", ())} | {claim["seeds"]})
    by_engine = "engine" in claim["executor"]
    real = [seeds for seeds in looks if seeds <= constants.glance]
    asked: Claim = []
    for seeds in looks:
        look = []
        for arm in _arms(detail):
            trainer, dtype = arm["alleles"]["trainer"], arm["alleles"]["dtype"]
            name = f"{copy} {arm['genome']} {claim['dataset']} {arm.get('first_seed')}"
            if by_engine:
                seconds = steps * constants.step[dtype]
                look.append(Cohort(name, seeds, seconds, constants.stack[dtype]))
            if not by_engine or arm.get("vouched") or real:
                few = constants.glance if by_engine else seeds
                seconds = steps * constants.step[trainer]
                look.append(Cohort(f"{name} real", few, seconds))
        asked.append(look)
    return asked


def _arms(detail: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The cohorts of a claim: its arms, its doses, or the cells of its screen.

    A diagnosis is left out: the screen of the same two genomes trains nearly all its cohorts. So
    are the doses of an old study, which does not tell their alleles.
    """
    if "doses" in detail:
        doses = zip(detail["genomes"], detail.get("alleles", ()), strict=False)
        return [{"genome": genome, "alleles": alleles} for genome, alleles in doses]
    if "cells" in detail:
        pair, alleles = f"{detail['good']} {detail['bad']}", detail.get("alleles", {})
        act = alleles.get("good", {"trainer": "direct", "dtype": "float32"})
        return [{"genome": f"{pair} {cell['on']}", "alleles": act} for cell in detail["cells"]]
    return list(detail.get("arms", ()))


class Simulation:
    """One session, one scheduler and some workers at work on claims."""

    def __init__(self, claims: Sequence[Claim], workers: int, constants: Constants) -> None:
        self._constants, self._workers = constants, workers
        self.now, self._order = 0.0, count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._session, self._scheduler = _Server(self), _Server(self)
        self._parts: defaultdict[str, list[_Task]] = defaultdict(list)
        self._asked: defaultdict[str, int] = defaultdict(int)
        self._ready: deque[_Task] = deque()
        self._open, self._free = 0, 0
        self.work, self.tasks, self.longest, self.largest = 0.0, 0, 0.0, 0.0
        for _ in range(workers):
            self.after(constants.start, self._come)
        for claim in claims:
            self._attempt(claim, 0)
            self.longest = max(self.longest, sum(map(self._least, claim)))

    def run(self) -> float:
        """Let all happen; the seconds until the last verdict."""
        while self._events:
            self.now, _, action = heapq.heappop(self._events)
            action()
        return self.now

    def bounds(self) -> dict[str, float]:
        """The seconds that it takes at least, by what it would take them for."""
        return {
            "workers": self._constants.start + self.work / self._workers,
            "session": self._session.busy,
            "scheduler": self._scheduler.busy,
            "longest claim": self._constants.start + self.longest,
            "largest cohort": self._constants.start + self.largest,
        }

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Have something happen."""
        heapq.heappush(self._events, (self.now + seconds, next(self._order), action))

    def _least(self, look: Sequence[Cohort]) -> float:
        runs = [min(c.most, self._constants.least) for c in look]
        return max((n * c.seconds for n, c in zip(runs, look, strict=True)), default=0.0)

    def _attempt(self, claim: Claim, look: int) -> None:
        """Attempt a claim; one that lacks nothing is run once more, by pytest's own protocol."""
        if look == len(claim):
            self._session.serve(2 * self._constants.attempt, _nothing)
            return
        self._session.serve(self._constants.attempt, partial(self._ask, claim, look))

    def _ask(self, claim: Claim, look: int) -> None:
        """Send what a look lacks; the claim is attempted again when all of it has come."""
        for cohort in claim[look]:
            self._extend(cohort)
        names = {cohort.name for cohort in claim[look]}
        missing = {task for name in names for task in self._parts[name] if not task.ended}
        following = partial(self._attempt, claim, look + 1)
        if missing:
            waiting = _Waiting(len(missing), following)
            for task in missing:
                task.waiting.append(waiting)
        else:
            following()

    def _extend(self, cohort: Cohort) -> None:
        """Send tasks for those runs of a cohort that nobody has asked for."""
        constants = self._constants
        spare = max(0, self._workers - self._open)
        size = min(cohort.most, max(constants.least, math.ceil(cohort.most / (1 + spare))))
        for start in range(self._asked[cohort.name], cohort.runs, size):
            task = _Task(min(size, cohort.runs - start) * cohort.seconds)
            self._parts[cohort.name].append(task)
            self._open += 1
            self.tasks += 1
            self.work += task.seconds
            self.largest = max(self.largest, task.seconds)
            self._scheduler.serve(constants.schedule, partial(self._be_ready, task))
        self._asked[cohort.name] = max(self._asked[cohort.name], cohort.runs)

    def _come(self) -> None:
        self._free += 1
        self._dispatch()

    def _be_ready(self, task: _Task) -> None:
        self._ready.append(task)
        self._dispatch()

    def _dispatch(self) -> None:
        while self._free and self._ready:
            task = self._ready.popleft()
            self._free -= 1
            self.after(task.seconds, partial(self._trained, task))

    def _trained(self, task: _Task) -> None:
        self.after(self._constants.gap, self._come)
        self._session.serve(self._constants.collect, partial(self._keep, task))

    def _keep(self, task: _Task) -> None:
        task.ended = True
        self._open -= 1
        for waiting in task.waiting:
            waiting.left -= 1
            if not waiting.left:
                waiting.then()


class _Server:
    """Serves one after the other."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation, self._until, self.busy = simulation, 0.0, 0.0

    def serve(self, seconds: float, then: Callable[[], None]) -> None:
        """Have something happen once this has been served, after all that came before."""
        now = self._simulation.now
        self._until = max(self._until, now) + seconds
        self.busy += seconds
        self._simulation.after(self._until - now, then)


@dataclass(eq=False)
class _Waiting:
    left: int
    then: Callable[[], None]


@dataclass(eq=False)
class _Task:
    seconds: float
    ended: bool = False
    waiting: list[_Waiting] = field(default_factory=list)


def _nothing() -> None:
    """What follows the verdict."""


def main(studies: Sequence[Path]) -> int:
    """Print a table: each of the studies, and a suite of `MANY` claims like the first."""
    constants = Constants()
    print(f"{constants}\n")
    print("| suite | claims | tasks | workers | time | idle | bottleneck |")
    print("|---|---:|---:|---:|---:|---:|---|")
    for name, claims in _suites(studies, constants):
        for workers in SIZES:
            simulation = Simulation(claims, workers, constants)
            took = simulation.run()
            bounds = simulation.bounds()
            idle = 1 - simulation.work / (workers * took)
            reason = max(bounds, key=bounds.__getitem__)
            cells = f"{len(claims):,} | {simulation.tasks:,} | {workers:,} | {_time(took)}"
            print(f"| {name} | {cells} | {idle:.0%} | {reason} ({bounds[reason] / took:.0%}) |")
    return 0


def _suites(studies: Sequence[Path], constants: Constants) -> Iterator[tuple[str, list[Claim]]]:
    read = [json.loads(path.read_text(encoding="utf-8")) for path in studies]
    for path, study in zip(studies, read, strict=True):
        yield path.stem, claims_of(study, constants)
    copies = math.ceil(MANY / len(read[0]["claims"]))
    many = [claim for n in range(copies) for claim in claims_of(read[0], constants, n)]
    yield f"{copies} times {studies[0].stem}", many[:MANY]


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
