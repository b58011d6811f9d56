"""Measuring in rounds: each way of training once a round, so that a ratio is of one moment.

The speed of a shared machine drifts by half within minutes. Ways measured one after another differ
by that drift; the ratios of one round hardly do, and what is left shows in how rounds differ.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from mlp.proof.bench.contenders import ONE_THREAD, Cost, Task


class FailureError(RuntimeError):
    """A contender's process failed; the message is the end of what it wrote."""


Costs = list[list[Cost]]
"""Of one round: the costs of each team's ways."""


def say(what: str, end: str = "\n") -> None:
    """Tell how far it is."""
    print(what, end=end, file=sys.stderr, flush=True)


class Way:
    """A task in a process of its own, which makes ready and waits to be measured.

    What it is asked raises FailureError if the process failed.
    """

    def __init__(self, task: Task, python: str) -> None:
        self.task = task
        root = str(Path(__file__).resolve().parents[3])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        self._process = subprocess.Popen(
            [python, "-m", "mlp.proof.bench.contenders", json.dumps(asdict(task))],
            env=os.environ | ONE_THREAD | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
        )

    @cached_property
    def missing(self) -> str:
        """What it lacks to be measured at all, or nothing; known when the process is ready."""
        return self._answer().get("missing", "")

    def measure(self) -> Cost:
        """What it costs now, once `missing` has said nothing."""
        asked = self._process.stdin
        assert asked is not None
        try:
            asked.write("\n")
            asked.flush()
        except OSError:
            raise self._failure() from None
        return Cost(**self._answer())

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def _answer(self) -> dict[str, Any]:
        answers = self._process.stdout
        assert answers is not None
        line = answers.readline()
        if not line:
            raise self._failure()
        return json.loads(line)

    def _failure(self) -> FailureError:
        self._process.wait()
        self._errors.seek(0)
        told = self._errors.read().decode("utf-8", "replace")
        return FailureError(f"{self.task.contender} failed:\n{told[-2000:]}")


def rounds(teams: Sequence[Sequence[Way]], count: int, *, of: str) -> Iterator[Costs]:
    """The costs of each of `count` rounds, in the order of `teams`; `of` says what is measured.

    Each team is measured once a round, the ways of a team at the same time, in an order of teams
    that is drawn anew each round. The first begins when all are ready.
    """
    for way in (way for team in teams for way in team):
        if way.missing:
            raise FailureError(f"{way.task.contender} cannot be measured: {way.missing}")
    draw = random.Random(0)
    with ThreadPoolExecutor(max(map(len, teams), default=1)) as pool:
        for done in range(count):
            costs: dict[int, list[Cost]] = {}
            for i in draw.sample(range(len(teams)), len(teams)):
                costs[i] = list(pool.map(Way.measure, teams[i]))
            say(f"{of}: round {done + 1} of {count}")
            yield [costs[i] for i in range(len(teams))]
