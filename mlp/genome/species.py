"""Species: the genomes that share one set of genes and one way of being trained.

A species is a subclass of `Genome`. It is made a frozen dataclass when it is declared, and known
from then on by its qualified name.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from importlib import import_module
from types import FrameType
from typing import Any, ClassVar, get_origin

from mlp.choice import one_of
from mlp.genome.gene import Gene, GenomeError, read_gene

_SPECIES: dict[str, type] = {}


def species_name(species: type) -> str:
    """The qualified name by which a species is known: "package.module:Class"."""
    return f"{species.__module__}:{species.__qualname__}"


def find_species(name: str) -> Any:
    """The species of that qualified name, if this process has imported it."""
    return _SPECIES.get(name)


def all_species() -> tuple[Any, ...]:
    """Every species that this process has imported."""
    return tuple(_SPECIES.values())


def at(place: Any) -> Any:
    """What stands at "package.module:NAME"; anything but a text, and an empty one, is itself.

    Raises:
        GenomeError: nothing stands there.
    """
    if not isinstance(place, str) or not place:
        return place
    module, _, name = place.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ModuleNotFoundError, AttributeError, ValueError) as error:
        raise GenomeError(
            "trained_by and drawn_by of a species name an object, as package.module:NAME; got "
            f"{place!r} ({error}): correct the name"
        ) from error


def check_registered(species: type) -> None:
    """Refuse a species whose name another species has taken since.

    Raises:
        GenomeError: two species have one name.
    """
    name = species_name(species)
    if _SPECIES.get(name) is not species:
        raise GenomeError(
            f"species must have different names; two are called {name}: rename one, and make its "
            "genomes after the class"
        )


def declare(species: Any, caller: FrameType | None, base: type) -> None:
    """Make a subclass of `Genome` a species.

    Raises:
        GenomeError: a gene is badly declared.
    """
    genes = dict(super(species, species).genes)
    annotations = dict(vars(species).get("__annotations__", {}))
    _check_annotated(species, genes, annotations)
    for name, annotation in list(annotations.items()):
        found = annotations[name] = _annotation(species, name, annotation, caller)
        if found is ClassVar or get_origin(found) is ClassVar:
            continue
        genes[name] = _declared(species, name, found, base)
    if not genes:
        raise GenomeError(
            f"a species needs at least one gene; {species.__qualname__} has none: write "
            'batch_size: int = gene("rows per step", at_least=1)'
        )
    species.__annotations__ = annotations
    species.genes = genes
    species.strains = {}
    species.declared = time.time_ns()
    dataclasses.dataclass(frozen=True, kw_only=True, repr=False)(species)
    for name, one in genes.items():
        if one.goes_with and one.goes_with not in genes:
            one_of("gene", one.goes_with, genes, GenomeError)
        default = species.__dataclass_fields__[name].default
        if default is not dataclasses.MISSING and not one.valid(default):
            raise GenomeError(
                f"a gene's default must be one of its alleles; {name!r} of {species.__qualname__} "
                f"must be {one.choices()}; got {default!r}"
            )
    _SPECIES[species_name(species)] = species


def _check_annotated(species: Any, genes: Any, annotations: Any) -> None:
    """Refuse a gene without alleles, and another default of an inherited gene that is no gene."""
    for name, value in vars(species).items():
        declared = isinstance(value, dataclasses.Field) and "gene" in value.metadata
        if name not in annotations and (declared or name in genes):
            raise GenomeError(
                f"a gene needs an annotation that lists its alleles; {name!r} of "
                f'{species.__qualname__} has none: write {name}: Literal["a", "b"] = gene("...")'
            )


def _declared(species: Any, name: str, annotation: Any, base: type) -> Gene:
    given = vars(species).get(name)
    label = species.__qualname__
    if hasattr(base, name) or name.startswith("_"):
        raise GenomeError(
            f"a gene's name must not be one that every genome has, or begin with _; {label} "
            f"calls a gene {name!r}: choose another name, or annotate it ClassVar"
        )
    if not isinstance(given, dataclasses.Field) or "gene" not in given.metadata:
        raise GenomeError(
            f"a gene is declared with gene(...); {name!r} of {label} is not: write "
            f'{name}: ... = gene("what it means"), or annotate it ClassVar'
        )
    return read_gene(label, name, annotation, dict(given.metadata["gene"]))


def _annotation(species: Any, name: str, annotation: Any, caller: FrameType | None) -> Any:
    """An annotation as an object, where `from __future__ import annotations` made it a text."""
    if not isinstance(annotation, str):
        return annotation
    module = sys.modules.get(species.__module__)
    names: dict[str, Any] = dict(vars(module)) if module else {}
    if caller is not None:
        names |= {**caller.f_globals, **caller.f_locals}
    try:
        found: Any = annotation
        while isinstance(found, str):  # twice, where a postponed one was a text already
            found = eval(found, names, dict(vars(species)))
        return found
    except Exception as error:
        raise GenomeError(
            f"a gene's annotation must be readable where the species is declared; {name!r} of "
            f"{species.__qualname__} is annotated {annotation} ({error}): define the names it uses "
            "at the top of the module"
        ) from None
