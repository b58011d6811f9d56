"""What an interval costs: the seeds it takes to decide, and how often it has decided by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mlp.proof.calibration.methods import Method
from mlp.proof.calibration.scenarios import MARGINS, Law
from mlp.proof.calibration.simulation import BETTER, EQUIVALENT, WORSE, codes, decide, draw
from mlp.stats.interval import FloatArray
from mlp.stats.looks import CLAIM_ERROR, LOOKS, look_alpha

MOST_SEEDS = 4096
"""Seeds beyond which no decision is looked for."""


def smallest_decision(
    method: Method,
    effect: float,
    sd: float,
    margin: float,
    *,
    stated: float = CLAIM_ERROR,
) -> int | None:
    """Seeds at which a sample of exactly this mean and sd would decide, looks aside."""
    wanted = BETTER if effect else EQUIVALENT
    for n in range(2, MOST_SEEDS + 1):
        mean, squares = np.array([effect]), np.array([(n - 1) * sd * sd])
        if codes(method, n, mean, squares, look_alpha(stated), margin)[0] == wanted:
            return n
    return None


def distribution_free_seeds(effect: float, margin: float, *, stated: float = CLAIM_ERROR) -> int:
    """Seeds below which NO distribution-free interval can decide, the differences all `effect`.

    With probability above alpha, n seeds miss an event of probability q = 1 - alpha^(1/n): the
    lower limit cannot exceed effect - q (1 + effect), nor the upper one fall below effect + q
    (1 - effect). Solved for n at one side of a look's error.
    """
    share = (effect - margin) / (1 + effect) if effect else margin
    return int(np.ceil(np.log(look_alpha(stated) / 2) / np.log1p(-share)))


@dataclass(frozen=True)
class Power:
    """Share of simulated comparisons decided, by each look, and the share of each outcome."""

    effect: float
    sd: float
    margin: float
    stated: float
    looks: tuple[int, ...]
    decided_by: tuple[float, ...]
    better: float
    equivalent: float
    worse: float

    @property
    def usual(self) -> str:
        """The likeliest outcome and the first look by which 90% have decided; "-" if none."""
        shares = {"better": self.better, "equivalent": self.equivalent, "worse": self.worse}
        by = [n for n, share in zip(self.looks, self.decided_by, strict=True) if share >= 0.9]
        return f"{max(shares, key=shares.__getitem__)} by {by[0]}" if by else "-"


def power(
    method: Method,
    effects: Sequence[float],
    sds: Sequence[float],
    *,
    sims: int,
    seed: int = 0,
    looks: tuple[int, ...] = LOOKS,
    stated: float = CLAIM_ERROR,
) -> list[Power]:
    """Power curves at a claim's stated rate: normal differences of each effect and sd."""
    found = []
    for i, effect in enumerate(effects):
        for j, sd in enumerate(sds):
            law = normal_law(effect, sd)
            moments = list(draw(law, sims, np.random.default_rng([seed, i, j]), looks))
            for margin in MARGINS:
                parts = [decide(method, m, stated, margin) for m in moments]
                outcome = np.concatenate([p[0] for p in parts])
                when = np.concatenate([p[1] for p in parts])
                by = tuple(float(np.mean((when >= 0) & (when <= k))) for k in range(len(looks)))
                shares = [float(np.mean(outcome == c)) for c in (BETTER, EQUIVALENT, WORSE)]
                found.append(Power(effect, sd, margin, stated, looks, by, *shares))
    return found


def normal_law(mean: float, sd: float) -> Law:
    """A normal distribution on a fine grid within 3.5 sd and [-1, 1], its mean restored."""
    if sd == 0:
        return Law(np.array([mean]), np.ones(1))
    z: FloatArray = np.linspace(-3.5, 3.5, 141, dtype=np.float64)
    z = z[np.abs(mean + sd * z) <= 1]
    weights = np.exp(-z * z / 2)
    weights /= weights.sum()
    values = mean + sd * z
    return Law(values + mean - values @ weights, weights)
