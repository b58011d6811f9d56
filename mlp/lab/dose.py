"""Dose-response: final accuracy against the dose of one gene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mlp.genome import Genome
from mlp.lab.claim import REFUTED, SUPPORTED, UNDECIDED, Claim, settle
from mlp.lab.comparison import tidy
from mlp.run import Protocol, Run
from mlp.stats import DoseResponse, Trend

_VERDICTS = {Trend.RISING: SUPPORTED, Trend.NOT_RISING: REFUTED, Trend.UNDECIDED: UNDECIDED}


@dataclass(frozen=True, eq=False)
class DoseCurve:
    """Cohorts of genomes that differ only in the dose of one gene, smallest dose first."""

    genomes: tuple[Genome, ...]
    doses: tuple[float, ...]
    dataset: str
    protocol: Protocol
    runs: tuple[tuple[Run, ...], ...]
    result: DoseResponse
    executor: str
    claims: list[Claim] | None = field(default=None, repr=False)

    @property
    def means(self) -> Sequence[float]:
        """Mean final validation accuracy at each dose."""
        return [sum(r.final_accuracy for r in runs) / len(runs) for runs in self.runs]

    def assert_rising(self) -> None:
        """Claim: accuracy never falls by more than the margin, and rises overall by more.

        Raises:
            Refuted, Undecided: the claim is not supported.
        """
        rise = self.result.rise
        if rise is None:
            raise ValueError("a dose-response needs at least one look: raise the number of seeds")
        settle(
            Claim(
                statement=f"dose-response from {self.genomes[0]} to {self.genomes[-1]}",
                dataset=self.dataset,
                protocol=self.protocol.name,
                expected=str(Trend.RISING),
                outcome=str(self.result.trend),
                verdict=_VERDICTS[self.result.trend],
                effect=rise.mean,
                low=rise.low,
                high=rise.high,
                margin=self.result.margin,
                seeds=self.result.n,
                first_seed=self.runs[0][0].seed,
                diverged=sum(r.diverged for runs in self.runs for r in runs),
                executor=self.executor,
                detail=self._detail(),
            ),
            self.claims,
        )

    def _detail(self) -> dict[str, Any]:
        return {
            "doses": list(self.doses),
            "genomes": [str(g) for g in self.genomes],
            "alleles": [g.alleles() for g in self.genomes],
            "means": list(self.means),
            "accuracies": [[r.final_accuracy for r in runs] for runs in self.runs],
            "rows": [runs[0].saw.distinct_rows for runs in self.runs],
            "steps": [{"mean": s.mean, "low": s.low, "high": s.high} for s in self.result.steps],
            "worst_fall": self.result.worst_fall,
            "page_p": self.result.page,
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """The runs as a tidy table: one row for each dose and seed."""
        return [
            {"dose": dose, **tidy(run)}
            for dose, runs in zip(self.doses, self.runs, strict=True)
            for run in runs
        ]

    def __repr__(self) -> str:
        means = ", ".join(f"{d:g}: {m:.3f}" for d, m in zip(self.doses, self.means, strict=True))
        return (
            f"<DoseCurve {self.genomes[0]} to {self.genomes[-1]} on {self.dataset} "
            f"({self.protocol.name}, n={self.result.n}): {means}: {self.result.trend}>"
        )
