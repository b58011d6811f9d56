"""What training one run returns: a score in [0, 1], or a result that says more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from mlp.errors import UserError
from mlp.genome.gene import plain

Seen = str | int | float | None


class ResultError(ValueError, UserError):
    """Something that `train` returned and that is no result."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a run ended and what it saw.

    `score` is in [0, 1], higher is better; NaN says that the run diverged. `curves` maps a name to
    values at each of `steps`. `weights` is the digest of the final weights ("" if not recorded).
    `saw` maps names to what the run saw: digests, counts, numbers; comparisons hold them equal,
    except where a gene acts on them. `diverged_at` is the step at which the run was first seen to
    have diverged.

    Raises:
        ResultError: a value of the wrong kind. The message says which.
    """

    score: float
    curves: Mapping[str, Sequence[float]] = field(default_factory=dict)
    steps: Sequence[int] = ()
    weights: str = ""
    saw: Mapping[str, Seen] = field(default_factory=dict)
    diverged: bool = False
    diverged_at: int | None = None

    def __post_init__(self) -> None:
        score = scalar(self.score)
        if not isinstance(score, Real) or isinstance(score, bool):
            raise ResultError(
                f"a score must be a number in [0, 1]; got {score!r:.60}: return a float"
            )
        if not isinstance(self.weights, str):
            raise ResultError(
                "a result's weights must be a digest, a text; got "
                f"{type(self.weights).__name__}: write weights=digest(model)"
            )
        for name, value in (("score", float(score)), ("saw", _saw(self.saw))):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "steps", _steps(self.steps))
        object.__setattr__(self, "curves", _curves(self.curves, len(self.steps)))
        object.__setattr__(self, "diverged_at", _step(self.diverged_at))
        object.__setattr__(self, "diverged", bool(self.diverged or self.diverged_at is not None))

    @classmethod
    def of(cls, trace: Any, *, score: float, **others: Any) -> Result:
        """A result that holds what a trace of `mlp.trace.watch` saw, and its final weights."""
        return cls(score=score, **{"saw": trace.saw(), "weights": trace.weights, **others})


def scalar(value: Any) -> Any:
    """The number of an array without axes, of any library; anything else as it is."""
    if getattr(value, "ndim", None) != 0:
        return value
    return value.item() if hasattr(value, "item") else float(value)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _saw(given: Any) -> dict[str, Seen]:
    """What a run saw, as plain values."""
    if not isinstance(given, Mapping):
        raise ResultError(
            f"what a run saw is given by name; got {given!r:.60}: write saw={{'order': digest(x)}}"
        )
    found: dict[str, Seen] = {}
    for name, value in given.items():
        value = scalar(value)
        number = isinstance(value, Real) and math.isfinite(float(value))
        if not isinstance(name, str) or not (isinstance(value, str) or value is None or number):
            raise ResultError(
                "what a run saw must be texts and finite numbers by name; got "
                f"{name!r}: {value!r:.60}: write digest(...) of arrays"
            )
        found[name] = plain(int(value) if isinstance(value, bool) else value)
    return found


def _steps(given: Any) -> tuple[int, ...]:
    """The steps at which curves were sampled."""
    listed = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    steps = [plain(scalar(step)) for step in listed]
    odd = [step for step in steps if not isinstance(step, int) or isinstance(step, bool)]
    if odd or not isinstance(given, Iterable):
        raise ResultError(
            f"steps must be a list of whole numbers; got {(odd or [given])[0]!r:.60}: give the "
            "number of updates before each sample"
        )
    return tuple(steps)


def _step(given: Any) -> int | None:
    """The step at which a run diverged."""
    step = plain(scalar(given))
    if step is not None and (not isinstance(step, int) or isinstance(step, bool)):
        raise ResultError(
            f"diverged_at must be a whole number, of a step; got {given!r:.60}: give the number of "
            "updates before it, or diverged=True alone"
        )
    return step


def _curves(given: Any, steps: int) -> dict[str, tuple[float, ...]]:
    """The curves as tuples of floats."""
    if not isinstance(given, Mapping):
        raise ResultError(
            f"curves are given by name; got {given!r:.60}: write curves={{'validation': [...]}}"
        )
    found = {}
    for name, curve in given.items():
        values = [scalar(value) for value in curve] if isinstance(curve, Iterable) else [curve]
        odd = [value for value in values if not _is_number(value)]
        if odd or not isinstance(name, str) or not isinstance(curve, Iterable):
            raise ResultError(
                f"a curve is a list of numbers; {name!r} has {(odd or values)[0]!r:.60}: give one "
                "number for each of steps"
            )
        if len(values) != steps:
            raise ResultError(
                f"a curve has one value for each of steps; {name!r} has {len(values)} for "
                f"{steps} steps: give steps=[...] of the same length"
            )
        found[name] = tuple(map(float, values))
    return found


def as_result(given: object, where: str, measure: Any = None) -> Result:
    """What `train` returned as a `Result` with a score in [0, 1]; a NaN is a diverged run.

    Raises:
        ResultError: it is no number and no `Result`, or a score outside [0, 1].
    """
    given = scalar(given)
    if _is_number(given):
        given = Result(score=given)  # type: ignore[arg-type]
    if not isinstance(given, Result):
        array = hasattr(given, "shape")
        hint = "return float(...) of it" if array else "return a float in [0, 1] or a Result"
        raise ResultError(
            f"{where} must return a score or a Result; it returned {given!r:.60}: {hint}"
        )
    score = given.score
    if math.isnan(score) or given.diverged:
        return Result(**{**vars(given), "score": 0.0, "diverged": True})
    if measure is not None:
        if not score >= measure.best:
            raise ResultError(
                f"{where} must return a loss of at least {measure.best:g}, as declared; it "
                f"returned {score!r}: declare measure = Loss(best={score:g}, ...)"
            )
        score = measure.score(score)
    if not 0.0 <= score <= 1.0:
        hint = "divide a percentage by 100" if 1 < score <= 100 else "higher is better"
        raise ResultError(
            f"{where} must return a score in [0, 1]; it returned {score!r}: {hint}; for a loss, "
            "declare measure = Loss(best=0.0, worst=2.3) on the species"
        )
    return Result(**{**vars(given), "score": score})
