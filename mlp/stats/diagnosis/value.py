"""Diagnosis: what was found out of the genes in which two genomes differ, and how it is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mlp.stats.comparison import Outcome
from mlp.stats.diagnosis.parts import (
    ACTED,
    NO_TRACE,
    Cause,
    Effect,
    Finding,
    Rung,
    Substitute,
    spelled,
)
from mlp.stats.diagnosis.plain import plain, read
from mlp.stats.diagnosis.questions import Answer

_IN_THE_RUNS = {ACTED: ", though they change the runs", NO_TRACE: f", and {NO_TRACE} in the runs"}
_SHOWN = 8
"""Names in a line before the rest is counted."""


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
        return _summary(self)

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


def _summary(found: Diagnosis) -> str:
    """What to change, why, and what was ruled out, in about ten lines."""
    return "\n".join((*_verdict(found), *_named(found), *_others(found), _cost(found)))


def _verdict(found: Diagnosis) -> Iterator[str]:
    gap = (
        f"{spelled(found.gap.interval)}, n={found.gap.interval.n}" if found.gap else "not compared"
    )
    told = {
        Finding.NO_GAP: "No gap: good and bad are equivalent",
        Finding.REVERSED: "Reversed: good is worse than bad; swap them",
        Finding.EXPLAINED: "Explained: rescuing the causes closes the gap to within the margin",
        Finding.PARTLY: "Partly explained: it is not shown that the causes close the gap",
        Finding.UNDECIDED: _undecided(found),
        Finding.STOPPED: "Stopped before the end; this is what was known",
    }
    yield f"{told[found.finding]}."
    yield f"Gap, good - bad: {gap}; margin {found.margin:g}."


def _undecided(found: Diagnosis) -> str:
    if found.gap and found.gap.outcome is Outcome.BETTER:
        return "Undecided: no single gene was shown to make a difference beyond the margin"
    return "Undecided: no gap was shown within the seeds allowed"


def _named(found: Diagnosis) -> Iterator[str]:
    yield from (f"Cause {cause}." for cause in found.causes)
    if found.closure:
        yield f"Bad with its causes rescued, against good: {found.closure}."
    yield from _line("Substitutes", found.substitutes)
    yield from _line("Act only together", (f"{a} with {b}" for a, b in found.pairs))
    yield from _line("Help the bad one (rescue makes it worse)", found.harmful)
    yield from _line("Gain more than the gap (others cancel it in good)", found.beyond)


def _others(found: Diagnosis) -> Iterator[str]:
    by_trace: dict[str, list[str]] = {}
    for effect in found.harmless:
        by_trace.setdefault(found.traces.get(effect.gene, ""), []).append(effect.gene)
    for trace, genes in sorted(by_trace.items()):
        yield from _line(f"No effect beyond the margin{_IN_THE_RUNS.get(trace, '')}", genes)
    by_reason: dict[str, list[str]] = {}
    for gene, reason in found.undecided.items():
        left = found.traces.get(gene) == NO_TRACE
        by_reason.setdefault(reason, []).append(f"{gene} (left no trace)" if left else gene)
    for reason, genes in by_reason.items():
        yield from _line(f"Undecided ({reason})", genes)
    if len(found.ladder) > 1:
        yield f"Ladder: {' -> '.join(map(str, found.ladder))}."


def _cost(found: Diagnosis) -> str:
    return (
        f"{found.cohorts} cohorts, {found.runs} runs, {found.asked} comparisons; "
        f"any gene falsely named or cleared: probability at most {found.error:g}."
    )


def _line(title: str, items: Iterable[object]) -> Iterator[str]:
    """One line for all items, the ninth and further ones counted; none for none."""
    told = list(map(str, items))
    if told:
        more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
        yield f"{title}: {', '.join(told[:_SHOWN])}{more}."
