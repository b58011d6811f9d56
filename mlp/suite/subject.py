"""What a test is about: of which species it asks, and on which datasets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import pytest

from mlp.choice import one_of
from mlp.genome import Genome
from mlp.genome.species import all_species, species_name
from mlp.lab.datasets import DatasetError, check_dataset, datasets_of
from mlp.lab.known import protocol_of, protocols_of
from mlp.lab.question import LabError
from mlp.run.protocol import NONE, ProtocolError


def dataset_of(item: pytest.Item) -> str | None:
    """The dataset a test is given; None for a test that takes none."""
    params = getattr(item, "callspec", None)
    return params.params.get("dataset") if params else None


def protocol_name(config: pytest.Config, definition: Any) -> str:
    """The name of the protocol under which a test's claim is made; "-" for none."""
    given: str | None = config.option.mlp_protocol
    species = species_with_protocols(definition)
    if given is None and species is not None:
        return protocol_of(species, None).name
    return given or NONE.name


def species_with_protocols(definition: Any) -> type[Genome] | None:
    """The species that a test is about; one without datasets too, if it alone has protocols."""
    found = species_of(definition)
    if found is not None:
        return found
    held = list(dict.fromkeys(_held(getattr(definition, "module", None))))
    known = [one for one in held or all_species() if len(one.protocols)]
    return known[0] if len(known) == 1 else None


def check_protocol(config: pytest.Config) -> None:
    """Refuse a --mlp-protocol that no species in this process knows.

    Raises:
        ProtocolError: its name, and the names there are.
    """
    given = config.option.mlp_protocol
    if given is None:
        return
    known = {one.name: one for species in all_species() for one in protocols_of(species)}
    if known:
        one_of("protocol", given, known, ProtocolError)


def species_of(definition: Any) -> type[Genome] | None:
    """The species with datasets that a test is about; None if there is none.

    That is the one that the mark `species` names, else the one whose genomes the test's module
    holds, else the only one there is.

    Raises:
        DatasetError: there are several, of a test that takes `dataset`; or the mark names none.
    """
    held = list(dict.fromkeys(_held(getattr(definition, "module", None))))
    mark = definition.get_closest_marker("species")
    if mark is not None:
        return _marked(mark, held)
    for found in (held, all_species()):
        known = [one for one in found if len(one.datasets)]
        if len(known) == 1:
            return known[0]
        if "dataset" not in definition.fixturenames:
            return None
        if known and (found is held or not held):
            names = ", ".join(sorted(one.__qualname__ for one in known))
            raise DatasetError(
                f"`dataset` needs one species; {definition.name} may be about {names}: mark the "
                f'test @pytest.mark.species("{known[0].__qualname__}")'
            )
    return None


def _marked(mark: pytest.Mark, held: list[type[Genome]]) -> type[Genome]:
    """The species that a mark names, of those that the test's module holds, or of all.

    The mark holds a name: pytest takes a class in its place for the test itself.
    """
    given = mark.args[0] if len(mark.args) == 1 else None
    for one in (*held, *all_species()):
        if given in (one, one.__qualname__, species_name(one)):
            return one
    names = ", ".join(sorted({one.__qualname__ for one in all_species()}))
    raise DatasetError(
        f"the mark species names a species of this session; got {given!r}: write one of {names}, "
        'as in @pytest.mark.species("Loop")'
    )


def _held(module: ModuleType | None) -> Iterator[Any]:
    """The species that a module names: themselves, by genomes, or by lists and mappings of them."""
    for value in list(vars(module).values()) if module else ():
        each = value.values() if isinstance(value, Mapping) else value
        for one in each if isinstance(each, (list, tuple)) or each is not value else (value,):
            if isinstance(one, Genome):
                yield type(one)
            elif isinstance(one, type) and issubclass(one, Genome) and one is not Genome:
                yield one


def asked_datasets(config: pytest.Config) -> list[str]:
    """The names that --mlp-dataset gives; none if all are asked for.

    Raises:
        DatasetError: it names none, or one that no species in this process knows.
    """
    found: list[str] = []
    for given in config.option.mlp_dataset or ():
        names = [name.strip() for name in given.split(",") if name.strip()]
        if not names:
            raise DatasetError(f"--mlp-dataset names a dataset; got {given!r}: try digits")
        found += names
    known = {
        name: name
        for species in all_species()
        for name in getattr(species.datasets, "known", None) or datasets_of(species)
    }
    for name in found if known else ():
        one_of("dataset", name, known, DatasetError)
    return list(dict.fromkeys(found))


def check_asked(config: pytest.Config) -> None:
    """Refuse a protocol or datasets that are asked for where no species here has any.

    Raises:
        LabError: no species of this process has any.
    """
    for asked, kind in (("mlp_protocol", "protocols"), ("mlp_dataset", "datasets")):
        if getattr(config.option, asked) and not any(len(getattr(s, kind)) for s in all_species()):
            option = f"--{asked.replace('_', '-')}"
            raise LabError(
                f"{option} chooses among {kind}; the species here have none: leave it out"
            )


def datasets(config: pytest.Config, species: type[Genome]) -> list[str]:
    """The datasets that a test about a species is made of.

    Raises:
        DatasetError: one is asked for that no species knows.
    """
    known = datasets_of(species)
    asked = asked_datasets(config)
    return [name for name in asked if _knows(species, name)] if asked else list(known)


def _knows(species: type[Genome], name: str) -> bool:
    try:
        check_dataset(species, name)
    except DatasetError:
        return False
    return True
