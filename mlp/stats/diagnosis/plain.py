"""A diagnosis as plain values, for reports and JSON, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar

from mlp.stats.diagnosis.parts import Cause, Effect, Finding, Rung, Substitute
from mlp.stats.diagnosis.questions import Answer
from mlp.stats.interval import Interval

T = TypeVar("T")


def plain(value: Any) -> Any:
    """Every field by name; tuples as lists, enumerations by value."""
    if isinstance(value, Enum):
        return str(value.value)
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def read(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the diagnosis that `plain` was made from."""
    found = dict(given)
    found["finding"] = Finding(found["finding"])
    found["genes"] = tuple(found["genes"])
    found["pairs"] = tuple((a, b) for a, b in found["pairs"])
    for name in ("gap", "closure"):
        found[name] = _maybe(Answer.from_dict, found[name])
    found["causes"] = tuple(map(_cause, found["causes"]))
    found["substitutes"] = tuple(
        Substitute(s["cause"], tuple(s["genes"]), Answer.from_dict(s["closes"]))
        for s in found["substitutes"]
    )
    for name in ("harmful", "beyond", "harmless"):
        found[name] = tuple(map(_effect, found[name]))
    found["rest"] = tuple(map(Answer.from_dict, found["rest"]))
    found["ladder"] = tuple(
        Rung(r["gene"], Interval(**r["score"]), _maybe(_interval, r["step"]))
        for r in found["ladder"]
    )
    return found


def _cause(given: Mapping[str, Any]) -> Cause:
    return Cause(
        given["gene"],
        _maybe(Answer.from_dict, given["needed"]),
        _maybe(Answer.from_dict, given["knockout"]),
        _maybe(_interval, given["share"]),
        given["fraction"],
    )


def _effect(given: Mapping[str, Any]) -> Effect:
    answer = _maybe(Answer.from_dict, given["answer"])
    return Effect(given["gene"], Interval(**given["interval"]), answer)


def _interval(given: Mapping[str, Any]) -> Interval:
    return Interval(**given)


def _maybe(make: Callable[[Any], T], value: Any) -> T | None:
    return None if value is None else make(value)
