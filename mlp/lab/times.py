"""Where the time of a process goes, and what a step of training costs on this machine."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mlp.machine import anonymous_memory

COSTS = {"direct": 8e-4, "estimator": 1.6e-3, "float32": 1.7e-4, "float64": 4.2e-4}
"""Seconds that one step of one run takes a core, by who trains it: a real trainer, or the cohort
engine in a number type. These stand until `learn` is told what runs took on this machine.
"""

_LONG = 500
"""Fewest steps of a run whose time says what a step costs: of shorter ones most is set-up."""


def learn(costs: Mapping[str, object]) -> None:
    """Take for granted what was measured earlier on this machine; what is no cost is left out."""
    for kind, seconds in costs.items():
        if kind in COSTS and isinstance(seconds, float) and 0 < seconds < 1:
            COSTS[kind] = seconds


NEW_GRAPH = ", with a new graph"
"""What a kind of training is called besides, while it is the first of its graph in a process."""


class Times:
    """Seconds by what they were spent on, and the runs and steps that were trained in them.

    Time within time counts once, for the inner: `with times.spent("waiting"):` around a part that
    trains says how long was waited alone.
    """

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.runs: defaultdict[str, float] = defaultdict(float)
        self.steps: defaultdict[str, float] = defaultdict(float)
        self.memory = 0
        self._inner = 0.0

    @contextmanager
    def spent(self, what: str, runs: int = 0, steps: int = 0) -> Iterator[None]:
        """Time what is done within; `steps` are those of each of the `runs`."""
        outer, self._inner = self._inner, 0.0
        began = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - began
            self.seconds[what] += took - self._inner
            self._inner = outer + took
            self.runs[what] += runs
            self.steps[what] += runs * steps if steps >= _LONG else 0

    def note_memory(self) -> None:
        """Remember how much memory the process takes, if it never took as much before."""
        self.memory = max(self.memory, anonymous_memory())

    def costs(self) -> dict[str, float]:
        """Seconds that a step of a run took, by who trained it."""
        found = {}
        for kind in COSTS:
            steps = self.steps[kind] + self.steps[kind + NEW_GRAPH]
            if steps:
                found[kind] = (self.seconds[kind] + self.seconds[kind + NEW_GRAPH]) / steps
        return found

    def to_dict(self) -> dict[str, dict[str, float]]:
        """As plain values."""
        return {name: dict(getattr(self, name)) for name in ("seconds", "runs", "steps")}

    def add(self, counts: Mapping[str, Mapping[str, float]]) -> None:
        """Add what `to_dict` of another gave."""
        for name, of in counts.items():
            for what, count in of.items():
                getattr(self, name)[what] += count

    def reset(self) -> None:
        """Begin anew."""
        self.memory = 0
        for counts in (self.seconds, self.runs, self.steps):
            counts.clear()


SPENT = Times()
"""Those of this process."""
