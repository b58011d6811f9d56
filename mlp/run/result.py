"""What training one run returns: a score in [0, 1], or a result that says more."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from mlp.errors import UserError

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
        if not isinstance(self.score, Real) or isinstance(self.score, bool):
            raise ResultError(
                f"a score must be a number in [0, 1]; got {self.score!r:.60}: return a float"
            )
        if not isinstance(self.weights, str):
            raise ResultError(
                "a result's weights must be a digest, a text; got "
                f"{type(self.weights).__name__}: write weights=digest(model)"
            )
        for name, value in self.saw.items():
            number = isinstance(value, Real) and math.isfinite(float(value))
            if not isinstance(name, str) or not (isinstance(value, str) or value is None or number):
                raise ResultError(
                    "what a run saw must be texts and finite numbers by name; got "
                    f"{name!r}: {value!r:.60}: write digest(...) of arrays"
                )
        for name, curve in self.curves.items():
            if len(curve) != len(self.steps):
                raise ResultError(
                    f"a curve has one value for each of steps; {name!r} has {len(curve)} for "
                    f"{len(self.steps)} steps: give steps=[...] of the same length"
                )

    @classmethod
    def of(cls, trace: Any, *, score: float, **others: Any) -> Result:
        """A result that holds what a trace of `mlp.trace.watch` saw."""
        return cls(score=score, saw=trace.saw(), **others)


def as_result(given: object, where: str, measure: Any = None) -> Result:
    """What `train` returned as a `Result` with a score in [0, 1]; a NaN is a diverged run.

    Raises:
        ResultError: it is no number and no `Result`, or a score outside [0, 1].
    """
    if isinstance(given, Real) and not isinstance(given, bool):
        given = Result(score=float(given))
    if not isinstance(given, Result):
        item = getattr(given, "item", None)
        hint = "return a float in [0, 1] or a Result"
        if callable(item) and getattr(given, "size", 0) == 1:
            hint = "return float(...) of it"
        raise ResultError(
            f"{where} must return a score or a Result; it returned {given!r:.60}: {hint}"
        )
    score = float(given.score)
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
