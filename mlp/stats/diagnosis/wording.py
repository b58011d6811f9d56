"""A diagnosis in about ten lines that a person can act on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mlp.stats.comparison import Outcome
from mlp.stats.diagnosis.parts import Finding, spelled

if TYPE_CHECKING:
    from mlp.stats.diagnosis.value import Diagnosis

_SHOWN = 8
"""Names in a line before the rest is counted."""


def summary(found: Diagnosis) -> str:
    """What to change, why, and what was ruled out."""
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
    if found.change:
        yield f"Change first: {found.change}, to its good allele."


def _undecided(found: Diagnosis) -> str:
    if found.gap and found.gap.outcome is Outcome.BETTER:
        return "Undecided: no single gene was shown to make a difference beyond the margin"
    return "Undecided: no gap was shown within the seeds allowed"


def _named(found: Diagnosis) -> Iterator[str]:
    yield from (f"Cause {cause}." for cause in found.causes)
    if found.closure:
        yield f"With the causes rescued, less good: {found.closure}."
    yield from _line("Substitutes", found.substitutes)
    yield from _line("Act only together", (f"{a} with {b}" for a, b in found.pairs))
    yield from _line("Help the bad one (rescue makes it worse)", found.harmful)
    yield from _line("Gain more than the gap (others cancel it in good)", found.beyond)


def _others(found: Diagnosis) -> Iterator[str]:
    yield from _line("Act, but do not explain", found.traced("acted"))
    yield from _line("Left no trace", found.traced("left no trace"))
    yield from _line("Cannot act", found.traced("cannot act"))
    yield from _line("No effect beyond the margin", (e.gene for e in found.harmless))
    by_reason: dict[str, list[str]] = {}
    for gene, reason in found.undecided.items():
        by_reason.setdefault(reason, []).append(gene)
    for reason, genes in by_reason.items():
        yield from _line(f"Undecided ({reason})", genes)
    if len(found.ladder) > 1:
        yield f"Ladder: {' -> '.join(map(str, found.ladder))}."


def _cost(found: Diagnosis) -> str:
    return (
        f"{found.cohorts} cohorts, {found.runs} runs, {found.asked} comparisons. "
        f"Any false name or false acquittal: at most {found.error:g}."
    )


def _line(title: str, items: Iterable[object]) -> Iterator[str]:
    """One line for all items, the ninth and further ones counted; none for none."""
    told = list(map(str, items))
    if told:
        more = f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
        yield f"{title}: {', '.join(told[:_SHOWN])}{more}."
