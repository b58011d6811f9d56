"""What a worker of a cluster does with a job of the lab, and the code by which it is known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from mlp.genome import find_species
from mlp.genome.species import all_species, species_name
from mlp.lab.datasets import DatasetError, check_dataset, datasets_of
from mlp.lab.known import trainers_of
from mlp.lab.work import can_train, train_job
from mlp.run import Executor
from mlp.store import Job, RunFailedError

DIGEST = f"{__name__}:digest_of_species"
"""The function that digests the code of species, by name."""


def modules_of(job: Job) -> Iterable[str]:
    """The modules that a worker must import to train a job: that of its species."""
    return [str(job.spec["species"]).partition(":")[0]]


def train(job: Job) -> dict[str, dict[str, Any]]:
    """The records of a job's runs, by key.

    Raises:
        RunFailedError: this process would train other runs than the key says.
    """
    _check_dataset(str(job.spec["species"]), job.spec["dataset"])
    if not can_train(job):
        raise RunFailedError(
            f"a worker trains only what it has imported in the same state; {job.spec['species']} "
            "is missing here, or its code, packages, threads or processor differ: make the worker "
            "the same"
        )
    return {key: record for part in train_job(job) for key, record in part.items()}


def _check_dataset(name: str, dataset: str) -> None:
    species = find_species(name)
    if species is None or not dataset:
        return
    try:
        check_dataset(species, dataset)
    except DatasetError:
        raise RunFailedError(
            f"a worker must know the dataset; {dataset!r} is not known here: register it in "
            f"{species.__module__}, or in a module that this one imports"
        ) from None


def digest_of_species(modules: Sequence[str]) -> str:
    """SHA-256 over the code of all species that the modules declare."""
    state = hashlib.sha256()
    for species in sorted(all_species(), key=species_name):
        if species.__module__ in modules:
            for executor in trainers_of(species).all:
                state.update(
                    f"{species_name(species)} {executor.name} {_code(species, executor)}".encode()
                )
    return state.hexdigest()


def _code(species: Any, executor: Executor) -> str:
    closure = getattr(executor, "closure", None)
    if closure is not None:
        return str(closure.digest)
    datasets = datasets_of(species)
    for genome in species.strains.values():
        return str(executor.identity(genome, datasets[0] if datasets else "").get("code"))
    return ""
