"""A diagnosis in scores as one in the unit of a species that measures a loss."""

from __future__ import annotations

import dataclasses
from typing import Any

from mlp.lab.evidence import Setting
from mlp.stats import Interval
from mlp.stats.diagnosis import Diagnosis, Rung


def in_unit(found: Diagnosis, setting: Setting) -> Diagnosis:
    """A diagnosis in scores as one in the species' unit."""
    if setting.species.measure is None:
        return found
    return dataclasses.replace(_in_unit(found, setting), margin=found.margin * setting.span)


def _in_unit(value: Any, setting: Setting) -> Any:
    if isinstance(value, Interval):
        return scaled(value, setting.span)
    if isinstance(value, Rung):
        ends = [setting.value(v) for v in (value.score.mean, value.score.high, value.score.low)]
        score = dataclasses.replace(value.score, mean=ends[0], low=ends[1], high=ends[2])
        step = value.step and scaled(value.step, setting.span)
        return dataclasses.replace(value, score=score, step=step)
    if isinstance(value, tuple):
        return tuple(_in_unit(each, setting) for each in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: _in_unit(getattr(value, f.name), setting) for f in _fields(value)}
        return dataclasses.replace(value, **changed)
    return value


def _fields(value: Any) -> list[dataclasses.Field[Any]]:
    return [f for f in dataclasses.fields(value) if f.init]


def scaled(interval: Interval, span: float) -> Interval:
    """The interval of differences that are `span` times as large."""
    return dataclasses.replace(
        interval,
        mean=interval.mean * span,
        low=interval.low * span,
        high=interval.high * span,
    )
