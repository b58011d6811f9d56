"""A dose-response: final accuracy against the dose of one gene, every seed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from mlp.genome import differing, find_species
from mlp.lab import Claim
from mlp.report.figures.style import Picture, picture
from mlp.report.figures.svg import Drawing, Scale, down, label
from mlp.report.results import Row, digits

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 340, 210, 40, 326, 10, 172
_APART = 42
"""Least distance of two labels."""


def dose_figure(row: Row, name: str, score: str = "score") -> Picture:
    """The dose-response of a row whose claim is about one; the strains' own doses are ringed.

    `score` is what scores are called. Doses lie at the rows ever seen, if those were recorded and
    rise with the dose.
    """
    claim, detail, colour = row.claim, row.claim.detail, "blue"
    rows: Sequence[Any] = detail["rows"]
    by_rows = None not in rows and all(a < b for a, b in pairwise(rows))
    places: Sequence[float] = rows if by_rows else detail["doses"]
    seeds = _by_seed(claim)
    log = min(places) > 0 and max(places) / min(places) > 8
    along = Scale(places[0], places[-1], _LEFT + 8, _RIGHT, log)
    high = max(map(max, seeds)) if claim.unit else 1.0
    up = Scale(min(0.0, *map(min, seeds)), high, _BOTTOM, _TOP)
    drawing = Drawing(_WIDTH, _HEIGHT)
    down(drawing, up, _LEFT, _RIGHT)
    faint = f' opacity="{max(0.2, min(0.6, 8 / claim.seeds)):.2g}"'
    for seed in seeds:
        points = [(along(x), up(y)) for x, y in zip(places, seed, strict=True)]
        drawing.curve(points, colour, 0.8, faint)
    means = [(along(x), up(y)) for x, y in zip(places, detail["means"], strict=True)]
    ringed = [at for at, own in zip(means, _of_strains(claim), strict=True) if own]
    drawing.dots(ringed, "ink", 11)
    drawing.curve(means, colour, 2.4)
    drawing.dots(means, colour, 6)
    beside = float("inf")
    for place in reversed(places):
        if beside - along(place) >= _APART:
            beside = along(place)
            label(drawing, [(min(beside, _WIDTH - 18), _BOTTOM + 15, place)])
    told = "rows ever seen" if by_rows else "dose"
    drawing.text((_LEFT + _RIGHT) / 2, _HEIGHT - 6, told, "middle", colour="soft")
    title = f"Dose and response{f' on {claim.dataset}' if claim.dataset else ''}: {claim.statement}"
    first, last = (f"{detail['means'][k]:.{digits(2, claim.scale)}f}" for k in (0, -1))
    start = f"{places[0]:,g} {told}" if by_rows else f"{told} {places[0]:,g}"
    see = (
        f"Mean {claim.unit or score} is {first} at {start} and {last} at {places[-1]:,g}: "
        f"{claim.outcome}. A thin line is a seed"
    )
    return picture(
        drawing, name, title, see + ("; a ring, a strain's own dose." if ringed else ".")
    )


def _by_seed(claim: Claim) -> list[tuple[float, ...]]:
    """The response of each seed at each dose, in the unit that means are in.

    What a claim keeps of each seed rises where things get better. A loss falls there: its mean says
    from where.
    """
    columns = []
    for mean, kept in zip(claim.detail["means"], claim.detail["accuracies"], strict=True):
        top = mean + sum(kept) / len(kept)
        columns.append([top - each for each in kept] if claim.unit else kept)
    return list(zip(*columns, strict=True))


def _of_strains(claim: Claim) -> list[bool]:
    """Of each dose, whether a strain of the species has that allele of the one gene that differs.

    None, where the species is not known here.
    """
    species: Any = find_species(claim.species)
    if species is None:
        return [False] * len(claim.detail["doses"])
    genomes = [species(**each) for each in claim.detail["alleles"]]
    gene, *_ = differing(genomes[0].expressed(), genomes[-1].expressed())
    own = [getattr(strain, gene) for strain in species.strains.values()]
    return [getattr(genome, gene) in own for genome in genomes]
