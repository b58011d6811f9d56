"""What the markers `finding`, `role`, `refuted` and `species` say, as values checked once."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlp.errors import UserError

if TYPE_CHECKING:
    import pytest

LINES = (
    "finding(name, states=False): the finding of a study that a claim belongs to; `states` says "
    "that the claim is the finding itself, which is then explained in words",
    'role(name, of=""): the claim asks whether a gene is "necessary" or "sufficient", and for '
    "which pair of strains, where a finding compares several",
    "refuted(reason, on=None, protocol=None): the evidence refutes this claim, on the datasets "
    "`on` (default all) and under `protocol` (default any); only a refutation passes",
    "species(name): the species whose datasets a test is made of, where its module holds several",
)
"""The markers, as `pytest --markers` shows them."""

ROLES = ("necessary", "sufficient")


class MarkError(ValueError, UserError):
    """A marker that cannot be read: the rule, the value seen, the remedy."""


@dataclass(frozen=True)
class Refutation:
    """A recorded refutation: why, on which datasets (None: all), under which protocol (or any)."""

    reason: str
    on: tuple[str, ...] | None
    protocol: str | None

    def covers(self, dataset: str | None, protocol: str) -> bool:
        """Whether it is recorded for this dataset (None: the test takes none) and protocol."""
        return (self.on is None or dataset in self.on) and self.protocol in (None, protocol)


def read_refuted(args: Sequence[Any], kwargs: dict[str, Any]) -> Refutation:
    """The refutation of a marker's arguments.

    Raises:
        MarkError: arguments that do not fit, or no reason.
    """
    try:
        found = _refutation(*args, **kwargs)
    except TypeError as error:
        raise MarkError(
            "a marker is written refuted(reason, on=None, protocol=None); got "
            f"{_call('refuted', args, kwargs)}: {str(error).split('() ')[-1]}"
        ) from None
    if not isinstance(found.reason, str) or not found.reason.strip():
        raise MarkError(
            "a refuted claim is marked with the reason in a few words; got "
            f"{_call('refuted', args, kwargs)}: give one"
        )
    if found.on == ():
        raise MarkError(
            "a refuted marker's `on` names at least one dataset; got "
            f"{_call('refuted', args, kwargs)}: leave it out for all"
        )
    return found


@dataclass(frozen=True)
class Finding:
    """The finding that a claim belongs to, and whether the claim states it."""

    name: str
    states: bool = False


@dataclass(frozen=True)
class Role:
    """The role of a gene that a claim asks about, and for which pair of strains ("": any)."""

    name: str
    of: str = ""


NO_FINDING, NO_ROLE = Finding(""), Role("")


def finding_of(item: pytest.Item) -> Finding:
    """The finding of a test.

    Raises:
        MarkError: the marker is not a name and whether it is stated.
    """
    mark = item.get_closest_marker("finding")
    if mark is None:
        return NO_FINDING
    found = _read(Finding, "finding(name, states=False)", "finding", mark)
    if not isinstance(found.name, str) or not isinstance(found.states, bool):
        raise MarkError(
            "a marker is written finding(name, states=False), the name a string; got "
            f'{_call("finding", mark.args, dict(mark.kwargs))}: try finding("1")'
        )
    return found


def role_of(item: pytest.Item) -> Role:
    """The role of a gene that a test asks about.

    Raises:
        MarkError: it is neither necessary nor sufficient.
    """
    mark = item.get_closest_marker("role")
    if mark is None:
        return NO_ROLE
    found = _read(Role, 'role(name, of="")', "role", mark)
    if found.name not in ROLES or not isinstance(found.of, str):
        raise MarkError(
            f"a role must be one of {', '.join(ROLES)}; got "
            f'{_call("role", mark.args, dict(mark.kwargs))}: try role("necessary")'
        )
    params = getattr(getattr(item, "callspec", None), "params", {})
    if set(params) <= {"dataset"}:
        raise MarkError(
            f"a role is that of the gene which is the test's parameter; {item.name} has none: add "
            '@pytest.mark.parametrize("gene", ["rows"])'
        )
    return found


def _read(kind: type, form: str, name: str, mark: Any) -> Any:
    try:
        return kind(*mark.args, **mark.kwargs)
    except TypeError as error:
        raise MarkError(
            f"a marker is written {form}; got {_call(name, mark.args, dict(mark.kwargs))}: "
            f"{str(error).split('() ')[-1]}"
        ) from None


def keywords(finding: str) -> set[str]:
    """What `-k` selects the claims of a finding by: "finding_2", or its name as a word."""
    word = f"finding_{finding}" if finding.isdigit() else finding.lower()
    return {re.sub(r"\W+", "_", word)}  # as `mlp.report.results.keyword` has it


def check(item: pytest.Item) -> None:
    """Read the markers of a test.

    Raises:
        UserError: one that cannot be read, or that names datasets or a protocol that the species
            does not know, or datasets of a test that takes none.
    """
    from mlp.lab.datasets import check_dataset
    from mlp.lab.known import protocol_of
    from mlp.suite.subject import dataset_of, species_of, species_with_protocols

    finding_of(item)
    role_of(item)
    for refutation in _refutations(item):
        species = species_of(item)
        if refutation.on is not None and dataset_of(item) is None:
            raise MarkError(
                "a refuted marker's `on` names datasets, and needs a test that takes a dataset; "
                f"got on={refutation.on} for {item.name}, which takes none: leave `on` out"
            )
        if species is not None:
            for name in refutation.on or ():
                check_dataset(species, name)
        species = species_with_protocols(item)
        if species is not None and refutation.protocol is not None:
            protocol_of(species, refutation.protocol)


def recorded_refutation(item: pytest.Item, protocol_name: str) -> str | None:
    """Why a test's claim is recorded as refuted under that protocol; None: it is not."""
    from mlp.suite.subject import dataset_of

    for refutation in _refutations(item):
        if refutation.covers(dataset_of(item), protocol_name):
            return refutation.reason
    return None


