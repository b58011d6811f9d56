"""The code of the study's training paths, as part of a run's key.

Comments, docstrings and layout are no part of it. NumPy's version is not: all draws come from its
legacy generator, whose streams are frozen.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from mlp.lab.code import tree_without_docstrings
from mlp.store import StoreError

_BEGAN = time.time_ns()
_PACKAGE = Path(__file__).resolve().parent
_PLANNED = (
    "data.py::Dataset",
    "data.py::split",
    "protocol.py::Protocol",
    "protocol.py::sampled_steps",
    "plan.py",
)
_TRAINING_PATH = {
    "direct": (
        "backend.py",
        "network.py",
        "trainers/kept.py",
        "trainers/training.py",
        "trainers/direct.py",
    ),
    "estimator": (
        "backend.py",
        "network.py",
        "trainers/kept.py",
        "trainers/training.py",
        "trainers/direct.py",
        "trainers/estimator.py",
        "../../estimator",
    ),
    "cohort": ("backend.py", "trainers/kept.py", "trainers/training.py", "trainers/cohort"),
}
"""Modules, packages and definitions, relative to this folder, whose code could change a run."""

_CHANGED = (
    "code that trains must stay as it is while it is used, but {} was changed since this process "
    "began: run again"
)


def code_digest(executor: str) -> str:
    """SHA-256 over the syntax trees of `executor`'s training path, docstrings left out.

    Computed once per process, for all executors, at the first call.

    Raises:
        StoreError: a file of a training path was changed since this process began: what it runs is
            not known.
    """
    return _first_seen()[executor]


def check_code(executor: str) -> None:
    """Refuse runs that were trained while the code they are stored under changed.

    Raises:
        StoreError: the training path is not what `code_digest` saw.
    """
    if code_digest(executor) != _digest_now(executor):
        raise StoreError(_CHANGED.format(f"that of the {executor} executor"))


@cache
def _first_seen() -> dict[str, str]:
    """The digests of all executors, of files that this process can be said to run."""
    now = time.time_ns()
    for executor in _TRAINING_PATH:
        for file, _ in _files(executor):
            found = file.stat()
            if _BEGAN < max(found.st_mtime_ns, found.st_ctime_ns) <= now:
                raise StoreError(_CHANGED.format(file.name))
    return {executor: _digest_now(executor) for executor in _TRAINING_PATH}


def _digest_now(executor: str) -> str:
    """The digest of the files as they are; of nothing where one is missing."""
    state = hashlib.sha256()
    try:
        for file, definition in _files(executor):
            state.update(f"{file.relative_to(_PACKAGE.parents[1])}::{definition}".encode())
            state.update(tree_without_docstrings(file.read_text("utf-8"), definition).encode())
    except (OSError, SyntaxError, StopIteration):
        return ""
    return state.hexdigest()


def _files(executor: str) -> Iterator[tuple[Path, str]]:
    """The training path's files, and the one definition in each that belongs to it, if not all."""
    for name in (*_PLANNED, *_TRAINING_PATH[executor]):
        path, _, definition = name.partition("::")
        place = (_PACKAGE / path).resolve()
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            yield file, definition
