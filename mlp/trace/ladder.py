"""What two traces have in common, rung by rung, and the lines it is printed in."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from mlp.trace.record import Trace
from mlp.trace.rung import FAILED, NOT_COMPARABLE, NOT_SEEN, Finding, Rung

WIDTH, MOST_LINES = 100, 25


@dataclass(frozen=True, eq=False)
class Divergence:
    """What two traces have in common, rung by rung, and where they part."""

    a: Trace
    b: Trace
    names: tuple[str, str]
    rungs: tuple[Rung, ...]
    updates: int
    tolerance: float

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All differences, in the order of the rungs; those that can explain a gap come first."""
        found = [f for rung in self.rungs for f in rung.findings]
        ahead = [f for f in found if f.rung == "loss"]
        found = [f for f in found if f.rung != "gradient" or not _follows(f, ahead)]
        return tuple(sorted(found, key=lambda f: not f.explains))

    @property
    def first(self) -> Finding | None:
        """The first difference that can explain a gap; else the first; None if there is none."""
        return next(iter(self.findings), None)

    def rung(self, name: str) -> Rung:
        """The rung of a name."""
        return next(rung for rung in self.rungs if rung.name == name)

    @property
    def verdict(self) -> str:
        """The first difference in one sentence, or that there is none."""
        if self.first is not None:
            return self.first.sentence
        unseen = [rung.name for rung in self.rungs if rung.state in (NOT_SEEN, NOT_COMPARABLE)]
        counts = [len(trace.log.rate) for trace in (self.a, self.b)]
        if counts[0] != counts[1]:
            watched = [f"{n} of {name}" for n, name in zip(counts, self.names, strict=True)]
            unseen.append(f"how long each trains (updates watched: {' and '.join(watched)})")
        told = f"; not compared: {', '.join(unseen)}" if unseen else ""
        through = max(self.rung(name).compared for name in ("loss", "gradient", "update"))
        if not through:
            return f"no difference in what was compared{told}"
        times = f"{through} update{'s' * (through > 1)}"
        of = f" of {self.updates}" * (through < self.updates)
        return f"equal through {times}{of}; what is left is within rounding{told}"

    def __str__(self) -> str:
        """The ladder, of at most 25 lines."""
        return "\n".join(ladder(self))


def _follows(finding: Finding, ahead: list[Finding]) -> bool:
    """Whether a gradient differs where, and because, the loss does."""
    return not finding.hints and any(f.at == finding.at for f in ahead)


def ladder(divergence: Divergence) -> list[str]:
    """The lines of the printed ladder."""
    first, findings = divergence.first, divergence.findings
    found = "no difference" if first is None else first.rung
    if first is not None and not first.explains:
        found += ", in what cannot explain a gap alone"
    title = f"First divergence of {divergence.names[0]} and {divergence.names[1]}: {found}"
    lines = [title]
    for rung in divergence.rungs:
        state = rung.state.upper() if rung.state == FAILED else rung.state
        lines.append(_cut(f"  {state:<15} {rung.name:<20} {rung.detail}".rstrip()))
        if first is not None and rung.name == first.rung:
            lines += _told(first)
    if first is None:
        lines += textwrap.wrap(divergence.verdict, WIDTH)
    lines += _others(divergence, findings[1:], MOST_LINES - len(lines))
    return lines[:MOST_LINES]


def _told(finding: Finding) -> list[str]:
    """A difference, its likely mistakes and the lines it came from, in at most seven lines."""
    lines = textwrap.wrap(finding.sentence, WIDTH - 6)[:2]
    for hint in finding.hints[:2]:
        lines += textwrap.wrap(f"likely: {hint}", WIDTH - 6)[:2]
    lines += [_cut(f"at {line}", WIDTH - 6) for line in dict.fromkeys(finding.where) if line][:2]
    return [f"      {line}" for line in lines[:7]]


def _others(divergence: Divergence, findings: tuple[Finding, ...], room: int) -> list[str]:
    """Further differences and notes, one line each, as far as there is room."""
    lines = []
    for finding in findings:
        kind = "also" if finding.explains else "minor"
        hint = f" ({finding.hints[0]})" if finding.hints else ""
        lines.append(_cut(f"{kind}: {finding.sentence}{hint}"))
    for trace in (divergence.a, divergence.b):
        lines += [_cut(f"note: {note}") for note in trace.notes]
        if trace.cut_off:
            lines.append(
                f"note: {trace.name} was cut off by {trace.cut_off} after "
                f"{trace.updates_made} updates"
            )
    if len(lines) > room:
        lines = [*lines[: max(room - 1, 0)], f"and {len(lines) - room + 1} more: see .findings"]
    return lines[: max(room, 0)]


def _cut(line: str, width: int = WIDTH) -> str:
    return line if len(line) <= width else line[: width - 3] + "..."
