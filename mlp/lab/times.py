"""Where the time of a process goes, and what a run costs on this machine."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from mlp.machine import anonymous_memory, resident_memory
from mlp.run import Executor

Counts = Mapping[str, Mapping[str, float]]

_COSTS: dict[str, float] = {}
"""Seconds that a unit of work of each kind took on this machine."""


def seconds_of(executor: Executor, kind: str) -> float:
    """Seconds that a unit of work takes: as measured on this machine, else as `executor` thinks."""
    return _COSTS.get(kind) or executor.seconds(kind)


def learn(costs: Mapping[str, object]) -> None:
    """Take for granted what was measured earlier on this machine; what is no cost is left out."""
    if isinstance(costs, Mapping):
        for kind, seconds in costs.items():
            if isinstance(seconds, float) and 0 < seconds < 1e6:
                _COSTS[kind] = seconds


FIRST_OF_ITS_KIND = ", first of its kind"
"""What a kind of training is called besides, while it is the first of its group in a process."""

_LONG = 500
"""Fewest steps of a run whose time says what a step costs: of shorter ones most is set-up."""


class Times:
    """Seconds by what they were spent on, and the runs and work that were done in them.

    Time within time counts once, for the inner: `with times.spent("waiting"):` around a part that
    trains says how long was waited alone.
    """

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.runs: defaultdict[str, float] = defaultdict(float)
        self.work: defaultdict[str, float] = defaultdict(float)
        self.memory = 0
        self._inner = 0.0
        self._resident = 0

    @contextmanager
    def spent(self, what: str, runs: int = 0, work: float = 0) -> Iterator[None]:
        """Time what is done within; `work` is that of each of the `runs`."""
        outer, self._inner = self._inner, 0.0
        began = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - began
            self.seconds[what] += took - self._inner
            self._inner = outer + took
            self.runs[what] += runs
            self.work[what] += runs * work if work >= _LONG or work == 1 else 0

    def note_memory(self) -> None:
        """Remember how much memory the process takes, if it never took as much before.

        What is asked first is cheap; the exact number can take a tenth of a second.
        """
        resident = resident_memory()
        if resident > 1.02 * self._resident:
            self._resident = resident
            self.memory = max(self.memory, anonymous_memory())

    def costs(self) -> dict[str, float]:
        """Seconds that a unit of work took, by kind."""
        found = {}
        for kind in {what.removesuffix(FIRST_OF_ITS_KIND) for what in self.work}:
            work = self.work[kind] + self.work[kind + FIRST_OF_ITS_KIND]
            if work:
                found[kind] = (self.seconds[kind] + self.seconds[kind + FIRST_OF_ITS_KIND]) / work
        return found

    def to_dict(self) -> dict[str, dict[str, float]]:
        """As plain values."""
        return {name: dict(getattr(self, name)) for name in ("seconds", "runs", "work")}

    def add(self, counts: Counts, sign: int = 1) -> None:
        """Add what `to_dict` of another gave, or take it off."""
        for name, of in counts.items():
            for what, count in of.items():
                getattr(self, name)[what] += sign * count

    def reset(self) -> None:
        """Begin anew."""
        self.memory = self._resident = 0
        for counts in (self.seconds, self.runs, self.work):
            counts.clear()


SPENT = Times()
"""Those of this process."""


@dataclass(frozen=True)
class Spent:
    """What one process spent: `Times.to_dict`, seconds of processor time, most memory in bytes."""

    times: Counts
    processor: float
    memory: int

    def since(self, before: Spent) -> Spent:
        """What was spent since then; the memory is the most there ever was."""
        times = Times()
        times.add(self.times)
        times.add(before.times, -1)
        spent = {
            name: {what: count for what, count in of.items() if count}
            for name, of in times.to_dict().items()
        }
        return Spent(spent, self.processor - before.processor, self.memory)

    def plus(self, other: Spent) -> Spent:
        """This and what the same process spent besides."""
        times = Times()
        times.add(self.times)
        times.add(other.times)
        memory = max(self.memory, other.memory)
        return Spent(times.to_dict(), self.processor + other.processor, memory)


def spent_here() -> Spent:
    """What this process spent so far."""
    return Spent(SPENT.to_dict(), time.process_time(), SPENT.memory)
