"""A dose-response: final accuracy against the dose of one gene, every seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from mlp.genome import Genome, differing
from mlp.report.figures.style import STRAIN_COLOURS, Picture, named, picture
from mlp.report.figures.svg import Drawing, Scale, down, label
from mlp.report.results import Row
from mlp.species.post.genome import STRAINS

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 340, 210, 40, 326, 10, 172
_APART = 42
"""Least distance of two labels."""


def dose_figure(row: Row, name: str) -> Picture:
    """The dose-response of a row whose claim is about one; published alleles are ringed."""
    detail, dataset = row.claim.detail, row.claim.dataset
    places, by_rows = _places(detail["rows"], detail["doses"])
    colour = STRAIN_COLOURS.get(named(detail["genomes"][0]), "blue")
    log = min(places) > 0 and max(places) / min(places) > 8
    along, up = Scale(places[0], places[-1], _LEFT + 8, _RIGHT, log), Scale(0, 1, _BOTTOM, _TOP)
    drawing = Drawing(_WIDTH, _HEIGHT)
    down(drawing, up, _LEFT, _RIGHT)
    faint = f' opacity="{max(0.2, min(0.6, 8 / row.claim.seeds)):.2g}"'
    for seed in zip(*detail["accuracies"], strict=True):
        points = [(along(x), up(y)) for x, y in zip(places, seed, strict=True)]
        drawing.curve(points, colour, 0.8, faint)
    means = [(along(x), up(y)) for x, y in zip(places, detail["means"], strict=True)]
    published = _published(detail["alleles"])
    drawing.dots([at for at, own in zip(means, published, strict=True) if own], "ink", 11)
    drawing.curve(means, colour, 2.4)
    drawing.dots(means, colour, 6)
    beside = float("inf")
    for x, place in zip(map(along, reversed(places)), reversed(places), strict=True):
        if beside - x >= _APART:
            label(drawing, [(min(x, _WIDTH - 18), _BOTTOM + 15, place)])
            beside = x
    told = "rows ever seen" if by_rows else "dose"
    drawing.text((_LEFT + _RIGHT) / 2, _HEIGHT - 6, told, "middle", colour="soft")
    title = f"Dose and response on {dataset}: {row.claim.statement}"
    see = (
        f"Mean final accuracy is {detail['means'][0]:.2f} at {places[0]:,g} {told} and "
        f"{detail['means'][-1]:.2f} at {places[-1]:,g}: {row.claim.outcome}. A thin line is a seed"
    )
    return picture(
        drawing, name, title, see + ("; a ring, a dose as published." if any(published) else ".")
    )


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
