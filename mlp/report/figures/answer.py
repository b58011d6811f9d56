"""The answer in one picture: which gene explains each difference between strains, by dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlp.report.figures.style import (
    INK,
    NEUTRAL,
    RULE,
    Picture,
    picture,
    signed,
    styled,
    wrapped,
)
from mlp.report.results import Row, decided, screen_rows

NAME = "answer"
TITLE = "Which gene explains each difference between strains: Shapley shares, by dataset"
NOTHING = "no difference detected"
LEGEND = (
    "share of the difference in final validation accuracy\n"
    "solid: its interval excludes 0; pale: it does not"
)

_EDGE, _CELL, _ONLY, _GAP = 0.1, 2.25, 3.0, 0.12
_LINE, _HEAD, _BAR, _BETWEEN, _FOOT = 0.19, 0.3, 0.2, 0.17, 0.58
_CHARACTER, _TOLD = 0.088, 1.65
"""Inches: of a column, of a row, and of the texts about a panel."""

Share = Mapping[str, float]


@dataclass(frozen=True)
class Cell:
    """One screen: the whole difference and each gene's share of it, as {mean, low, high}."""

    whole: Share
    shares: Mapping[str, Share]

    def reversed(self) -> Cell:
        """The same screen from the other strain: every share changes its sign, exactly."""
        return Cell(_negative(self.whole), {g: _negative(s) for g, s in self.shares.items()})


@dataclass(frozen=True)
class Pair:
    """Two strains, and the screens between them by dataset, all from `bad` to `good`."""

    bad: str
    good: str
    cells: Mapping[str, Cell]

    @property
    def genes(self) -> list[str]:
        """Every gene varied, the one with the largest share anywhere first."""
        largest: dict[str, float] = {}
        for cell in self.cells.values():
            for gene, share in cell.shares.items():
                largest[gene] = max(largest.get(gene, 0.0), abs(share["mean"]))
        return sorted(largest, key=lambda gene: -largest[gene])


def answer_figure(rows: Iterable[Row]) -> Picture | None:
    """The screens among `rows`: a row for each pair of strains, a column for each dataset.

    Claims that share a screen share a cell. None where there is no screen.
    """
    pairs = screened(rows)
    if not pairs:
        return None
    datasets = list(dict.fromkeys(name for pair in pairs for name in pair.cells))
    with styled():
        return picture(_figure(pairs, datasets), NAME, TITLE)


def screened(rows: Iterable[Row]) -> list[Pair]:
    """The pairs of strains with a screen, in the order met, each read in its usual direction."""
    found: dict[frozenset[str], dict[str, Mapping[str, Any]]] = {}
    for row in screen_rows(rows):
        detail = row.claim.detail
        by_dataset = found.setdefault(frozenset((detail["bad"], detail["good"])), {})
        by_dataset.setdefault(row.claim.dataset, detail)
    return [_pair(by_dataset) for by_dataset in found.values()]


def _pair(by_dataset: Mapping[str, Mapping[str, Any]]) -> Pair:
    """The pair in the direction of most of its screens; the others are read backwards."""
    directions = Counter((detail["bad"], detail["good"]) for detail in by_dataset.values())
    ((bad, good), _), *_ = directions.most_common(1)
    cells = {}
    for dataset, detail in by_dataset.items():
        cell = Cell(detail["whole"], detail["shares"])
        cells[dataset] = cell if detail["bad"] == bad else cell.reversed()
    return Pair(bad, good, cells)


def _negative(share: Share) -> Share:
    return {"mean": -share["mean"], "low": -share["high"], "high": -share["low"]}


def said(whole: Share) -> str:
    """The whole difference and its interval; that there is none to be seen, where it holds 0."""
    if not decided(whole):
        return NOTHING
    return f"{signed(whole['mean'])} [{signed(whole['low'])}, {signed(whole['high'])}]"


