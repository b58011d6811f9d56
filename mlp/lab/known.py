"""What a species knows beside its datasets: its protocols, its executors, where seeds begin."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from numbers import Integral
from typing import Any

from mlp.choice import one_of
from mlp.genome import Genome
from mlp.lab.method import MethodExecutor
from mlp.lab.question import LabError
from mlp.lab.seeds import FIRST_SEED
from mlp.run import Executor, Loss, Protocol, ProtocolError, Trainers
from mlp.run.protocol import NONE

Species = type[Genome]


_TRAINERS: dict[Species, Trainers] = {}


def protocols_of(species: Species) -> list[Protocol]:
    """The protocols of the species, the default one first.

    Raises:
        ProtocolError: they are no protocols, of several classes, or two have one name.
    """
    declared: Any = species.protocols
    listed = list(declared.values() if isinstance(declared, Mapping) else declared)
    odd = [
        one for one in listed if not isinstance(one, Protocol) or type(one) is not type(listed[0])
    ]
    if odd or len({one.name for one in listed}) < len(listed):
        raise ProtocolError(
            "the protocols of a species must be protocols of one class, each of another name; "
            f"{species.__qualname__} has {(odd or listed)[0]!r:.60}: declare a subclass of Protocol"
        )
    for one in listed:
        one.check()
    return listed


def protocol_of(species: Species, given: Protocol | str | None) -> Protocol:
    """The protocol of that name, or the species' default one; `NONE` if it has none.

    Raises:
        ProtocolError: the species does not know it.
    """
    known = {one.name: one for one in protocols_of(species)}
    if not known:
        return NONE
    if isinstance(given, Protocol):
        kind = type(next(iter(known.values())))
        if type(given) is not kind:
            raise ProtocolError(
                f"a protocol of {species.__qualname__} must be a {kind.__qualname__}; got "
                f"{given!r:.60}: try one of {', '.join(known)}"
            )
        given.check()
        return given
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
        LabError: it has neither `trainers` nor a method `train` or `train_cohort`, or what it
            declares beside its genes is of the wrong kind.
    """
    found = _TRAINERS.get(species)
    if found is None:
        _check_declared(species)
        declared: Trainers | None = species.trainers()
        found = declared if declared is not None else Trainers([_method_of(species)])
        _TRAINERS[species] = found
    return found


def trainers_now(species: Species) -> Trainers:
    """`trainers_of`, made anew where code was loaded again or a file of data has changed."""
    found = trainers_of(species)
    if any(isinstance(one, MethodExecutor) and one.outdated for one in found.all):
        del _TRAINERS[species]
    return trainers_of(species)


def _method_of(species: Species) -> MethodExecutor:
    method = MethodExecutor(species)
    _check_method(species, "train_cohort" if method.whole else "train")
    return method


def _check_declared(species: Species) -> None:
    """Refuse a species whose lists are no lists, or whose numbers mean nothing."""
    label = species.__qualname__
    for name in ("datasets", "protocols", "code", "packages", "files"):
        given: Any = getattr(species, name)
        listed = isinstance(given, Collection) and not isinstance(given, (str, bytes))
        if not listed or (name == "datasets" and not all(isinstance(one, str) for one in given)):
            raise LabError(
                f"the {name} of a species are listed; {label} has {given!r:.60}: write {name} = "
                f"({given!r:.60},)"
            )
    if not isinstance(species.at_once, Integral) or species.at_once < 1:
        raise LabError(
            f"a species trains at least 1 run at once; {label} has at_once = {species.at_once!r}: "
            "write at_once = 256"
        )
    if species.measure is not None and not isinstance(species.measure, Loss):
        raise LabError(
            f"the measure of a species must be a Loss; {label} has {species.measure!r:.60}: write "
            "measure = Loss(best=0.0, worst=2.3)"
        )
    protocols_of(species)


def _check_method(species: Species, name: str) -> None:
    """Refuse a way of training that does not take what it is given."""
    given = {"dataset": species.datasets, "protocol": species.protocols}
    takes = [what for what, declared in given.items() if len(declared)]
    first = "seeds" if name == "train_cohort" else "seed"
    try:
        signature = inspect.signature(getattr(object.__new__(species), name))
    except (TypeError, ValueError):
        return
    try:
        signature.bind(0, **dict.fromkeys(takes))
    except TypeError:
        raise LabError(
            f"{species.__qualname__}.{name} must take {', '.join([first, *takes])}; it takes "
            f"{signature}: write def {name}({', '.join(['self', first, *takes])})"
        ) from None
    if name == "train_cohort" and species.at_once < 2:
        raise LabError(
            f"a species with train_cohort says how many runs it trains at once; "
            f"{species.__qualname__} has at_once = {species.at_once}: write at_once = 256"
        )


def executor_named(species: Species, name: str) -> Executor:
    """The executor of a species by its name."""
    return trainers_of(species).named(name)
