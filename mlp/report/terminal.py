"""The verdict table, at most 80 columns wide."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from mlp.lab import SUPPORTED
from mlp.report.calibrated import overspent
from mlp.report.results import CHANGED, Row, counts, ordered

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
    mark = " !" if row.status == CHANGED else ""
    return _columns(
        _short(claim.dataset, _DATASET),
        row.effect_text(),
        f"{claim.margin:g}",
        str(claim.seeds),
        _short(row.outcome, _OUTCOME),
        claim.verdict + mark,
    )


def _columns(dataset: str, effect: str, margin: str, n: str, outcome: str, verdict: str) -> str:
    left = f"    {dataset:<{_DATASET}} {effect:<22} {margin:>6} {n:>4}"
    return f"{left}  {outcome:<{_OUTCOME}}  {verdict}".rstrip()


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def table(rows: Sequence[Row], partial: str = "") -> list[Line]:
    """The whole table as (text, colour) lines; the colour is "" where there is none.

    A heading for each finding, under it a line for each test, under that one for each dataset;
    above all, if the study is `partial`, why.
    """
    lines: list[Line] = []
    if partial:
        told = wrapped(f"Partial: {partial}; what follows is what there is")
        lines += [(text, "red") for text in told]
    lines.append((heading(), "bold"))
    finding = title = None
    for row in ordered(rows):
        if row.heading != finding:
            finding, title = row.heading, None
            lines += [("", ""), (finding, "bold")]
        if row.title != title:
            title = row.title
            lines += [
                (text, "")
                for text in textwrap.wrap(
                    title, WIDTH, initial_indent="  ", subsequent_indent="      ", max_lines=3
                )
            ]
        lines.append((line(row), "red" if row.status == CHANGED else COLOURS[row.claim.verdict]))
    return [*lines, ("", ""), *totals(rows, partial)]


def answer(rows: Sequence[Row]) -> list[Line]:
    """A line for each finding: the verdicts of the claims that state it, on each dataset."""
    lines: list[Line] = []
    stated = [row for row in ordered(rows) if row.states_finding]
    for finding in dict.fromkeys(row.heading for row in stated):
        verdicts: dict[str, list[str]] = {}
        for row in stated:
            if row.heading == finding:
                verdicts.setdefault(row.datasets[0], []).append(row.claim.verdict)
        told = ", ".join(f"{dataset} {_together(of)}" for dataset, of in verdicts.items())
        lines += [(text, "") for text in wrapped(f"{finding}: {told}")]
    return lines


def _together(verdicts: Sequence[str]) -> str:
    """The verdict that all have, or how many are supported."""
    if len(set(verdicts)) == 1:
        return verdicts[0]
    return f"{verdicts.count(SUPPORTED)} of {len(verdicts)} {SUPPORTED}"


def totals(rows: Sequence[Row], partial: str = "") -> list[Line]:
    """How many claims, with which verdicts, what impairs them, and what the marks mean."""
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
    for told in filter(None, (partial, overspent(rows))):
        lines += [(text, "red") for text in wrapped(told)]
    if any(row.claim.identical for row in rows):
        lines.append(("identical: both arms ended with the same weights, bit for bit", ""))
    if any(row.status == CHANGED for row in rows):
        lines.append(
            (f"! not as {word}: a claim is to be supported unless it is marked refuted", "red")
        )
    return lines


def paragraphs(sentences: Sequence[str]) -> list[Line]:
    """Sentences wrapped to the table's width, one paragraph each."""
    return [(text, "") for sentence in sentences for text in wrapped(sentence)]


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
