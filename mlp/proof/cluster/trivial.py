"""Runs that cost nothing, or as long as they say, for tests and for commands."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Sequence
from typing import Any

from mlp.machine import KILL
from mlp.store import Job


def key_of(name: str, seed: int) -> str:
    """The key of a trivial run."""
    return hashlib.sha256(f"{name} {seed}".encode()).hexdigest()


def jobs(name: str, seeds: Sequence[int], size: int = 1, group: int = 0, **spec: Any) -> list[Job]:
    """Jobs of `size` trivial runs each. The specification says how they are trained.

    seconds: how long each run takes. fails: the sentence it fails with. kills: whether it ends its
    worker. length: how many characters its record holds. journal: a file in which each training of
    a run is noted, with the time it began, the process and the thread.
    """
    parts = [seeds[start : start + size] for start in range(0, len(seeds), size)]
    whole = {"name": name, **spec}
    runs = [{key_of(name, seed): {"seed": seed} for seed in part} for part in parts]
    return [Job(whole, own, group=group) for own in runs]


def score_of(key: str) -> float:
    """What a trivial run scores: a number in [0, 1) that its key determines."""
    return int(key[:8], 16) / 2**32


def train(job: Job) -> dict[str, dict[str, Any]]:
    """The records of trivial runs."""
    spec, began = job.spec, time.time()
    if spec.get("fails"):
        raise ValueError(spec["fails"])
    if spec.get("kills"):
        os.kill(os.getpid(), KILL)
    time.sleep(spec.get("seconds", 0.0) * len(job.runs))
    if spec.get("journal"):
        worker = f"{os.getpid()}-{threading.get_ident()}"
        with open(spec["journal"], "a", encoding="utf-8") as file:
            file.write("".join(f"{key} {began} {worker}\n" for key in job.runs))
    more = {"padding": "x" * spec["length"]} if spec.get("length") else {}
    return {
        key: {"score": score_of(key), "seed": own["seed"], **more} for key, own in job.runs.items()
    }
