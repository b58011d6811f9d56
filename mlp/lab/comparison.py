"""Comparisons: what two cohorts, paired by seed, say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from mlp.genome import differing
from mlp.lab.arm import Arm, identical
from mlp.lab.checks import unchecked
from mlp.lab.claim import COMPARISON, REFUTED, SUPPORTED, Claim, verdict_of
from mlp.lab.evidence import Evidence
from mlp.lab.question import LabError
from mlp.run import Run
from mlp.stats import Interval, Outcome, Result


@dataclass(frozen=True, eq=False)
class Comparison(Evidence):
    """Two or more cohorts, paired by seed: the weighted sum of their scores.

    `arms` have weights that sum to 0; for two genomes they are +1 and -1, and `result` holds the
    mean paired difference, its interval against the margin, and how it narrowed over the looks.
    """

    arms: tuple[Arm, ...]
    result: Result

    @property
    def cohorts(self) -> tuple[tuple[Run, ...], ...]:
        """The runs of each arm."""
        return tuple(arm.runs for arm in self.arms)

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
        """Mean paired difference, in the species' unit; positive where the first arm is better."""
        mean = sum(self.result.differences) / len(self.result.differences)
        return mean * self.setting.span

    @property
    def interval(self) -> Interval:
        """The confidence interval of the effect at the last look, which the outcome rests on."""
        found, span = self.result.looks[-1].interval, self.setting.span
        return replace(found, mean=found.mean * span, low=found.low * span, high=found.high * span)

    @property
    def margin(self) -> float:
        """The margin of practical equivalence that the claim declared."""
        return self.result.margin * self.setting.span

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
        return self._claim(
            self.statement,
            kind=COMPARISON,
            expected=str(expected),
            outcome=str(self.outcome),
            verdict=verdict_of(self.outcome, expected),
            interval=self.result.looks[-1].interval,
            effect=self.effect / self.setting.span,
            margin=self.result.margin,
            identical=self.identical,
            vouched=max(arm.vouched for arm in self.arms),
            detail=self._detail(),
            notes=unchecked(self.arms),
        )

    def _detail(self) -> dict[str, Any]:
        span = self.setting.span
        return {
            "arms": [arm.to_dict() | {"mean": self.setting.value(arm.mean)} for arm in self.arms],
            "differences": [difference * span for difference in self.result.differences],
            "looks": [
                look.to_dict()
                | {"low": look.interval.low * span, "high": look.interval.high * span}
                for look in self.result.looks
            ],
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

        Raises:
            LabError: nothing differs, and the weights of some runs are not recorded.
        """
        claim = self.claim(Outcome.EQUIVALENT)
        runs = [run for runs in self.cohorts for run in runs]
        unknown = [run.genome for run in runs if not (run.weights or run.diverged)]
        if unknown and not self.identical and not any(self.result.differences):
            raise LabError(
                f"identity is that of weights; runs of {unknown[0]} record none: return "
                "Result(score=..., weights=digest(model)) from train"
            )
        verdict = SUPPORTED if self.identical else REFUTED
        self._settle(replace(claim, expected="identical", verdict=verdict))

    def _assert(self, expected: Outcome) -> None:
        self._settle(self.claim(expected))

    def __repr__(self) -> str:
        return f"<Comparison {self.claim(self.outcome).line().rsplit(', claimed', 1)[0]}>"
