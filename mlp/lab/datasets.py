"""The datasets that a species knows, by name, and the digest of their values."""

from __future__ import annotations

from collections.abc import Mapping

from mlp.choice import one_of
from mlp.genome import Genome
from mlp.lab.question import LabError
from mlp.run import digest

Species = type[Genome]

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
    if dataset is None:
        raise DatasetError(
            f"a question is asked on one dataset; {species.__qualname__} knows "
            f"{', '.join(map(str, known))}, and none is named: have the test take `dataset`, or "
            "name one"
        )
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