def _figure(pairs: Sequence[Pair], datasets: Sequence[str]) -> Any:
    """The grid, placed by hand in inches: the same columns whatever the labels beside them."""
    from matplotlib.figure import Figure

    first = 2 * _EDGE + _CHARACTER * _longest(gene for pair in pairs for gene in pair.genes)
    column = max(_CELL if len(datasets) > 1 else _ONLY, _TOLD + _CHARACTER * _longest(datasets))
    width = first + column * len(datasets) + _GAP * (len(datasets) - 1) + _EDGE
    heads = [wrapped(f"from {p.bad} to {p.good}", int(width / _CHARACTER)) for p in pairs]
    above = [_LINE * len(head.splitlines()) + _HEAD for head in heads]
    tall = [_BAR * len(pair.genes) for pair in pairs]
    height = sum(above) + sum(tall) + _BETWEEN * (len(pairs) - 1) + _FOOT
    figure = Figure(figsize=(width, height))
    limits, left, top = _limits(pairs), 0.07 / width, height
    for pair, head, room, bars in zip(pairs, heads, above, tall, strict=True):
        figure.text(left, (top - 0.05) / height, head, fontweight="bold", fontsize=9.5, va="top")
        top -= room + bars
        for k, dataset in enumerate(datasets):
            at = (first + k * (column + _GAP)) / width
            axes = figure.add_axes((at, top / height, column / width, bars / height))
            _cell(axes, pair.genes, dataset, pair.cells.get(dataset), limits)
            axes.tick_params(labelleft=k == 0, labelbottom=pair is pairs[-1])
        top -= _BETWEEN
    figure.text(left, 0.05 / height, LEGEND, fontsize=8.5, va="bottom", linespacing=1.35)
    return figure


def _longest(names: Iterable[str]) -> int:
    return max(len(name) for name in names)


def _cell(
    axes: Any, genes: Sequence[str], dataset: str, cell: Cell | None, limits: tuple[float, float]
) -> None:
    axes.set_title(dataset, loc="left", fontsize=9)
    told = said(cell.whole) if cell else "not screened"
    axes.set_title(told, loc="right", fontsize=8.5, fontweight="normal")
    axes.grid(axis="x")
    axes.axvline(0, color=INK, linewidth=0.8)
    for place, gene in enumerate(genes):
        if cell and gene in cell.shares:
            _bar(axes, place, cell.shares[gene])
    axes.set_yticks(range(len(genes)), genes)
    axes.set_ylim(len(genes) - 0.45, -0.55)
    axes.set_xlim(limits)
    axes.xaxis.get_major_locator().set_params(nbins=5)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_color(RULE)
    axes.spines["left"].set_visible(False)


def _bar(axes: Any, place: int, share: Share) -> None:
    """A gene's share; solid, with its number, where its interval excludes 0, else pale."""
    sure = decided(share)
    axes.barh(place, share["mean"], height=0.66, color=NEUTRAL, alpha=0.9 if sure else 0.3)
    ends = [share["low"], share["high"]]
    axes.plot(ends, [place, place], color=INK, linewidth=1.1, alpha=1 if sure else 0.45)
    if sure:
        right = share["mean"] > 0
        axes.annotate(
            signed(share["mean"]),
            (share["high"] if right else share["low"], place),
            xytext=(3 if right else -3, -0.5),
            textcoords="offset points",
            ha="left" if right else "right",
            va="center",
            fontsize=8.5,
            fontweight="bold",
        )


def _limits(pairs: Sequence[Pair]) -> tuple[float, float]:
    """One axis for the grid: every interval, and room for the number beyond each that has one."""
    shares = [s for pair in pairs for cell in pair.cells.values() for s in cell.shares.values()]
    low, high = min(s["low"] for s in shares), max(s["high"] for s in shares)
    room, number = 0.03 * (high - low), 0.34 * (high - low)
    return (
        min(0.0, *(s["low"] - (number if s["high"] < 0 else room) for s in shares)) - 1e-6,
        max(0.0, *(s["high"] + (number if s["low"] > 0 else room) for s in shares)) + 1e-6,
    )
