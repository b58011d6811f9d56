"""An arm: one cohort of a comparison, and whether arms are identical."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlp.genome import Genome, differing
from mlp.run import Run
from mlp.run.result import Seen

ROUNDED = ("first_loss",)
"""Entries of what a run saw that are no part of training: two executors may round them apart."""


@dataclass(frozen=True, eq=False)
class Arm:
    """One cohort of a comparison, its runs in seed order, counted `weight` times.

    `vouched` counts the seeds at which the real executor and the engine ended alike, to the last
    bit, so that the engine trained the other seeds; 0 where it trained none so.
    """

    weight: int
    genome: Genome
    dataset: str
    runs: tuple[Run, ...]
    vouched: int = 0

    @property
    def diverged(self) -> int:
        """Runs that diverged: they answer nothing, and count so."""
        return sum(run.diverged for run in self.runs)

    @property
    def mean(self) -> float:
        """Mean score over the seeds."""
        return sum(run.score for run in self.runs) / len(self.runs)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for reports."""
        return {
            "weight": self.weight,
            "genome": str(self.genome),
            "dataset": self.dataset,
            "alleles": self.genome.alleles(),
            "first_seed": self.runs[0].seed,
            "executors": list(dict.fromkeys(run.executor for run in self.runs)),
            "mean": self.mean,
            "vouched": self.vouched,
            "diverged": self.diverged,
        }


def seen(run: Run) -> Mapping[str, Seen]:
    """What the run saw, without entries that are no part of training."""
    return {name: value for name, value in run.saw.items() if name not in ROUNDED}


def identical(arms: Sequence[Arm]) -> bool:
    """Whether the arms subtracted ended with the same weights, bit for bit, at every seed.

    In a difference of differences, either the two arms of each difference, or the two differences
    arm by arm. Then nothing is left that could vary from seed to seed, and no more seeds are asked
    for: equivalent by identity, whatever the interval of so few seeds leaves open. Runs that record
    no weights are never identical, and neither is a diverged run. Arms that differ in a gene that
    may change what a run answers with the same weights are not identical: they may answer otherwise
    at the next seed.
    """
    pairings = [list(zip(arms[::2], arms[1::2], strict=True))]
    if len(arms) == 4:
        pairings.append([(arms[0], arms[2]), (arms[1], arms[3])])
    return any(all(_same(a, b) for a, b in pairing) for pairing in pairings)


def _same(a: Arm, b: Arm) -> bool:
    names = differing(a.genome.expressed(), b.genome.expressed())
    if a.dataset != b.dataset or any(a.genome.genes[name].answers_alone for name in names):
        return False
    return all(
        not x.diverged
        and x.weights != ""
        and x.weights == y.weights
        and x.score == y.score
        and seen(x) == seen(y)
        for x, y in zip(a.runs, b.runs, strict=True)
    )


def weighted_differences(arms: Sequence[Arm]) -> list[float]:
    """Per seed, the weighted sum of the arms' scores: 0 where they cancel out."""
    columns = zip(*(arm.runs for arm in arms), strict=True)
    return [
        math.fsum(arm.weight * run.score for arm, run in zip(arms, runs, strict=True))
        for runs in columns
    ]
