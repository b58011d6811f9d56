"""One comparison: its paired differences seed by seed, and its interval look by look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlp.lab import Claim
from mlp.report.figures.style import (
    INK,
    OUTCOME_COLOURS,
    Picture,
    band,
    new_figure,
    picture,
    styled,
    wrapped,
)
from mlp.report.results import Row

_LINE = 46
_LABELLED = 5


def comparison_figure(row: Row, name: str) -> Picture:
    """The paired differences and looks of a row whose claim is about a comparison of arms."""
    claim, detail = row.claim, row.claim.detail
    asked = wrapped(_subtraction(detail.get("arms", ()), claim), _LINE)
    with styled():
        height = 2.1 + 0.16 * len(asked.splitlines())
        figure, (seeds, looks) = new_figure(
            3.7, height, 2, sharey=True, width_ratios=(1.5, 1), layout="constrained"
        )
        figure.suptitle(asked, x=0.012, ha="left", fontsize=8.5)
        colour = OUTCOME_COLOURS.get(row.outcome, INK)
        low, high = _limits(claim)
        for axes in (seeds, looks):
            band(axes, claim.margin)
        seeds.set_ylim(low, high)
        paired = len(row.claim.first_seeds) == 1
        _differences(seeds, claim.first_seed if paired else None, detail["differences"], colour)
        _looks(looks, claim, (low, high))
        kind = "Paired differences" if paired else "Differences between unshared seeds"
        title = f"{kind} and looks: {claim.statement} on {claim.dataset}"
        return picture(figure, name, title)


def _subtraction(arms: Sequence[Mapping[str, Any]], claim: Claim) -> str:
    """What is subtracted from what: the arms by their weights, or the claim's own words."""
    if len(arms) != 2:
        return f"difference in accuracy: {claim.statement}"
    first, second = sorted(arms, key=lambda arm: -arm["weight"])
    return f"accuracy: {first['genome']} − {second['genome']}"


def _differences(
    axes: Any, first_seed: int | None, differences: Sequence[float], colour: str
) -> None:
    """The differences by seed; where the arms share none, `first_seed` None, in their order."""
    count = len(differences)
    first = 1 if first_seed is None else first_seed
    seeds = range(first, first + count)
    axes.vlines(seeds, 0, differences, color=colour, linewidth=min(1.0, 48 / count), alpha=0.5)
    axes.plot(seeds, differences, "o", color=colour, markersize=4 if count <= 32 else 2.2)
    axes.set_xlim(first - 0.7, first + count - 0.3)
    axes.xaxis.get_major_locator().set_params(integer=True, nbins=3)
    axes.ticklabel_format(axis="x", style="plain", useOffset=False)
    told = f"{count} seeds, paired" if first_seed is not None else f"{count} seeds each, unshared"
    axes.set_title(told, fontsize=9)
    axes.set_xlabel("in order of the seeds" if first_seed is None else "seed")


def _looks(axes: Any, claim: Claim, limits: tuple[float, float]) -> None:
    """Each look's interval, its mean a tick; an arrow where it goes on beyond the `limits`.

    Identical arms leave nothing to be uncertain of: each look is a point, without an interval.
    """
    looks, differences = claim.detail["looks"], claim.detail["differences"]
    inset = 0.025 * (limits[1] - limits[0])
    for place, look in enumerate(looks):
        seen = differences[: look["seeds"]]
        mean = sum(seen) / len(seen)
        if claim.identical:
            axes.plot([place], [mean], "o", color=OUTCOME_COLOURS["identical"], markersize=4)
            continue
        colour = OUTCOME_COLOURS.get(look["outcome"], INK)
        ends = [max(look["low"], limits[0]), min(look["high"], limits[1])]
        axes.plot([place, place], ends, color=colour, linewidth=2.4, solid_capstyle="butt")
        axes.plot([place], [mean], "_", color=colour, markersize=9, markeredgewidth=1.6)
        for end, arrow, beyond in (
            (limits[0] + inset, "v", look["low"] < limits[0]),
            (limits[1] - inset, "^", look["high"] > limits[1]),
        ):
            if beyond:
                axes.plot([place], [end], arrow, color=colour, markersize=7)
    _label_looks(axes, [look["seeds"] for look in looks])


def _label_looks(axes: Any, seeds: Sequence[int]) -> None:
    """Ticks at every look; where labels would touch, every other, counted from the last."""
    step = 1 if len(seeds) <= _LABELLED else 2
    places = range(len(seeds))
    labels = ["" if (len(seeds) - 1 - k) % step else str(seeds[k]) for k in places]
    axes.set_xticks(places, labels)
    axes.set_xlim(-0.7, max(len(seeds), 3) - 0.3)
    axes.set_title("each look", fontsize=9)
    axes.set_xlabel("seeds seen")
    axes.tick_params(axis="y", labelleft=False)


def _limits(claim: Claim) -> tuple[float, float]:
    """The differences shown: every seed's, the margin and the last look, with some room."""
    ends = [-claim.margin, claim.margin, *claim.detail["differences"]]
    if not claim.identical:
        last = claim.detail["looks"][-1]
        ends += [last["low"], last["high"]]
    low, high = min(ends), max(ends)
    room = 0.08 * (high - low)
    return low - room, high + room
