"""Curves against step: a thin line for each seed, a thick one for the mean of a cohort."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mlp.report.figures.style import Picture, picture
from mlp.report.figures.svg import Drawing, Scale, down, label
from mlp.report.results import listed
from mlp.run import Run

MOST_SEEDS = 32
"""Seeds drawn of a cohort, each a thin line; the mean is that of all."""

_WIDTH, _LEFT, _RIGHT, _KEY, _HEIGHT = 340, 40, 326, 14, 154

Curve = tuple[Sequence[float], Sequence[float]]
"""Steps, and the values there."""


@dataclass(frozen=True)
class Curves:
    """The curves of one cohort: what it is called, its colour, a curve for each seed."""

    label: str
    colour: str
    curves: Sequence[Curve]

    @classmethod
    def of(cls, runs: Iterable[Run], curve: str, label: str, colour: str) -> Curves:
        """The curves of that name of some runs."""
        return cls(label, colour, [(run.steps, run.curves[curve]) for run in runs])

    @property
    def mean(self) -> Curve:
        """The mean of the curves that go to the end, at each step of those that are numbers."""
        longest = max(len(steps) for steps, _ in self.curves)
        whole = [curve for curve in self.curves if len(curve[0]) == longest]
        known = [list(filter(math.isfinite, at)) for at in zip(*(v for _, v in whole), strict=True)]
        return whole[0][0], [sum(at) / len(at) if at else math.nan for at in known]


def curve_figure(
    name: str,
    title: str,
    dataset: str,
    cohorts: Sequence[Curves],
    *,
    over: Sequence[Curves] = (),
    means: bool = True,
    told: str = "mean ends",
    by: str = "",
) -> Picture:
    """A picture of cohorts' curves; those `over` them are dashed, and have no line in the legend.

    `told` says what ends where, `by` who trained. Without `means` only the seeds' lines are drawn.
    Values go from 0 to 1 where all lie there, else from the least to the largest, 0 included.
    """
    top = 6 + _KEY * len(cohorts)
    bottom = top + _HEIGHT
    drawing = Drawing(_WIDTH, bottom + 38)
    shown = [curve for cohort in (*cohorts, *over) for curve in cohort.curves]
    known = [value for _, values in shown for value in values if math.isfinite(value)]
    low, high = min([0.0, *known]), max(known, default=1.0)
    high = 1.0 if low >= 0 and high <= 1 else max(0.0, high)
    along = Scale(0, max((steps[-1] for steps, _ in shown if steps), default=1), _LEFT, _RIGHT)
    up = Scale(low, high, bottom, top)

    def draw(curve: Curve, colour: str, width: float, extra: str = "") -> None:
        """Draw a curve, but for the values that are no numbers."""
        known = [(along(x), up(y)) for x, y in zip(*curve, strict=True) if math.isfinite(y)]
        if known:
            drawing.curve(known, colour, width, extra)

    down(drawing, up, _LEFT, _RIGHT)
    label(drawing, [(min(along(t), _WIDTH - 22), bottom + 15, t) for t in along.ticks(4)])
    drawing.text((_LEFT + _RIGHT) / 2, bottom + 32, "step", "middle", colour="soft")
    ends = []
    for place, cohort in enumerate(cohorts):
        for curve in cohort.curves[:MOST_SEEDS]:
            draw(curve, cohort.colour, 0.8, f' opacity="{0.25 if means else 0.9}"')
        mean = cohort.mean
        if means:
            draw(mean, cohort.colour, 2.4)
        y = 10 + _KEY * place
        drawing.lines([(_LEFT, y - 4, _LEFT + 16, y - 4)], cohort.colour, 2.4)
        count = len(cohort.curves)
        legend = f"{cohort.label}, {count} {'seed' if count == 1 else 'seeds'}"
        drawing.text(_LEFT + 22, y, legend, room=_WIDTH - _LEFT - 22)
        ends.append(f"{mean[1][-1]:.2f} under {cohort.label}" if mean[1] else "none")
    for cohort in over:
        for curve in cohort.curves:
            draw(curve, "ink", 0.8, ' opacity="1" stroke-dasharray="4 3"')
    where = f"{dataset}: {told}" if dataset else told.capitalize()
    return picture(drawing, name, title, f"{where} at {listed(ends)}{by}.")
