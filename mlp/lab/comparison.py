"""Comparisons: what two cohorts, paired by seed, say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mlp.genome import Genome, differing
from mlp.lab.claim import REFUTED, SUPPORTED, Claim, settle, verdict_of
from mlp.run import Protocol, Run
from mlp.stats import Interval, Outcome, Result

_ANSWERS = frozenset({"dropout_mode", "handicap"})
"""Genes that may change what a run answers, and not its weights."""


@dataclass(frozen=True, eq=False)
class Arm:
    """One cohort of a comparison, its runs in seed order, counted `weight` times."""

    weight: int
    genome: Genome
    dataset: str
    runs: tuple[Run, ...]

    @property
    def diverged(self) -> int:
        """Runs that diverged: they answer nothing, and count so."""
        return sum(run.diverged for run in self.runs)

    @property
    def vouched(self) -> int:
        """Seeds at which the real API vouches for the engine, which trained the others; else 0."""
        by_engine = sum(run.executor == "cohort" for run in self.runs)
        return len(self.runs) - by_engine if by_engine else 0

    @property
    def mean(self) -> float:
        """Mean final validation accuracy over the seeds."""
        return sum(run.final_accuracy for run in self.runs) / len(self.runs)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two or more cohorts, paired by seed: the weighted sum of their final accuracies.

    `arms` have weights that sum to 0; for two genomes they are +1 and -1, and `result` holds the
    mean paired difference, its interval against the margin, and how it narrowed over the looks.
    """

    arms: tuple[Arm, ...]
    dataset: str
    protocol: Protocol
    executor: str
    result: Result
    claims: list[Claim] | None = field(default=None, repr=False)

    @property
    def identical(self) -> bool:
        """Whether the arms ended with the same weights, bit for bit, at every seed of a look."""
        return bool(self.result.looks) and identical(self.arms)

    @property
    def outcome(self) -> Outcome:
        """Better, worse, equivalent or undecided; equivalent where the arms are identical."""
        return Outcome.EQUIVALENT if self.identical else self.result.outcome

    @property
    def effect(self) -> float:
        """Mean paired difference in final validation accuracy."""
        return sum(self.result.differences) / len(self.result.differences)

    @property
    def interval(self) -> Interval:
        """The confidence interval of the effect at the last look, which the outcome rests on."""
        return self.result.looks[-1].interval

    @property
    def margin(self) -> float:
        """The margin of practical equivalence that the claim declared."""
        return self.result.margin

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds compared, in order: those of the first arm, where the arms share none."""
        return tuple(run.seed for run in self.arms[0].runs)

    @property
    def genes(self) -> tuple[str, ...]:
        """Genes in which the first two arms differ."""
        return differing(self.arms[0].genome, self.arms[1].genome)

    @property
    def statement(self) -> str:
        """The arms, in words."""
        if len(self.arms) == 2:
            return f"{self.arms[0].genome} against {self.arms[1].genome}"
        a, b, c, d = (arm.genome for arm in self.arms)
        return f"({a} against {b}) against ({c} against {d})"

    def claim(self, expected: Outcome) -> Claim:
        """The claim that this comparison comes out as `expected`."""
        return Claim(
            statement=self.statement,
            dataset=self.dataset,
            protocol=self.protocol.name,
            expected=str(expected),
            outcome=str(self.outcome),
            verdict=verdict_of(self.outcome, expected),
            effect=self.effect,
            low=self.interval.low,
            high=self.interval.high,
            margin=self.margin,
            seeds=self.result.n,
            first_seed=self.seeds[0],
            diverged=sum(arm.diverged for arm in self.arms),
            executor=self.executor,
            identical=self.identical,
            vouched=max(arm.vouched for arm in self.arms),
            detail=self._detail(),
        )

    def _detail(self) -> dict[str, Any]:
        return {
            "arms": [
                {
                    "weight": arm.weight,
                    "genome": str(arm.genome),
                    "dataset": arm.dataset,
                    "alleles": arm.genome.alleles(),
                    "first_seed": arm.runs[0].seed,
                    "mean": arm.mean,
                    "vouched": arm.vouched,
                    "diverged": arm.diverged,
                }
                for arm in self.arms
            ],
            "differences": list(self.result.differences),
            "looks": [look.to_dict() for look in self.result.looks],
        }

    def assert_better(self) -> None:
        """Claim: the first arm is better than the second by more than the margin."""
        self._assert(Outcome.BETTER)

    def assert_worse(self) -> None:
        """Claim: the first arm is worse than the second by more than the margin."""
        self._assert(Outcome.WORSE)

    def assert_equivalent(self) -> None:
        """Claim: the arms differ by less than the margin."""
        self._assert(Outcome.EQUIVALENT)

    def assert_identical(self) -> None:
        """Claim: the arms end with the same weights, bit for bit, at every seed: equivalent.

        Refuted as soon as one seed's weights differ, however little.
        """
        claim = self.claim(Outcome.EQUIVALENT)
        verdict = SUPPORTED if self.identical else REFUTED
        settle(replace(claim, expected="identical", verdict=verdict), self.claims)

    def _assert(self, expected: Outcome) -> None:
        settle(self.claim(expected), self.claims)

    def to_rows(self) -> list[dict[str, Any]]:
        """Tidy form: one row an arm and seed."""
        return [
            {"arm": i, "weight": arm.weight, **tidy(run)}
            for i, arm in enumerate(self.arms)
            for run in arm.runs
        ]

    def __repr__(self) -> str:
        return f"<Comparison {self.claim(self.outcome).line().rsplit(', claimed', 1)[0]}>"


def tidy(run: Run) -> dict[str, Any]:
    """A run as one row of a tidy table."""
    return {
        "dataset": run.dataset,
        "protocol": run.protocol.name,
        "genome": str(run.genome),
        "seed": run.seed,
        "final_accuracy": run.final_accuracy,
        "diverged": run.diverged,
    }


def identical(arms: Sequence[Arm]) -> bool:
    """Whether the arms subtracted ended with the same weights, bit for bit, at every seed.

    In a difference of differences, either the two arms of each difference, or the two differences
    arm by arm. Then nothing is left that could vary from seed to seed, and no more seeds are asked
    for: equivalent by identity, whatever the interval of so few seeds leaves open. A diverged run
    is identical to nothing, and arms of two dropout modes or handicaps are not identical: from the
    same weights they may answer otherwise at the next seed. The loss reported before the first
    update is left out: it follows from the weights and the rows, and is no part of training; two
    executors may round it differently.
    """
    pairings = [list(zip(arms[::2], arms[1::2], strict=True))]
    if len(arms) == 4:
        pairings.append([(arms[0], arms[2]), (arms[1], arms[3])])
    return any(all(_same(a, b) for a, b in pairing) for pairing in pairings)


def _same(a: Arm, b: Arm) -> bool:
    genes = differing(a.genome.expressed(), b.genome.expressed())
    if a.dataset != b.dataset or _ANSWERS.intersection(genes):
        return False
    return all(
        not x.diverged
        and x.weights == y.weights
        and x.final_accuracy == y.final_accuracy
        and replace(x.saw, first_loss=y.saw.first_loss) == y.saw
        for x, y in zip(a.runs, b.runs, strict=True)
    )


def weighted_differences(arms: Sequence[Arm]) -> list[float]:
    """Per seed, the weighted sum of the arms' final accuracies: 0 where they cancel out."""
    columns = zip(*(arm.runs for arm in arms), strict=True)
    return [
        math.fsum(arm.weight * run.final_accuracy for arm, run in zip(arms, runs, strict=True))
        for runs in columns
    ]
