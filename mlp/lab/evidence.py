"""Evidence: what every answer of the lab has in common, and the one place that makes claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlp.genome import Genome, species_name
from mlp.lab.claim import Claim, settle
from mlp.run import Protocol, Run
from mlp.run.protocol import NONE
from mlp.stats import SUITE_ERROR, Interval


@dataclass(frozen=True)
class Setting:
    """What is the same for all that is asked in one place: species, dataset, protocol, error.

    `claims` is the number of claims among which the error is divided; `made` lists the claims made.
    """

    species: type[Genome]
    dataset: str
    protocol: Protocol
    claims: int
    made: list[Claim] | None = field(default=None, repr=False, compare=False)

    @property
    def claim_error(self) -> float:
        """Stated probability of a false verdict of one claim, over all its looks."""
        return SUITE_ERROR / self.claims

    @property
    def span(self) -> float:
        """How many of the species' units make a score of 1."""
        return self.species.measure.span if self.species.measure is not None else 1.0

    @property
    def unit(self) -> str:
        """The species' unit; "" for scores."""
        return self.species.measure.name if self.species.measure is not None else ""

    def value(self, score: float) -> float:
        """A score in the species' unit."""
        measure = self.species.measure
        return score if measure is None else float(measure.worst - score * measure.span)


@dataclass(frozen=True, eq=False)
class Evidence:
    """An answer of the lab: cohorts, who trained them, and the setting they were asked for in."""

    setting: Setting
    executor: str

    @property
    def dataset(self) -> str:
        """The dataset; "" where the species has none."""
        return self.setting.dataset

    @property
    def protocol(self) -> Protocol:
        """The protocol."""
        return self.setting.protocol

    @property
    def cohorts(self) -> Sequence[Sequence[Run]]:
        """The cohorts, each in seed order."""
        raise NotImplementedError

    @property
    def diverged(self) -> int:
        """How many of the runs diverged: they answer nothing, and count so."""
        return sum(run.diverged for runs in self.cohorts for run in runs)

    @property
    def where(self) -> str:
        """Dataset, protocol and seeds, for people."""
        named = f" on {self.dataset}" if self.dataset else ""
        protocol = f"{self.protocol.name}, " if self.protocol != NONE else ""
        return f"{named} ({protocol}n={len(self.cohorts[0])})"

    def _claim(
        self,
        statement: str,
        *,
        kind: str,
        expected: str,
        outcome: str,
        verdict: str,
        interval: Interval,
        effect: float | None = None,
        margin: float,
        detail: Mapping[str, Any],
        identical: bool = False,
        vouched: int = 0,
        notes: Sequence[str] = (),
    ) -> Claim:
        """The claim of those values; effect, interval and margin are given in scores."""
        span, cohorts = self.setting.span, self.cohorts
        return Claim(
            statement=statement,
            dataset=self.dataset,
            protocol=self.protocol.name,
            expected=expected,
            outcome=outcome,
            verdict=verdict,
            effect=(interval.mean if effect is None else effect) * span,
            low=interval.low * span,
            high=interval.high * span,
            margin=margin * span,
            seeds=len(cohorts[0]),
            first_seed=cohorts[0][0].seed,
            diverged=self.diverged,
            executor=self.executor,
            identical=identical,
            vouched=vouched,
            detail=detail,
            kind=kind,
            species=species_name(self.setting.species),
            claims=self.setting.claims,
            scale=span,
            unit=self.setting.unit,
            notes=tuple(notes),
            protocol_values=self.protocol.values,
        )

    def _settle(self, claim: Claim) -> None:
        settle(claim, self.setting.made)
