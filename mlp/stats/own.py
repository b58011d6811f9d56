"""A screen of a function of your own: trained look by look until every effect is decided.

Each effect (the whole difference, and each part's Shapley share of it) is held against the margin
at every look, at look_alpha(error / number of effects). The probability that any outcome at any
look is false is at most `error`, so the screen may stop at any look. False means: better or worse
where there is no effect, or equivalent where the effect is twice the margin. `mlp/stats/README.md`
says for which data this was measured. A loop of one's own around `screen_effects` has no such
promise: it spends its error again at every look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from numbers import Real

import numpy as np

from mlp.stats.comparison import Look, Outcome, check_margin, classify
from mlp.stats.factorial import shapley, whole_difference
from mlp.stats.interval import FloatArray, check_alpha, paired_interval
from mlp.stats.looks import look_alpha, look_sizes

Parts = frozenset[str]
Score = Callable[[Parts, int], float]


@dataclass(frozen=True)
class OwnScreen:
    """The last look at a screen: the whole difference, and each part's share of it.

    The shares add up to the whole. `scores` maps each set of parts to the scores of its runs, in
    seed order. Printed, it is a line for each effect: mean, interval, seeds, outcome.
    """

    whole: Look
    shares: dict[str, Look]
    scores: dict[Parts, tuple[float, ...]]
    margin: float
    error: float

    @property
    def decided(self) -> bool:
        """Whether every effect is better, worse or equivalent."""
        looks = (self.whole, *self.shares.values())
        return all(look.outcome is not Outcome.UNDECIDED for look in looks)

    @property
    def idle(self) -> tuple[str, ...]:
        """Parts that changed no score at any seed, whatever the other parts."""
        scores = self.scores
        return tuple(p for p in self.shares if all(scores[on] == scores[on - {p}] for on in scores))

    def __str__(self) -> str:
        effects = {"all parts": self.whole, **self.shares}
        wide = max(map(len, effects))
        lines = [
            f"{name:<{wide}}  {look.interval}  {look.outcome}" for name, look in effects.items()
        ]
        runs, idle = sum(map(len, self.scores.values())), self.idle
        lines.append(
            f"Margin {self.margin:g}, {runs} runs. "
            f"False outcomes, of no effect or of twice the margin: at most {self.error:g}."
        )
        if not self.decided:
            lines.append("An undecided effect needs more seeds (cap) or a larger margin.")
        lines += [f"{part!r} changed no score at any seed: check that it acts." for part in idle]
        return "\n".join(lines)


def run_screen(
    score: Score,
    parts: Sequence[str],
    *,
    margin: float = 0.05,
    cap: int = 256,
    error: float = 0.05,
    first_seed: int = 0,
    tell: Callable[[str], object] = lambda _: None,
) -> OwnScreen:
    """Which of the `parts` make the difference between two pipelines, and how much of it each.

    `score(on, seed)` trains a pipeline with the parts in `on` done as the better pipeline does
    them, and the other parts as the worse one does. It returns a score in [0, 1]; higher is better.
    One seed must mean the same split of the data and the same initial weights, whatever the parts.

    Every subset of the parts is trained at every seed: 2**len(parts) runs a seed. The screen ends
    at the first look at which every effect is better, worse or equivalent against `margin`, or at
    `cap` seeds. `tell` is given a line before each look; `print` shows how far the screen is.

    Raises:
        ValueError: no parts, a part named twice, a score outside [0, 1], or a margin, cap or error
            that cannot be used.
    """
    _check_parts(parts)
    check_margin(margin)
    check_alpha(error)
    cells = [frozenset(on) for n in range(len(parts) + 1) for on in combinations(parts, n)]
    scores: dict[Parts, list[float]] = {on: [] for on in cells}
    for seeds in look_sizes(cap):
        trained = len(scores[frozenset()])
        tell(f"training {len(cells)} pipelines at seeds {trained + 1} to {seeds} of at most {cap}")
        for seed in range(first_seed + trained, first_seed + seeds):
            for on in cells:
                scores[on].append(_checked(score(on, seed), on, seed))
        found = _read(scores, parts, margin, error)
        if found.decided:
            break
    return found


def _read(
    scores: Mapping[Parts, Sequence[float]], parts: Sequence[str], margin: float, error: float
) -> OwnScreen:
    """What the scores so far say, each effect at its share of `error`."""
    alpha = look_alpha(error / (1 + len(parts)))

    def look(differences: FloatArray) -> Look:
        interval = paired_interval(differences, alpha, margin=margin)
        return Look(interval, classify(interval, margin), alpha)

    cells: dict[Iterable[str], FloatArray] = {on: np.array(of) for on, of in scores.items()}
    share = shapley(cells)
    return OwnScreen(
        whole=look(whole_difference(cells)),
        shares={part: look(share[part]) for part in parts},
        scores={on: tuple(given) for on, given in scores.items()},
        margin=margin,
        error=error,
    )


def _check_parts(parts: Sequence[str]) -> None:
    named = not isinstance(parts, str) and all(isinstance(part, str) for part in parts)
    if not named or not parts or len(set(parts)) < len(parts):
        raise ValueError(
            f"A screen needs a list of different parts by name, got {parts!r}: "
            "try ['shuffle', 'logits']."
        )


def _checked(score: object, on: Parts, seed: int) -> float:
    """`score` as a float; ValueError unless it lies in [0, 1]."""
    value = float(score) if isinstance(score, Real) else float("nan")
    if not 0.0 <= value <= 1.0:
        raise ValueError(
            f"A score must be a number from 0 to 1, got {score!r} for {sorted(on)} at seed {seed}: "
            "map a loss to that range, and score a run that diverged as 0."
        )
    return value
