"""outcome(interval, margin) at each look, until one decides: better, worse, equivalent, undecided.

A pure function of the differences in seed order: `sequential` reads a prefix at each look and
stops at the first that decides, so seeds beyond that look, stored or not, change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from mlp.stats.interval import FloatArray, Interval, checked_differences, paired_interval
from mlp.stats.looks import CLAIM_ERROR, look_alpha, look_sizes


class Outcome(str, Enum):
    """What an interval says against a margin."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    UNDECIDED = "undecided"

    def __str__(self) -> str:
        return self.value

    @property
    def mirrored(self) -> Outcome:
        """The outcome with the two arms swapped."""
        swap = {Outcome.BETTER: Outcome.WORSE, Outcome.WORSE: Outcome.BETTER}
        return swap.get(self, self)


@dataclass(frozen=True)
class Look:
    """One look: the interval over the first `interval.n` seeds at error `alpha`, its outcome."""

    interval: Interval
    outcome: Outcome
    alpha: float

    @property
    def n(self) -> int:
        return self.interval.n

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for reports."""
        return {
            "seeds": self.n,
            "low": self.interval.low,
            "high": self.interval.high,
            "alpha": self.alpha,
            "outcome": str(self.outcome),
        }


@dataclass(frozen=True)
class Result:
    """A comparison so far: its looks, the differences they used, and how many seeds it lacks.

    `needed` is the number of seeds, in all, that the next look needs; None when the comparison is
    finished (decided, or undecided at the cap). `differences` are those of the last look.
    """

    outcome: Outcome
    looks: tuple[Look, ...]
    differences: tuple[float, ...]
    margin: float
    cap: int
    span: float
    needed: int | None

    @property
    def finished(self) -> bool:
        return self.needed is None

    @property
    def n(self) -> int:
        """Seeds used by the last look."""
        return len(self.differences)

    @property
    def interval(self) -> Interval | None:
        """The interval of the last look; None before the first, which wants `needed` seeds."""
        return self.looks[-1].interval if self.looks else None

    def __str__(self) -> str:
        wanted = f", more seeds wanted: {self.needed}" if self.needed else ""
        return f"{self.outcome}: {self.interval or 'no look yet'}, margin {self.margin:g}{wanted}"


def classify(interval: Interval, margin: float) -> Outcome:
    """better if low > m, worse if high < -m, equivalent if -m < low and high < m."""
    if interval.low > margin:
        return Outcome.BETTER
    if interval.high < -margin:
        return Outcome.WORSE
    if -margin < interval.low and interval.high < margin:
        return Outcome.EQUIVALENT
    return Outcome.UNDECIDED


def sequential(
    differences: Sequence[float] | FloatArray,
    margin: float,
    *,
    cap: int,
    span: float = 1.0,
    claim_error: float = CLAIM_ERROR,
) -> Result:
    """The first look (16, 24, 32, ... cap) whose interval decides against the margin.

    `differences` is `[n]` in seed order, of any length: `Result.needed` tells a caller who came
    with too few how many the next look wants, and those beyond the deciding look are not read.

    Raises ValueError for a margin outside (0, span), a cap below 1, or unusable differences.
    """
    check_margin(margin, span)
    d = checked_differences(differences, span)
    alpha = look_alpha(claim_error)
    sizes = look_sizes(cap)
    fit = [n for n in sizes if n <= d.size]
    looks = tuple(looked(lambda n: d[:n], margin, fit, alpha, span))
    outcome = looks[-1].outcome if looks else Outcome.UNDECIDED
    used = looks[-1].n if looks else 0
    more = outcome is Outcome.UNDECIDED and len(fit) < len(sizes)
    needed = sizes[len(fit)] if more else None
    return Result(
        outcome=outcome,
        looks=looks,
        differences=tuple(float(x) for x in d[:used]),
        margin=margin,
        cap=cap,
        span=span,
        needed=needed,
    )


def looked(
    differences: Callable[[int], FloatArray],
    margin: float,
    sizes: Iterable[int],
    alpha: float,
    span: float = 1.0,
) -> Iterator[Look]:
    """Looks at these numbers of seeds until one decides; `differences(n)` are those of n seeds."""
    for n in sizes:
        interval = paired_interval(differences(n), alpha, span=span, margin=margin)
        look = Look(interval, classify(interval, margin), alpha)
        yield look
        if look.outcome is not Outcome.UNDECIDED:
            return


def check_margin(margin: float, span: float = 1.0) -> None:
    """ValueError unless 0 < margin < span."""
    if not 0.0 < margin < span:
        raise ValueError(
            f"A margin of equivalence lies between 0 and {span:g}, got {margin!r}: try 0.05."
        )


def pair(
    a: Mapping[int, float] | Iterable[tuple[int, float]],
    b: Mapping[int, float] | Iterable[tuple[int, float]],
) -> FloatArray:
    """d[i] = a[seed_i] - b[seed_i] over the seeds in increasing order, `[n]`.

    Each arm maps seed to accuracy, or lists (seed, accuracy) pairs. Raises ValueError when an item
    is no such pair, or a seed is missing from one arm or given twice; none is ever dropped.
    """
    first, second = _by_seed(a, "first"), _by_seed(b, "second")
    for has, lacks, name in ((first, second, "second"), (second, first, "first")):
        missing = sorted(set(has) - set(lacks))
        if missing:
            raise ValueError(
                f"Both arms need the same seeds, got seed {missing[0]} missing from the {name} arm "
                f"({len(missing)} in all): train it there."
            )
    seeds = sorted(first)
    return np.array([first[s] - second[s] for s in seeds], dtype=np.float64)


def _by_seed(arm: Mapping[int, float] | Iterable[tuple[int, float]], name: str) -> dict[int, float]:
    items = arm.items() if isinstance(arm, Mapping) else arm
    seen: dict[int, float] = {}
    for item in items:
        try:
            seed, value = item
            accuracy = float(value)
        except (TypeError, ValueError):
            raise ValueError(
                f"An arm maps seed to accuracy, got {item!r} in the {name} arm: "
                "pass dict(zip(seeds, accuracies)), a number for every seed."
            ) from None
        if seed in seen:
            raise ValueError(
                f"A seed counts once, got seed {seed} twice in the {name} arm: keep one run of it."
            )
        seen[seed] = accuracy
    return seen
