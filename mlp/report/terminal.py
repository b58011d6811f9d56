"""The verdict table, at most 80 columns wide."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from mlp.report.error_rates import level, overspent
from mlp.report.explanation import answers
from mlp.report.results import (
    CHANGED,
    Row,
    counts,
    notes,
    ordered,
    refuted_by_design,
    units,
    with_findings,
)

WIDTH = 80
_DATASET, _OUTCOME = 13, 10
_INTERVAL = re.compile(r"\[[-+.\d]+, [-+.\d]+\]")
_KEPT = "\0"
COLOURS = {"supported": "green", "refuted": "purple", "undecided": "yellow"}
"""Colour of each verdict; a verdict that changed is red."""

Line = tuple[str, str]


def heading() -> str:
    """The line above the table's columns."""
    return _columns("dataset", "effect [interval]", "margin", "n", "outcome", "verdict").rstrip()


def line(row: Row) -> str:
    """One claim: dataset, effect with interval, margin, seeds, outcome, verdict."""
    claim = row.claim
    marks = ["v"] if row.vouched else []
    marks += ["!"] if row.status == CHANGED else []
    return _columns(
        _short(claim.dataset or "-", _DATASET),
        row.effect_text(),
        f"{claim.margin:g}",
        str(claim.seeds),
        _short(row.outcome, _OUTCOME) + ("*" if row.detectable else ""),
        " ".join([claim.verdict, *marks]),
    )


def _columns(dataset: str, effect: str, margin: str, n: str, outcome: str, verdict: str) -> str:
    left = f"    {dataset:<{_DATASET}} {effect:<22} {margin:>6} {n:>4}"
    return f"{left}  {outcome:<{_OUTCOME + 1}} {verdict}".rstrip()


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def answer(rows: Sequence[Row]) -> list[Line]:
    """The answer in a line for each finding: what the claims that state it come to."""
    lines: list[Line] = []
    for one in answers(rows, whole=True):
        told = "; ".join(f"{dataset} {cell.text}".strip() for dataset, cell in one.cells.items())
        lines += [(text, "") for text in wrapped(f"{one.heading}: {told}")]
    return lines


def table(rows: Sequence[Row], partial: str = "") -> list[Line]:
    """The whole table as (text, colour) lines; the colour is "" where there is none.

    A heading for each finding, under it a line for each test, under that one for each dataset;
    above all, if the study is `partial`, why, and at which level the intervals hold.
    """
    lines: list[Line] = []
    if partial:
        told = wrapped(f"Partial: {partial}; what follows is what there is")
        lines += [(text, "red") for text in told]
    lines += [(text, "") for text in wrapped(level(rows))]
    lines.append((heading(), "bold"))
    finding, test = None if with_findings(rows) else "", ("", "")
    for row in ordered(rows):
        if finding not in ("", row.heading):
            finding, test = row.heading, ("", "")
            lines += [("", ""), (finding, "bold")]
        if (row.file, row.title) != test:
            test, title = (row.file, row.title), row.title
            lines += [
                (text, "")
                for text in textwrap.wrap(
                    title, WIDTH, initial_indent="  ", subsequent_indent="      ", max_lines=3
                )
            ]
        lines.append((line(row), "red" if row.status == CHANGED else COLOURS[row.claim.verdict]))
        if len(row.outcome) > _OUTCOME:
            lines += [(text, "") for text in wrapped(row.outcome, "      ")]
    return [*lines, ("", ""), *totals(rows, partial)]


def totals(rows: Sequence[Row], partial: str = "") -> list[Line]:
    """How many claims, with which verdicts, what impairs them, and what words and marks mean."""
    found = counts(rows)
    changed = found.pop(CHANGED, 0)
    summary = ", ".join(f"{n} {verdict}" for verdict, n in sorted(found.items()))
    word = "recorded" if any(row.finding or row.reason for row in rows) else "expected"
    if changed:
        summary += f"; {changed} not as {word}"
    elif not partial:
        summary += f"; all as {word}"
    noun = "claim" if len(rows) == 1 else "claims"
    lines = [(f"{len(rows)} {noun}: {summary}", "bold")]
    if told := refuted_by_design(rows):
        lines += [(text, "") for text in wrapped(f"{told}: they are recorded as refuted")]
    for told in filter(None, (partial, overspent(rows))):
        lines += [(text, "red") for text in wrapped(told)]
    lines += [(text, "") for told in _legend(rows) for text in wrapped(told)]
    if any(row.status == CHANGED for row in rows):
        lines.append(
            (f"! not as {word}: a claim is to be supported unless it is marked refuted", "red")
        )
    return lines


def _legend(rows: Sequence[Row]) -> Iterator[str]:
    """What the words and marks of the table mean, of those that it holds; what claims note."""
    if told := units(rows):
        yield told
    if any(row.claim.identical for row in rows):
        yield "identical: both arms ended with the same weights, bit for bit"
    if any(row.claim.outcome == "equivalent" and not row.claim.identical for row in rows):
        yield "equivalent: the effect is smaller than the margin, which is not to say none"
    if any(row.detectable for row in rows):
        yield (
            "*: equivalent, and yet not zero: the claim's plain 95% interval, adjusted for "
            "nothing, excludes 0"
        )
    for vouched, by in sorted({(row.vouched, row.claim.executor) for row in rows if row.vouched}):
        yield f"v: {vouched} of each arm: there it ended with the {by}'s weights"
    for note in notes(rows):
        yield f"note on {note}"


def paragraphs(sentences: Sequence[str]) -> list[Line]:
    """Paragraphs wrapped to the table's width; all lines but their first are indented."""
    lines: list[Line] = []
    for sentence in sentences:
        first, *others = sentence.split("\n")
        lines += [(text, "") for text in wrapped(first)]
        for other in others:  # a command stays on one line, to be copied
            command = other.startswith("pytest ")
            lines += [(t, "") for t in ([f"  {other}"] if command else wrapped(other, "  "))]
    return lines


def wrapped(sentence: str, indent: str = "") -> list[str]:
    """`sentence` in lines of the table's width; an interval stays on one line."""
    whole = _INTERVAL.sub(lambda found: found[0].replace(" ", _KEPT), sentence)
    lines = textwrap.wrap(
        whole,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_on_hyphens=False,
    )
    return [text.replace(_KEPT, " ") for text in lines]
