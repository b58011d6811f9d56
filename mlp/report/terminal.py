"""The verdict table, at most 80 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from mlp.report import results
from mlp.report.error_rates import level, overspent
from mlp.report.explanation import answers
from mlp.report.results import CHANGED, Row

WIDTH = 80
_DATASET, _OUTCOME = 13, 10
COLOURS = {"supported": "green", "refuted": "purple", "undecided": "yellow"}
"""Colour of each verdict; a verdict that changed is red."""

Line = tuple[str, str]


def heading() -> str:
    """The line above the table's columns."""
    return _columns("dataset", "effect [interval]", "margin", "n", "outcome", "verdict").rstrip()


def line(row: Row) -> str:
    """One claim: dataset, effect with interval, margin, seeds, outcome, verdict."""
    claim = row.claim
    marks = {"v": row.vouched, "!": row.status == CHANGED}
    return _columns(
        _short(claim.dataset or "-", _DATASET),
        row.effect_text(),
        f"{claim.margin:g}",
        str(claim.seeds),
        _short(row.outcome, _OUTCOME) + ("*" if row.detectable else ""),
        " ".join([claim.verdict, *(mark for mark, here in marks.items() if here)]),
    )


def _columns(dataset: str, effect: str, margin: str, n: str, outcome: str, verdict: str) -> str:
    left = f"    {dataset:<{_DATASET}} {effect:<22} {margin:>6} {n:>4}"
    return f"{left}  {outcome:<{_OUTCOME + 1}} {verdict}".rstrip()


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def answer(rows: Sequence[Row]) -> list[Line]:
    """The answer in a line for each finding: what the claims that state it come to."""
    told = {
        one.heading: "; ".join(f"{on} {cell.text}".strip() for on, cell in one.cells.items())
        for one in answers(rows, whole=True)
    }
    return coloured("", *(f"{heading}: {cells}" for heading, cells in told.items()))


def table(rows: Sequence[Row], partial: str = "") -> list[Line]:
    """The whole table as (text, colour) lines; the colour is "" where there is none.

    A heading for each finding, under it a line for each test, under that one for each dataset;
    above all, if the study is `partial`, why, and at which level the intervals hold.
    """
    lines = coloured("red", f"Partial: {partial}; what follows is what there is" if partial else "")
    lines += [*coloured("", level(rows)), (heading(), "bold")]
    titled = textwrap.TextWrapper(
        WIDTH, initial_indent="  ", subsequent_indent="      ", max_lines=3
    )
    rows, named = results.ordered(rows), results.with_findings(rows)
    for finding, own in groupby(rows, key=lambda row: row.heading if named else ""):
        lines += [("", ""), (finding, "bold")] if named else []
        for (_, title), of_test in groupby(own, key=lambda row: (row.file, row.title)):
            lines += [(text, "") for text in titled.wrap(title)]
            for row in of_test:
                changed = row.status == CHANGED
                lines.append((line(row), "red" if changed else COLOURS[row.claim.verdict]))
                told = [row.outcome] if len(row.outcome) > _OUTCOME else []
                told += filter(None, [results.runs_read(row, rows), row.claim.diverged_text])
                lines += coloured("", "; ".join(told), indent="      ")
    return [*lines, ("", ""), *totals(rows, partial)]


def totals(rows: Sequence[Row], partial: str = "") -> list[Line]:
    """How many claims, with which verdicts, what impairs them, and what words and marks mean."""
    found = results.counts(rows)
    changed = found.pop(CHANGED, 0)
    summary = ", ".join(f"{n} {verdict}" for verdict, n in sorted(found.items()))
    word = "recorded" if any(row.finding or row.reason for row in rows) else "expected"
    if changed:
        summary += f"; {changed} not as {word}"
    elif not partial:
        summary += f"; all as {word}"
    lines = [(f"{results.count_of(len(rows), 'claim')}: {summary}", "bold")]
    if told := results.refuted_as_recorded(rows):
        lines += coloured("", told)
    lines += coloured("red", partial, overspent(rows)) + coloured("", *_legend(rows))
    if changed:
        marked = f"! not as {word}: a claim is to be supported unless it is marked refuted"
        lines.append((marked, "red"))
    return lines


def _legend(rows: Sequence[Row]) -> Iterator[str]:
    """What the words and marks of the table mean, of those that it holds; what claims note."""
    if told := results.units(rows):
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
    for note in results.notes(rows):
        yield f"note on {note}"


def paragraphs(sentences: Sequence[str]) -> list[Line]:
    """Paragraphs wrapped to the table's width; all lines but their first are indented."""
    lines: list[Line] = []
    for sentence in sentences:
        first, *others = sentence.split("\n")
        lines += coloured("", first)
        for other in others:  # a command stays on one line, to be copied
            command = other.startswith("pytest ")
            lines += [(f"  {other}", "")] if command else coloured("", other, indent="  ")
    return lines


def coloured(colour: str, *sentences: str, indent: str = "") -> list[Line]:
    """Sentences in lines of the table's width and of one colour; nothing of those that are ""."""
    return [(text, colour) for told in sentences for text in wrapped(told, indent)]


def wrapped(sentence: str, indent: str = "") -> list[str]:
    """`sentence` in lines of the table's width; an interval stays on one line."""
    lines = textwrap.wrap(
        results.unbroken(sentence),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_on_hyphens=False,
    )
    return [text.replace(results.NO_BREAK, " ") for text in lines]
