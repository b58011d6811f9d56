"""What a species knows: its datasets, protocols, executors, and the values of its data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlp.choice import one_of
from mlp.genome import Genome
from mlp.lab.method import MethodExecutor
from mlp.lab.question import LabError
from mlp.lab.seeds import FIRST_SEED
from mlp.run import Executor, Protocol, ProtocolError, Trainers, digest
from mlp.run.protocol import NONE

Species = type[Genome]


_TRAINERS: dict[Species, Trainers] = {}
_DIGESTS: dict[tuple[Species, str], str] = {}


class DatasetError(LabError):
    """A dataset that a species does not know, or that cannot be used."""


def datasets_of(species: Species) -> tuple[str, ...]:
    """The names of the datasets that the species knows and that claims are asked on unasked."""
    return tuple(species.datasets)


def check_dataset(species: Species, dataset: str | None) -> str:
    """The dataset's name; "" for a species without datasets.

    Raises:
        DatasetError: the species does not know it, has none, or has several and none is named.
    """
    known = getattr(species.datasets, "known", None) or datasets_of(species)
    if not known:
        if dataset:
            raise DatasetError(
                f"a dataset must be one that the species knows; {species.__qualname__} knows "
                f"none, got {dataset!r}: leave it out, or declare datasets = ({dataset!r},)"
            )
        return ""
    if dataset is None and len(known) == 1:
        return str(known[0])
    return one_of("dataset", dataset, {str(name): str(name) for name in known}, DatasetError)


def data_digest(species: Species, dataset: str) -> str:
    """SHA-256 of the values of a dataset that the species loads by name; "" if it only names it."""
    found = _DIGESTS.get((species, dataset))
    if found is None:
        found = _DIGESTS[species, dataset] = _data_digest(species, dataset)
    return found


def _data_digest(species: Species, dataset: str) -> str:
    if not isinstance(species.datasets, Mapping) or not dataset:
        return ""
    try:
        return digest(species.datasets[dataset]())
    except Exception as error:
        raise DatasetError(
            f"a dataset's loader must return arrays; that of {dataset!r} raised "
            f"{type(error).__name__} ({error}): fix it"
        ) from error


def protocol_of(species: Species, given: Protocol | str | None) -> Protocol:
    """The protocol of that name, or the species' default one; `NONE` if it has none.

    Raises:
        ProtocolError: the species does not know it.
    """
    if isinstance(given, Protocol):
        return given
    declared = species.protocols
    listed = declared.values() if isinstance(declared, Mapping) else declared
    known = {one.name: one for one in listed}
    if not known:
        return NONE
    return one_of("protocol", next(iter(known)) if given is None else given, known, ProtocolError)


def rebuild_protocol(species: Species, values: Mapping[str, Any]) -> Protocol:
    """The protocol of plain values, as a job names it."""
    return type(protocol_of(species, None))(**values)


def first_seed_of(species: Species, protocol: Protocol) -> int:
    """Where the seeds begin on which verdicts rest."""
    return species.first_seeds.get(protocol.name, FIRST_SEED)


def trainers_of(species: Species) -> Trainers:
    """The executors of a species: those it declares, or its own `train`.

    Raises:
        LabError: it has neither `trainers` nor a method `train` or `train_cohort`.
    """
    found = _TRAINERS.get(species)
    if found is None:
        declared: Trainers | None = species.trainers()
        found = declared if declared is not None else Trainers([MethodExecutor(species)])
        _TRAINERS[species] = found
    return found


def executor_named(species: Species, name: str) -> Executor:
    """The executor of a species by its name."""
    return trainers_of(species).named(name)
