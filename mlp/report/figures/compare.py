"""One comparison: its paired differences seed by seed, and its interval look by look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlp.report.figures.style import (
    INK,
    OUTCOME_COLOURS,
    Picture,
    band,
    new_figure,
    picture,
    styled,
)
from mlp.report.results import Row


def comparison_figure(row: Row, name: str) -> Picture:
    """The paired differences and looks of a row whose claim is about a comparison of arms."""
    claim, detail = row.claim, row.claim.detail
    with styled():
        figure, (seeds, looks) = new_figure(5.4, 2.3, 2, sharey=True, width_ratios=(1.7, 1))
        figure.subplots_adjust(left=0.115, right=0.985, bottom=0.2, top=0.88, wspace=0.08)
        colour = OUTCOME_COLOURS.get(row.outcome, INK)
        for axes in (seeds, looks):
            band(axes, claim.margin)
        _differences(seeds, claim.first_seed, detail["differences"], colour)
        _looks(looks, detail["looks"])
        low, high = _limits(detail, claim.margin)
        seeds.set_ylim(low, high)
        seeds.set_ylabel("difference in accuracy")
        title = f"Paired differences and looks: {claim.statement} on {claim.dataset}"
        return picture(figure, name, title)


def _differences(axes: Any, first: int, differences: Sequence[float], colour: str) -> None:
    count = len(differences)
    seeds = range(first, first + count)
    axes.vlines(seeds, 0, differences, color=colour, linewidth=min(1.0, 48 / count), alpha=0.5)
    axes.plot(seeds, differences, "o", color=colour, markersize=4.5 if count <= 32 else 2.6)
    axes.set_xlim(first - 0.7, first + count - 0.3)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_title(f"{count} seeds, paired")
    axes.set_xlabel("seed")


def _looks(axes: Any, looks: Sequence[Mapping[str, Any]]) -> None:
    for place, look in enumerate(looks):
        middle = (look["low"] + look["high"]) / 2
        colour = OUTCOME_COLOURS.get(look["outcome"], INK)
        axes.plot([place, place], [look["low"], look["high"]], color=colour, linewidth=2.6)
        axes.plot([place], [middle], "_", color=colour, markersize=9, markeredgewidth=1.6)
    axes.set_xticks(range(len(looks)), [str(look["seeds"]) for look in looks])
    axes.set_xlim(-0.7, max(len(looks), 3) - 0.3)
    axes.set_title("interval, each look")
    axes.set_xlabel("seeds seen")
    axes.tick_params(axis="y", labelleft=False)


def _limits(detail: Mapping[str, Any], margin: float) -> tuple[float, float]:
    ends = [-margin, margin, *detail["differences"]]
    ends += [end for look in detail["looks"] for end in (look["low"], look["high"])]
    low, high = min(ends), max(ends)
    room = 0.06 * (high - low)
    return low - room, high + room
