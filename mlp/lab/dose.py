"""Dose-response: score against the dose of one gene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mlp.genome import Genome
from mlp.lab.arm import Arm
from mlp.lab.checks import unchecked
from mlp.lab.claim import DOSE, REFUTED, SUPPORTED, UNDECIDED, diverged_text
from mlp.lab.evidence import Evidence
from mlp.run import Run
from mlp.stats import DoseResponse, Trend

_VERDICTS = {Trend.RISING: SUPPORTED, Trend.NOT_RISING: REFUTED, Trend.UNDECIDED: UNDECIDED}


@dataclass(frozen=True, eq=False)
class DoseCurve(Evidence):
    """Cohorts of genomes that differ only in the dose of one gene, smallest dose first."""

    genomes: tuple[Genome, ...]
    doses: tuple[float, ...]
    runs: tuple[tuple[Run, ...], ...]
    result: DoseResponse

    @property
    def cohorts(self) -> tuple[tuple[Run, ...], ...]:
        """The runs at each dose."""
        return self.runs

    @property
    def means(self) -> Sequence[float]:
        """Mean score at each dose, in the species' unit."""
        return [self.setting.value(sum(r.score for r in runs) / len(runs)) for runs in self.runs]

    def assert_rising(self) -> None:
        """Claim: the score never falls by more than the margin, and rises overall by more.

        Raises:
            Refuted, Undecided: the claim is not supported.
        """
        rise = self.result.rise
        if rise is None:
            raise ValueError("a dose-response needs at least one look: raise the number of seeds")
        self._settle(
            self._claim(
                f"dose-response from {self.genomes[0]} to {self.genomes[-1]}",
                kind=DOSE,
                expected=str(Trend.RISING),
                outcome=str(self.result.trend),
                verdict=_VERDICTS[self.result.trend],
                interval=rise,
                margin=self.result.margin,
                detail=self._detail(),
                notes=unchecked(self._arms()),
            )
        )

    def _arms(self) -> list[Arm]:
        """Each two cohorts one dose apart, as arms."""
        of = [
            Arm(0, genome, self.dataset, runs)
            for genome, runs in zip(self.genomes, self.runs, strict=True)
        ]
        return [arm for pair in pairwise(of) for arm in pair]

    def _detail(self) -> dict[str, Any]:
        span = self.setting.span
        return {
            "doses": list(self.doses),
            "genomes": [str(g) for g in self.genomes],
            "alleles": [g.alleles() for g in self.genomes],
            "executors": [list(dict.fromkeys(r.executor for r in runs)) for runs in self.runs],
            "means": list(self.means),
            "accuracies": [[r.score * span for r in runs] for runs in self.runs],
            "rows": [runs[0].saw.get("distinct_rows") for runs in self.runs],
            "steps": [
                {"mean": s.mean * span, "low": s.low * span, "high": s.high * span}
                for s in self.result.steps
            ],
            "worst_fall": self.result.worst_fall * span,
            "page_p": self.result.page,
        }

    def __repr__(self) -> str:
        means = ", ".join(f"{d:g}: {m:.3f}" for d, m in zip(self.doses, self.means, strict=True))
        return (
            f"<DoseCurve {self.genomes[0]} to {self.genomes[-1]}{self.where}: {means}: "
            f"{self.result.trend}{diverged_text(self.diverged, '; ')}>"
        )
