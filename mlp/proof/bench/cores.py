"""The whole machine: runs a minute on all cores, by the direct loop and by the engine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from statistics import median

from mlp.proof.bench import table
from mlp.proof.bench.contenders import Task
from mlp.proof.bench.rounds import Way, rounds


def number() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def rates(dataset: str, steps: int, count: int) -> dict[str, list[float]]:
    """Runs of `steps` updates a minute, in each of `count` rounds.

    Of the direct loop in one process, as anybody runs it, on TensorFlow's own threads ("alone");
    and of it and of the engine, in one process of one thread a core.
    """
    pinned: dict[str, tuple[int, Sequence[int | None]]] = {
        "alone": (1, [None]),
        "direct": (1, range(number())),
        "engine": (16, range(number())),
    }
    with ExitStack() as stack:
        teams = []
        for contender, (cohort, places) in pinned.items():
            tasks = [
                Task(contender=contender, dataset=dataset, cohort=cohort, steps=steps, core=core)
                for core in places
            ]
            teams.append([Way(task, sys.executable) for task in tasks])
            for way in teams[-1]:
                stack.callback(way.close)
        done = list(rounds(teams, count, of=dataset))
    return {
        contender: [sum(60 * cohort / cost.wall for cost in costs[i]) for costs in done]
        for i, (contender, (cohort, _)) in enumerate(pinned.items())
    }


def text(dataset: str, steps: int, found: Mapping[str, Sequence[float]]) -> str:
    """The rates in words, and how many times as many runs the engine makes."""
    times = [
        table.Ratio.of([a / b for a, b in zip(found["engine"], found[name], strict=True)])
        for name in ("alone", "direct")
    ]
    alone, direct, engine = (f"{median(found[n]):.1f}" for n in ("alone", "direct", "engine"))
    lines = [
        f"{dataset}: runs of {steps} steps a minute on {number()} cores: direct loop by itself "
        f"{alone}, one a core {direct}; engine {engine}: {times[0]} and {times[1]} times as many"
    ]
    if any(ratio.unclear for ratio in times):
        lines.append(table.UNCLEAR)
    return "\n".join(lines)
