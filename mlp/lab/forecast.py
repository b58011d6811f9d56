"""What the claims of a session will ask for first, known before any of it is trained."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, cast

from mlp.genome.species import all_species
from mlp.lab.known import trainers_of
from mlp.lab.lab import Lab
from mlp.lab.work import OnlyAsked
from mlp.store import Job, Store

PATIENCE_S = 20.0
"""No more claims are asked once this has passed: an estimate must not cost what it estimates."""


class _Listening:
    """Stands in place of a store that has what it was asked for before, and answers nobody."""

    only_asked = True

    def __init__(self, spare: int) -> None:
        self._spare = spare
        self.jobs: list[Job] = []
        self._asked: set[str] = set()

    def get(self, keys: Collection[str]) -> dict[str, dict[str, Any]]:
        known = self._asked.intersection(keys)
        self._asked.update(keys)
        if known == set(keys):
            raise OnlyAsked
        return {key: {} for key in known}

    def spare(self) -> int:
        return self._spare

    def obtain(self, jobs: Sequence[Job], _train: object, _can: object) -> None:
        self.jobs += jobs
        raise OnlyAsked


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


def make_ready() -> None:
    """Read the code that trains, and import what every claim needs."""
    import scipy.special  # noqa: F401

    for species in all_species():
        for executor in trainers_of(species).all:
            executor.check()
