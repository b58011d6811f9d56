"""A pytest plugin that notes in a file who the workers are and which runs a study keeps.

It also registers a protocol so brief that a study of trials takes seconds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest

from mlp.species.post.protocol import PROTOCOLS, Protocol
from mlp.store import Job, Store

LOG = "MLP_TRIALS_LOG"
"""The environment variable that names the file."""

BRIEF = Protocol(name="brief", learning_rate=1e-3, steps=200, sample_every=50)


def pytest_configure() -> None:
    """Register the protocol, and begin to note."""
    PROTOCOLS[BRIEF.name] = BRIEF  # type: ignore[index]
    log = os.open(os.environ[LOG], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    finish = Store.finish

    def note(word: str, *what: object) -> None:
        os.write(log, "".join(f"{word} {each}\n" for each in what).encode())

    def finish_and_note(store: Store, job: Job, records: Mapping[str, Mapping[str, Any]]) -> None:
        finish(store, job, records)
        note("kept", *job.keys)

    pytest.MonkeyPatch().setattr(Store, "finish", finish_and_note)
    if "PYTEST_XDIST_WORKER" in os.environ:
        note("worker", os.getpid())
