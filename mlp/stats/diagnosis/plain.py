"""A diagnosis as plain values, for reports and JSON, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar

from mlp.stats.diagnosis.questions import Answer
from mlp.stats.diagnosis.value import Cause, Diagnosis, Effect, Finding, Rung, Substitute
from mlp.stats.interval import Interval

T = TypeVar("T")


def to_dict(found: Diagnosis) -> dict[str, Any]:
    """Every field by name; tuples as lists, enumerations by value."""
    return {f.name: _plain(getattr(found, f.name)) for f in fields(found)}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return str(value.value)
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def from_dict(given: Mapping[str, Any]) -> Diagnosis:
    """The diagnosis that `to_dict` was made from."""
    read = dict(given)
    read["finding"] = Finding(read["finding"])
    read["genes"] = tuple(read["genes"])
    read["pairs"] = tuple((a, b) for a, b in read["pairs"])
    for name in ("gap", "closure"):
        read[name] = _maybe(Answer.from_dict, read[name])
    read["causes"] = tuple(map(_cause, read["causes"]))
    read["substitutes"] = tuple(
        Substitute(s["cause"], tuple(s["genes"]), Answer.from_dict(s["closes"]))
        for s in read["substitutes"]
    )
    for name in ("harmful", "beyond", "harmless"):
        read[name] = tuple(map(_effect, read[name]))
    read["rest"] = tuple(map(Answer.from_dict, read["rest"]))
    read["ladder"] = tuple(
        Rung(r["gene"], Interval(**r["score"]), _maybe(_interval, r["step"]))
        for r in read["ladder"]
    )
    return Diagnosis(**read)


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
