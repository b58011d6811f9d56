"""The verdict table, at most 80 columns wide."""

from __future__ import annotations

from collections.abc import Sequence

from mlp.report.results import CHANGED, Row, counts, ordered

WIDTH = 80
_NAME = 33
COLOURS = {"supported": "green", "refuted": "purple", "undecided": "yellow"}
"""Colour of each verdict; a verdict that changed is red."""


def heading() -> str:
    """The line above the table's columns."""
    return f"{'claim':<{_NAME}} {'dataset':<7} {'effect [interval]':<22} {'n':>3} verdict"


def line(row: Row) -> str:
    """One claim: what was claimed, dataset, effect with interval, seeds, verdict."""
    claim = row.claim
    name = row.test.removeprefix("test_")
    name = name if len(name) <= _NAME else name[: _NAME - 1] + "…"
    effect = f"{claim.effect:+.3f} [{claim.low:+.2f}, {claim.high:+.2f}]"
    mark = " !" if row.status == CHANGED else ""
    return f"{name:<{_NAME}} {claim.dataset[:7]:<7} {effect:<22} {claim.seeds:>3} {claim.verdict}{mark}"


def table(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """The whole table as (text, colour) lines; the colour is "" where there is none."""
    lines: list[tuple[str, str]] = [(heading(), "bold")]
    above = None
    for row in ordered(rows):
        title = f"finding {row.finding}" if row.finding else "beyond the post"
        if title != above:
            lines.append((f"-- {title} ".ljust(WIDTH, "-"), ""))
            above = title
        colour = "red" if row.status == CHANGED else COLOURS[row.claim.verdict]
        lines.append((line(row), colour))
    summary = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts(rows).items()))
    lines.append(("", ""))
    lines.append((f"{len(rows)} claims: {summary}", "bold"))
    if any(row.status == CHANGED for row in rows):
        lines.append(("! the verdict is not the one the suite records", "red"))
    return lines
