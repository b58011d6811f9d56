"""A run's key: a digest of everything that could change its result, and nothing that could not.

That is: the genome as it is expressed, the dataset's values, the protocol, the seed, who trains it,
the code of the training path, TensorFlow's version, and the processor's model, since kinds of
processor round products differently. Comments, docstrings and layout of the code are not part of
it, and neither are paths, options or the other claims; a dataset's name is, since it seeds the
initial weights. NumPy's version is not: all draws come from its legacy generator, whose streams are
frozen.
"""

from __future__ import annotations

import ast
import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from mlp import installed
from mlp.data import load
from mlp.genome import HIDDEN_LAYERS, Genome
from mlp.machine import arithmetic
from mlp.run import Protocol
from mlp.store import StoreError
from mlp.trainers.cohort import expressed_in_engine

_BEGAN = time.time_ns()
_PACKAGE = Path(__file__).resolve().parents[1]
_PLANNED = (
    "data.py::Dataset",
    "data.py::split",
    "run.py::Protocol",
    "run.py::sampled_steps",
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
        "estimator",
    ),
    "cohort": ("backend.py", "trainers/kept.py", "trainers/training.py", "trainers/cohort"),
}
"""Modules, packages and definitions, relative to `mlp`, whose code could change what is trained."""

_CHANGED = (
    "code that trains must stay as it is while it is used, but {} was changed since this process "
    "began: run again"
)

REAL = ("direct", "estimator")
"""The executors that run on the real TensorFlow API of the study."""

BY_ENGINE, BY_REAL_API = "cohort engine", "real API"
BY_BOTH = f"{BY_ENGINE} against {BY_REAL_API}"
"""Who trained the arms of a claim, in words."""


def executor(genome: Genome, *, real: bool) -> str:
    """Who trains `genome`: its trainer on the real API, else the cohort engine."""
    return genome.trainer if real else "cohort"


@cache
def expressed(genome: Genome, executor: str) -> Genome:
    """`genome` with the genes that cannot act under `executor` set to one allele."""
    return genome.expressed() if executor in REAL else expressed_in_engine(genome)


def same_in_engine(genomes: Sequence[Genome]) -> bool:
    """Whether two of the genomes differ in nothing that acts but the dense operation or trainer.

    What is asked of them is then whether two parts of TensorFlow's API do the same, also where the
    engine rounds as each does.
    """
    different = {g.expressed() for g in genomes}
    written = {g.with_alleles(dense="matmul", trainer="direct") for g in different}
    return len(written) < len(different)


@cache
def run_key(genome: Genome, dataset: str, protocol: Protocol, seed: int, executor: str) -> str:
    """SHA-256 hex digest that names the run.

    Raises:
        InstallationError: TensorFlow is not installed, or too old.
    """
    what = {
        "genome": expressed(genome, executor).alleles(),
        "hidden_layers": HIDDEN_LAYERS,
        "data": [dataset, load(dataset).digest],
        "protocol": [protocol.learning_rate, protocol.steps, protocol.sample_every],
        "seed": seed,
        "executor": executor,
        "code": code_digest(executor),
        "versions": versions(genome, executor),
        "arithmetic": arithmetic(),
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def code_digest(executor: str) -> str:
    """SHA-256 over the syntax trees of `executor`'s training path, docstrings left out.

    As they were when it was first asked for, of whichever executor.

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
            state.update(f"{file.relative_to(_PACKAGE).as_posix()}::{definition}".encode())
            state.update(tree_without_docstrings(file.read_text("utf-8"), definition).encode())
    except (OSError, SyntaxError, StopIteration):
        return ""
    return state.hexdigest()


def _files(executor: str) -> Iterator[tuple[Path, str]]:
    """The training path's files, and the one definition in each that belongs to it, if not all."""
    for name in (*_PLANNED, *_TRAINING_PATH[executor]):
        path, _, definition = name.partition("::")
        place = _PACKAGE / path
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            yield file, definition


def tree_without_docstrings(source: str, definition: str = "") -> str:
    """`source`'s syntax tree as text, without docstrings: equal for code that does the same.

    With `definition`, the tree of the function or class of that name alone.
    """
    tree: ast.AST = ast.parse(source)
    if definition:
        tree = next(n for n in ast.walk(tree) if getattr(n, "name", None) == definition)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [n for n in body if not _is_string(n)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_string(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def versions(genome: Genome, executor: str) -> list[str]:
    """Versions of the packages whose code trains the run."""
    found = [installed.tensorflow_version()]
    if executor in REAL and genome.dense == "layers":
        found.append(installed.tf_keras_version())
    return found