def _refutations(item: pytest.Item) -> list[Refutation]:
    return [read_refuted(m.args, dict(m.kwargs)) for m in item.iter_markers("refuted")]


def states_finding(item: pytest.Item) -> bool:
    """Whether a test's claim is one that the study itself makes."""
    return finding_of(item).states


def asking(item: pytest.Item) -> Callable[[object], object] | None:
    """The claim of a test as a function of a lab; None if pytest alone can give what it takes.

    That is a test that may not run, a method, a coroutine, or a test of fixtures other than `lab`,
    be it that they act unasked: without them its body could do harm.
    """
    from mlp.suite.fixtures import takes_lab

    if not takes_lab(item):
        return None
    given = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    indirect = any(mark.kwargs.get("indirect") for mark in item.iter_markers("parametrize"))
    function: Any = getattr(item, "obj", None)
    ours = {"lab", "_lab", "request", *given}
    replaced = len(item._fixtureinfo.name2fixturedefs.get("lab", ())) != 1  # type: ignore[attr-defined]
    if indirect or replaced or not ours.issuperset(item.fixturenames) or _may_not_run(item):  # type: ignore[attr-defined]
        return None
    if not inspect.isfunction(function) or inspect.iscoroutinefunction(function):
        return None
    taken = inspect.signature(function).parameters
    if "lab" not in taken or not ours.issuperset(taken) or "request" in taken:
        return None
    given = {name: value for name, value in given.items() if name in taken}
    return lambda lab: function(lab=lab, **given)


def _may_not_run(item: pytest.Item) -> bool:
    """Whether a test is marked as one that pytest may leave out."""
    skips = any(True for name in ("skip", "skipif") for _ in item.iter_markers(name))
    return skips or any(not mark.kwargs.get("run", True) for mark in item.iter_markers("xfail"))


def _refutation(
    reason: str, on: str | Sequence[str] | None = None, protocol: str | None = None
) -> Refutation:
    names = (on,) if isinstance(on, str) else on
    return Refutation(reason, None if names is None else tuple(names), protocol)


def _call(name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> str:
    return f"{name}({', '.join([*map(repr, args), *(f'{k}={v!r}' for k, v in kwargs.items())])})"
