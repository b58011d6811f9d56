"""Diagnosis: what was found out of the genes in which a bad genome differs from a good one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mlp.stats.diagnosis.parts import Cause, Effect, Finding, Rung, Substitute
from mlp.stats.diagnosis.plain import plain, read
from mlp.stats.diagnosis.questions import Answer
from mlp.stats.diagnosis.wording import summary


@dataclass(frozen=True)
class Diagnosis:
    """Which genes make the difference, which do not, and on what evidence.

    `closure` holds the genome with the causes rescued against the good one. `rest` are the two
    comparisons which show that all genes not named do nothing together, in the bad genome with the
    named genes rescued and in the good one with them knocked out. `harmless` genes have no effect
    beyond the margin, on average over the mixed cells. `undecided` maps a gene to the reason.
    `traces` is for who knows what the runs saw: it maps a gene to "acted", "left no trace" or
    "cannot act".
    """

    genes: tuple[str, ...]
    margin: float
    error: float
    cap: int
    finding: Finding
    gap: Answer | None = None
    causes: tuple[Cause, ...] = ()
    closure: Answer | None = None
    substitutes: tuple[Substitute, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    harmful: tuple[Effect, ...] = ()
    """Genes that help the bad one: rescued beside the causes, they make it worse."""
    beyond: tuple[Effect, ...] = ()
    """Genes that improve on what the causes give. In the good genome others cancel them."""
    harmless: tuple[Effect, ...] = ()
    undecided: Mapping[str, str] = field(default_factory=dict)
    rest: tuple[Answer, ...] = ()
    ladder: tuple[Rung, ...] = ()
    cohorts: int = 0
    runs: int = 0
    asked: int = 0
    allowed: int = 0
    traces: Mapping[str, str] = field(default_factory=dict)

    @property
    def cause_genes(self) -> tuple[str, ...]:
        """The causes, the largest share first."""
        return tuple(c.gene for c in self.causes)

    @property
    def named(self) -> frozenset[str]:
        """Every gene that is said to act on the score."""
        subs = (g for s in self.substitutes for g in s.genes)
        effects = (e.gene for e in (*self.harmful, *self.beyond))
        return frozenset((*self.cause_genes, *subs, *effects))

    @property
    def change(self) -> str | None:
        """The one gene to change first in the bad genome; None if no cause is known."""
        return self.causes[0].gene if self.causes else None

    def traced(self, trace: str) -> tuple[str, ...]:
        """The genes with this trace that are not named as acting on the score."""
        return tuple(g for g in self.genes if self.traces.get(g) == trace and g not in self.named)

    def with_traces(self, traces: Mapping[str, str]) -> Diagnosis:
        """The same diagnosis with what the runs saw."""
        return replace(self, traces=dict(traces))

    def __str__(self) -> str:
        return summary(self)

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for reports and JSON; `from_dict` takes them back."""
        return dict(plain(self))

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Diagnosis:
        """The diagnosis that `to_dict` was made from."""
        return cls(**read(given))


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a diagnosis: `diagnosis` is what was known by then."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__("interrupted; the diagnosis so far is attached")
        self.diagnosis = diagnosis
