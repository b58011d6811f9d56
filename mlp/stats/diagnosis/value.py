"""Diagnosis: what was found out of the genes in which a bad genome differs from a good one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from mlp.stats.comparison import Outcome
from mlp.stats.diagnosis.questions import Answer
from mlp.stats.interval import Interval

ACTED, NO_TRACE = "acted", "left no trace"
"""Whether a gene changed anything in the runs, of what they recorded."""


class Finding(str, Enum):
    """How a diagnosis ended."""

    EXPLAINED = "explained"
    """Rescuing the causes closes the gap to within the margin."""
    PARTLY = "partly explained"
    """Genes were named, and it is not shown that they close the gap."""
    NO_GAP = "no gap"
    """Good and bad are equivalent: there is nothing to explain."""
    REVERSED = "reversed"
    """Good is worse than bad: swap them."""
    UNDECIDED = "undecided"
    """Within the seeds allowed, the gap was not shown, or no gene was."""
    STOPPED = "stopped"
    """Interrupted: what was known by then."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Cause:
    """A gene of the set whose rescue closes the gap; without it the set does not.

    `needed`: the causes against the causes without it. `knockout`: the good genome against the good
    one without it; "equivalent" there means that a substitute stands in. `share`: its Shapley share
    of what the causes gain together, in score; `fraction`: the same, of the gap.
    """

    gene: str
    needed: Answer | None = None
    knockout: Answer | None = None
    share: Interval | None = None
    fraction: float | None = None

    def __str__(self) -> str:
        shares = f"{self.fraction:.0%} of the gap" if self.fraction is not None else "a cause"
        of = f", {spelled(self.share)}" if self.share else ""
        rescue = f"; rescue {_step(self.needed)}" if self.needed else ""
        knockout = f"; knockout {_step(self.knockout, -1)}" if self.knockout else ""
        return f"{self.gene}: {shares}{of}{rescue}{knockout}"


@dataclass(frozen=True)
class Substitute:
    """`genes` do what `cause` does: with them rescued instead of it, the gap closes as well.

    Each of the genes is shown to be needed for that. `closes` says how sure it is that the gap is
    closed to within the margin: it may be undecided.
    """

    cause: str
    genes: tuple[str, ...]
    closes: Answer

    def __str__(self) -> str:
        sure = " (perhaps)" if self.closes.outcome is Outcome.UNDECIDED else ""
        return f"{' and '.join(self.genes)} in place of {self.cause}{sure}"


@dataclass(frozen=True)
class Effect:
    """A gene's effect on the score: from two cells (`answer`), or averaged over the mixed cells."""

    gene: str
    interval: Interval
    answer: Answer | None = None

    def __str__(self) -> str:
        return f"{self.gene} {spelled(self.interval)}"


@dataclass(frozen=True)
class Rung:
    """One step of the ladder from bad to good: `gene` gets the good allele beside those before it.

    The first rung, "bad", has no step; the last one, "all others", rescues every other gene.
    `score` is the cell's mean score, `step` what the rung adds to the one before it.
    """

    gene: str
    score: Interval
    step: Interval | None = None

    def __str__(self) -> str:
        return f"{self.gene} {self.score.mean:.3f}"


@dataclass(frozen=True)
class Diagnosis:
    """Which genes make the difference, which do not, and on what evidence.

    `closure` holds the genome with the causes rescued against the good one. `rest` are the two
    comparisons which show that all genes not named do nothing together, in the bad genome with the
    named genes rescued and in the good one with them knocked out. `harmless` genes have no effect
    beyond the margin, on average over the mixed cells. `undecided` maps a gene to the reason.
    `traces` is for who knows what the runs saw: it maps a gene to `ACTED` or `NO_TRACE`.
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

    def with_traces(self, traces: Mapping[str, str]) -> Diagnosis:
        """The same diagnosis with what the runs saw."""
        return replace(self, traces=dict(traces))

    def __str__(self) -> str:
        from mlp.stats.diagnosis.wording import summary

        return summary(self)

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for reports and JSON; `from_dict` takes them back."""
        from mlp.stats.diagnosis.plain import to_dict

        return to_dict(self)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Diagnosis:
        """The diagnosis that `to_dict` was made from."""
        from mlp.stats.diagnosis.plain import from_dict

        return from_dict(given)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a diagnosis: `diagnosis` is what was known by then."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        super().__init__("interrupted; the diagnosis so far is attached")
        self.diagnosis = diagnosis


def spelled(i: Interval | None) -> str:
    """Mean and bounds, as text."""
    return f"{i.mean:+.3f} [{i.low:+.3f}, {i.high:+.3f}]" if i else ""


def _step(answer: Answer | None, sign: int = 1) -> str:
    """Mean effect and seeds of a comparison, and that it decided nothing if so."""
    if answer is None:
        return ""
    mark = ", undecided" if answer.outcome is Outcome.UNDECIDED else ""
    return f"{sign * answer.interval.mean:+.3f} (n={answer.interval.n}{mark})"
