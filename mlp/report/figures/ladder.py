"""A diagnosis as a ladder: from the bad genome to the good one, cause by cause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlp.report.figures.style import Picture, picture, typeset
from mlp.report.figures.svg import CHARACTER, Drawing, Scale, across
from mlp.report.results import signed

_WIDTH, _RUNG, _TOP = 460, 30, 22


def ladder_figure(detail: Mapping[str, Any], name: str, score: str) -> Picture | None:
    """The ladder of a claim's detail; None where the diagnosis came to none.

    Each rung is a genome: the bad one with the good alleles of the genes so far. The dot is its
    mean score, the line its interval, and the number what the rung adds to the one below.
    """
    rungs = detail["diagnosis"]["ladder"]
    if len(rungs) < 2:
        return None
    left = min(170.0, 14 + CHARACTER * max(len(rung["gene"]) for rung in rungs))
    bottom = _TOP + _RUNG * len(rungs)
    drawing = Drawing(_WIDTH, bottom + 34)
    ends = [rung["score"][end] for rung in rungs for end in ("low", "high")]
    along = Scale(min(ends), max(ends), left + 8, _WIDTH - 70)
    across(drawing, along, _TOP - 8, bottom)
    drawing.text((left + _WIDTH - 70) / 2, bottom + 30, score, "middle", colour="soft")
    places = []
    for k, rung in enumerate(rungs):
        y = bottom - _RUNG * (k + 0.5)
        drawing.text(left, y + 4, rung["gene"], "end", room=left, bold=0 < k < len(rungs) - 1)
        low, mean, high = (along(rung["score"][end]) for end in ("low", "mean", "high"))
        drawing.lines([(low, y, high, y)], "soft", 2)
        places.append((mean, y))
        if rung.get("step"):
            step = typeset(signed(rung["step"]["mean"], 2))
            drawing.text(_WIDTH - 4, y + 4, step, "end", bold=True)
    drawing.curve(places, "blue", 1.4)
    drawing.dots(places, "blue", 7)
    see = (
        f"From {detail['bad']} (bottom) to {detail['good']}: each rung takes over one more allele "
        "of the good genome. The number is what it adds."
    )
    return picture(drawing, name, f"Ladder from {detail['bad']} to {detail['good']}", see)
