"""The first divergence of two traces: a pure function of them, and the ladder it prints."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mlp.trace import gradient, inputs, loss, schedule, update, weights
from mlp.trace.errors import TraceError
from mlp.trace.file import load
from mlp.trace.pair import Pair
from mlp.trace.record import Trace
from mlp.trace.recorder import Recorder
from mlp.trace.rounding import rounding_of
from mlp.trace.rung import FAILED, NOT_COMPARABLE, NOT_SEEN, PASSED, Finding, Rung

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

    @property
    def equal(self) -> tuple[str, ...]:
        """The rungs on which no difference was found."""
        return tuple(rung.name for rung in self.rungs if rung.state == PASSED)

    def rung(self, name: str) -> Rung:
        """The rung of a name."""
        return next(rung for rung in self.rungs if rung.name == name)

    @property
    def verdict(self) -> str:
        """The first difference in one sentence, or that there is none."""
        if self.first is not None:
            return self.first.sentence
        unseen = [rung.name for rung in self.rungs if rung.state in (NOT_SEEN, NOT_COMPARABLE)]
        told = f"; not compared: {', '.join(unseen)}" if unseen else ""
        times = f"{self.updates} update{'s' * (self.updates != 1)}"
        return f"equal through {times}; what is left is within rounding{told}"

    def __str__(self) -> str:
        """The ladder, of at most 25 lines."""
        return "\n".join(ladder(self))

    def html(self, path: str | Path) -> Path:
        """Write the ladder, the differences and the curves as one self-contained page."""
        from mlp.trace.page import write

        return write(self, path)

    def picture(self, path: str | Path) -> Path:
        """Draw the ladder, and loss and gradient norm of both over the updates, by matplotlib."""
        from mlp.trace.picture import draw

        return draw(self, path)


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


def first_divergence(
    a: Trace | Recorder | str | Path,
    b: Trace | Recorder | str | Path,
    *,
    repeat: Trace | Recorder | str | Path | None = None,
    names: Mapping[str, str] | None = None,
) -> Divergence:
    """Where two programs part, and in what.

    Args:
        a: one trace, or the file of one.
        b: the other.
        repeat: a second trace of either program, whose distance from the first widens what
            rounding explains.
        names: of variables of `a`, those of `b` they stand for. Default: by shape and order.

    Raises:
        TraceError: the traces are of different models, or have no update to compare.
    """
    first, second = _trace(a), _trace(b)
    rounding = rounding_of(first, second, None if repeat is None else _trace(repeat))
    pair = Pair(first, second, names, rounding)
    _check(pair)
    losses = loss.check(pair)
    gradients = gradient.check(pair, losses)
    updates = update.check(pair)
    losses, gradients = _weighed(losses, gradients, updates)
    rungs = (
        inputs.check(pair),
        weights.check_variables(pair),
        weights.check_initial(pair),
        weights.check_mode(pair),
        losses,
        gradients,
        updates,
        schedule.check_buffers(pair),
        schedule.check_rate(pair, clips=gradients.state != PASSED),
        schedule.check_evaluation(pair),
    )
    return Divergence(first, second, pair.names, rungs, len(pair.steps), rounding.relative)


def _weighed(losses: Rung, gradients: Rung, updates: Rung) -> tuple[Rung, Rung]:
    """A loss that changes no gradient, or a gradient that changes no update, explains no gap."""
    if losses.state == FAILED and gradients.state == PASSED:
        losses = losses.minor("the gradients are equal: only what is reported differs")
    if gradients.state == FAILED and updates.state == PASSED:
        why = "the updates are equal all the same: the rule divides by the gradient's size"
        gradients = gradients.minor(why) if gradients.findings[0].hints else gradients
        losses = losses.minor(why)
    if gradients.state == FAILED and not gradients.findings[0].hints:
        gradients = replace(gradients, detail="as the loss does")
    return losses, gradients


def _trace(given: Trace | Recorder | str | Path) -> Trace:
    if isinstance(given, Trace):
        return given
    if isinstance(given, Recorder):
        return given.trace()
    if isinstance(given, (str, Path)):
        return load(given)
    raise TraceError(
        f"first_divergence compares traces; got {type(given).__name__}: give what watch yields, "
        "or the file it wrote"
    )


def _check(pair: Pair) -> None:
    """Refuse traces that have nothing to compare."""
    for trace, name in zip((pair.a, pair.b), pair.names, strict=True):
        if not trace.updates:
            raise TraceError(
                f"the trace {name} holds no update: train inside the with, or call trace.step"
            )
    if pair.a.trainable and pair.b.trainable and not pair.variables:
        told = [weights.told(list(t.trainable), 2) for t in (pair.a, pair.b)]
        raise TraceError(
            f"the traces are of different models: {pair.names[0]} trains {told[0]}; "
            f"{pair.names[1]} trains {told[1]}. Compare programs of one model, or give names="
        )
