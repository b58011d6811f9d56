"""What the markers `finding` and `refuted` say of a claim, as values that are checked once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlp.errors import UserError
from mlp.species.post.data import check_name
from mlp.species.post.protocol import protocol

if TYPE_CHECKING:
    import pytest

FINDING = (
    "finding(name): the finding of the study a claim belongs to; one whose docstring begins "
    "'Finding NAME:' states it, and is explained in words"
)
REFUTED = (
    "refuted(reason, on=None, protocol=None): the evidence refutes this claim, on the datasets "
    "`on` (default all) and under `protocol` (default any); only a refutation passes"
)


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
        DataError, ProtocolError: an unknown dataset or protocol.
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
    for name in found.on or ():
        check_name(name)
    if found.protocol is not None:
        protocol(found.protocol)
    return found


def read_finding(args: Sequence[Any], kwargs: dict[str, Any]) -> str:
    """The finding of a marker's arguments.

    Raises:
        MarkError: not exactly one string.
    """
    if kwargs or len(args) != 1 or not isinstance(args[0], str):
        raise MarkError(
            "a marker is written finding(name), the name a string; got "
            f'{_call("finding", args, kwargs)}: try finding("1")'
        )
    return args[0]


def check(item: pytest.Item) -> None:
    """Read the markers of a test.

    Raises:
        MarkError, DataError, ProtocolError: one that cannot be read, or that names datasets of a
            test that takes none.
    """
    for mark in item.iter_markers("finding"):
        read_finding(mark.args, dict(mark.kwargs))
    for refutation in _refutations(item):
        if refutation.on is not None and dataset_of(item) is None:
            raise MarkError(
                "a refuted marker's `on` names datasets, and needs a test that takes a dataset; "
                f"got on={refutation.on} for {item.name}, which takes none: leave `on` out"
            )


def recorded_refutation(item: pytest.Item, protocol_name: str) -> str | None:
    """Why a test's claim is recorded as refuted under that protocol; None: it is not."""
    for refutation in _refutations(item):
        if refutation.covers(dataset_of(item), protocol_name):
            return refutation.reason
    return None


def _refutations(item: pytest.Item) -> list[Refutation]:
    return [read_refuted(m.args, dict(m.kwargs)) for m in item.iter_markers("refuted")]


def dataset_of(item: pytest.Item) -> str | None:
    """The dataset a test is given; None for a test that takes none."""
    params = getattr(item, "callspec", None)
    return params.params.get("dataset") if params else None


def heading(finding: str) -> str:
    """What a finding is called, and what the docstring of a claim that states it begins with."""
    return "Conclusion" if finding == "C" else f"Finding {finding}"


def states_finding(item: pytest.Item) -> bool:
    """Whether a test's claim is one that the study itself makes, as its docstring says."""
    said = (getattr(getattr(item, "function", None), "__doc__", None) or "").strip()
    marked = item.get_closest_marker("finding")
    name = read_finding(marked.args, dict(marked.kwargs)) if marked else ""
    return bool(name) and said.startswith(heading(name))


def takes_lab(item: pytest.Item) -> bool:
    """Whether a test asks the lab, and so makes a claim."""
    return "lab" in getattr(item, "fixturenames", ())


def asking(item: pytest.Item) -> Callable[[object], object] | None:
    """The claim of a test as a function of a lab; None if pytest alone can give what it takes.

    That is a test that may not run, a method, a coroutine, or a test of fixtures other than `lab`,
    be it that they act unasked: without them its body could do harm.
    """
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
