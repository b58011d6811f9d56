"""A screen: every combination of alleles as a heat map, and the way from bad strain to good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from mlp.report.figures.style import (
    INK,
    NEUTRAL,
    STRAIN_COLOURS,
    Picture,
    named,
    new_figure,
    picture,
    signed,
    styled,
    wrapped,
)

_NUMBERED = 64
_LONGEST = 18
_TITLE = 28


def heat_map(detail: Mapping[str, Any], dataset: str, name: str) -> Picture:
    """Mean final accuracy of each cell; half the genes down, the other half across."""
    genes = list(detail["genes"])
    across, down = _subsets(genes[len(genes) // 2 :]), _subsets(genes[: len(genes) // 2])
    means = {frozenset(cell["on"]): cell["mean"] for cell in detail["cells"]}
    grid = [[means[frozenset((*row, *column))] for column in across] for row in down]
    with styled():
        figure, (axes,) = new_figure(
            1.9 + 0.56 * len(across), 1.4 + 0.34 * len(down), layout="constrained"
        )
        mesh = axes.pcolormesh(grid, cmap="cividis", vmin=0, vmax=1, edgecolors="none")
        axes.invert_yaxis()
        axes.set_xticks([k + 0.5 for k in range(len(across))], _labels(across), rotation=28)
        axes.set_yticks([k + 0.5 for k in range(len(down))], _labels(down))
        for label in axes.get_xticklabels():
            label.set_horizontalalignment("right")
        axes.set_xlabel("genes with the good strain's allele")
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        if len(means) <= _NUMBERED:
            _numbers(axes, grid)
        axes.set_title(wrapped(f"{dataset}: mean final accuracy", _TITLE))
        bar = figure.colorbar(mesh, ax=axes, fraction=0.05, pad=0.03)
        bar.outline.set_visible(False)
        title = f"Screen on {dataset}: accuracy for each combination of alleles"
        return picture(figure, name, title)


def _subsets(genes: Sequence[str]) -> list[tuple[str, ...]]:
    return [chosen for size in range(len(genes) + 1) for chosen in combinations(genes, size)]


def _labels(subsets: Sequence[tuple[str, ...]]) -> list[str]:
    return [" + ".join(genes) if genes else "none" for genes in subsets]


def _numbers(axes: Any, grid: Sequence[Sequence[float]]) -> None:
    for i, row in enumerate(grid):
        for j, value in enumerate(row):
            colour = "#000000" if value > 0.55 else "#ffffff"
            axes.text(
                j + 0.5, i + 0.5, f"{value:.2f}", color=colour, ha="center", va="center", size=8.5
            )


def waterfall(detail: Mapping[str, Any], dataset: str, name: str) -> Picture:
    """From the bad strain's accuracy to the good one's, by each gene's Shapley share."""
    shares = sorted(detail["shares"].items(), key=lambda item: -abs(item[1]["mean"]))
    means = {frozenset(cell["on"]): cell["mean"] for cell in detail["cells"]}
    bad, good = means[frozenset()], means[frozenset(detail["genes"])]
    names = [wrapped(detail[which], _LONGEST) for which in ("bad", "good")]
    with styled():
        figure, (axes,) = new_figure(3.9, 1.2 + 0.36 * (len(shares) + 2), layout="constrained")
        _bar(axes, 0, 0.0, bad, _strain_colour(detail["bad"]), f"{bad:.3f}")
        level = bad
        for place, (_, share) in enumerate(shares, start=1):
            _bar(axes, place, level, share["mean"], NEUTRAL, signed(share["mean"], 3))
            axes.plot([level, level], [place - 1.35, place + 0.35], color=INK, linewidth=0.7)
            ends = [level + share["low"], level + share["high"]]
            axes.plot(ends, [place, place], color=INK, linewidth=1.1)
            level += share["mean"]
        _bar(axes, len(shares) + 1, 0.0, good, _strain_colour(detail["good"]), f"{good:.3f}")
        rows = [names[0], *(gene for gene, _ in shares), names[1]]
        axes.set_yticks(range(len(rows)), rows)
        axes.invert_yaxis()
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("final validation accuracy")
        axes.set_xlim(_reach(bad, shares))
        axes.xaxis.get_major_locator().set_params(nbins=5)
        axes.set_title(wrapped(f"{dataset}: Shapley shares", _TITLE))
        title = f"Waterfall on {dataset}: from the bad strain to the good one, gene by gene"
        return picture(figure, name, title)


def _strain_colour(genome: str) -> str:
    return STRAIN_COLOURS.get(named(genome), INK)


def _bar(axes: Any, place: int, start: float, length: float, colour: str, text: str) -> None:
    axes.barh(place, length, left=start, height=0.7, color=colour, alpha=0.75)
    axes.annotate(
        text,
        (1.01, place),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=8.5,
        annotation_clip=False,
    )


def _reach(bad: float, shares: Sequence[tuple[str, Mapping[str, float]]]) -> tuple[float, float]:
    """The accuracies shown: 0 to 1, and as far as the intervals go beyond."""
    ends, level = [0.0, 1.0], bad
    for _, share in shares:
        ends += [level + share["low"], level + share["high"]]
        level += share["mean"]
    return min(ends), max(ends)
