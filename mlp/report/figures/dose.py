"""A dose-response: final accuracy against the dose of one gene, every seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from mlp.genome import STRAINS, Genome, differing
from mlp.report.figures.style import (
    BLUE,
    INK,
    STRAIN_COLOURS,
    Picture,
    named,
    new_figure,
    picture,
    styled,
    wrapped,
)
from mlp.report.results import Row

_LINE = 34
_APART = 0.13
"""Least distance of two labels, of the axis's whole length."""


def dose_figure(row: Row, name: str) -> Picture:
    """The dose-response of a row whose claim is about one; published alleles are marked."""
    detail, dataset = row.claim.detail, row.claim.dataset
    places, by_rows = _places(detail["rows"], detail["doses"])
    means, accuracies = detail["means"], detail["accuracies"]
    colour = STRAIN_COLOURS.get(named(detail["genomes"][0]), BLUE)
    alpha = max(0.25, min(0.6, 8 / len(accuracies[0])))
    with styled():
        figure, (axes,) = new_figure(3.7, 2.7, layout="constrained")
        axes.grid(axis="y")
        for seed in zip(*accuracies, strict=True):
            axes.plot(places, seed, color=colour, linewidth=0.7, alpha=alpha)
        axes.plot(places, means, "o-", color=colour, linewidth=2.2, label="mean over seeds")
        published = _published(detail["alleles"])
        if any(published):
            marked = [xy for *xy, own in zip(places, means, published, strict=True) if own]
            axes.plot(*zip(*marked, strict=True), "D", color=INK, ms=8, label="published")
        axes.legend(loc="lower right")
        _dress(axes, places, by_rows)
        told = f"{dataset}: {row.claim.seeds} seeds, {row.claim.outcome}"
        axes.set_title(wrapped(told, _LINE))
        title = f"Dose and response on {dataset}: {row.claim.statement}"
        return picture(figure, name, title)


def _places(rows: Sequence[int], doses: Sequence[float]) -> tuple[Sequence[float], bool]:
    """Where the doses lie: at the rows ever seen, if those rise with the dose."""
    rising = all(a < b for a, b in pairwise(rows))
    return (rows, True) if rising else (doses, False)


def _published(alleles: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Of each dose, whether a strain of the study has that allele of the one gene that differs."""
    genomes = [Genome(**each) for each in alleles]
    (gene,) = differing(genomes[0].expressed(), genomes[-1].expressed())
    own = [getattr(strain, gene) for strain in STRAINS.values()]
    return [getattr(genome, gene) in own for genome in genomes]


def _dress(axes: Any, places: Sequence[float], by_rows: bool) -> None:
    axes.set_ylim(0, 1.03)
    axes.set_ylabel("final validation accuracy")
    axes.set_xlabel("rows ever seen" if by_rows else "dose")
    along = list(places)
    if min(places) > 0 and max(places) / min(places) > 8:
        axes.set_xscale("log")
        axes.minorticks_off()
        along = [math.log(place) for place in places]
    axes.set_xticks(places, _labels(places, along))
    for spine in (axes.spines["left"], axes.spines["bottom"]):
        spine.set_color(INK)


def _labels(places: Sequence[float], along: Sequence[float]) -> list[str]:
    """The places as texts, in their order; "" for one whose text would touch the next one's."""
    least = _APART * (max(along) - min(along))
    labels, beside = [], math.inf
    for place, at in zip(reversed(places), reversed(along), strict=True):
        clear = abs(beside - at) > least
        labels.append(f"{place:g}" if clear else "")
        beside = at if clear else beside
    return labels[::-1]
