"""What the claims of a session will ask for first, known before any of it is trained."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, cast

from mlp.lab.lab import Lab
from mlp.store import Job, Store

PATIENCE_S = 20.0
"""No more claims are asked once this has passed: an estimate must not cost what it estimates."""


class _Asked(BaseException):
    """Ends a claim at its first question; no `except Exception` of the claim's own stops it."""


class _Listening:
    """Stands in place of a store that has what it was asked for before, and answers nobody."""

    def __init__(self, spare: int) -> None:
        self._spare = spare
        self.jobs: list[Job] = []
        self._asked: set[str] = set()

    def get(self, keys: Collection[str]) -> dict[str, dict[str, Any]]:
        known = self._asked.intersection(keys)
        self._asked.update(keys)
        if known == set(keys):
            raise _Asked
        return {key: {} for key in known}

    def spare(self) -> int:
        return self._spare

    def obtain(self, jobs: Sequence[Job], _train: object, _can: object) -> None:
        self.jobs += jobs
        raise _Asked


def first_jobs(
    lab: Lab, claims: Collection[Callable[[Lab], object]], workers: int = 1
) -> list[Job]:
    """Jobs for all that `claims` first ask of a lab like `lab`, in their order.

    Where there are more `workers` than claims, the jobs are made small enough to share.

    Each is called with a lab that notes the question and ends the claim there: of a look, and of
    all that a claim does afterwards, nothing happens. A claim that fails before it asks has none.
    """
    listening = _Listening(max(0, workers - len(claims)))
    asking = lab.like(cast(Store, listening))
    until = time.monotonic() + PATIENCE_S
    for claim in claims:
        if time.monotonic() > until:
            break
        try:
            claim(asking)
        except KeyboardInterrupt:
            raise
        except BaseException:
            continue
    return listening.jobs
