"""A screen: mean accuracy of every combination of the two strains' alleles."""

from __future__ import annotations

from mlp.lab import Claim
from mlp.report.figures.style import Picture, picture, typeset
from mlp.report.figures.svg import CHARACTER, Drawing, Scale, across
from mlp.report.results import by_size, digits, interval_text

_WIDTH, _ROW, _COLUMN, _BARS, _SLOPE = 340, 17, 20, 150, 0.82


def cells_figure(claim: Claim, name: str, score: str = "score") -> Picture:
    """A row for each combination: a large dot for each gene of the good strain's, and a bar.

    `score` is what scores are called. They go from 0 to 1, values of another unit to the largest.
    """
    detail, score, places = claim.detail, claim.unit or score, digits(2, claim.scale)
    genes, cells = list(detail["genes"]), detail["cells"]
    cells = sorted(cells, key=lambda cell: (len(cell["on"]), [g not in cell["on"] for g in genes]))
    head = 8 + _SLOPE * CHARACTER * max(map(len, genes)) + 6
    bottom = head + _ROW * len(cells)
    left = 12 + _COLUMN * len(genes)
    drawing = Drawing(max(_WIDTH, left + _BARS), bottom + 36)
    means = [cell["mean"] for cell in cells]
    limits = (min(0.0, *means), max(1e-9, *means)) if claim.unit else (0.0, 1.0)
    along = Scale(*limits, left, drawing.width - 42)
    for k, gene in enumerate(genes):  # turned, so that a name fits over its column
        turned = Drawing(0, 0)
        turned.text(0, 0, gene)
        drawing.place(turned, 12 + _COLUMN * k, head - 4, -55)
    across(drawing, along, head, bottom, 5)
    drawing.text(left, bottom + 30, f"mean {score}", colour="soft")
    for k, cell in enumerate(cells):
        y = head + _ROW * (k + 0.5)
        for column, gene in enumerate(genes):
            on = gene in cell["on"]
            drawing.dots([(12 + _COLUMN * column, y)], "ink" if on else "rule", 9 if on else 6)
        drawing.rect(left, y - 6, along(cell["mean"]) - left, 12, "soft", 0.75)
        drawing.text(along(cell["mean"]) + 4, y + 4, f"{cell['mean']:.{places}f}")
    where = f" on {claim.dataset}" if claim.dataset else ""
    gene, *_ = by_size(detail["main"])
    see = (
        f"A row is a combination: a large dot is the allele of {detail['good']}, a small one that "
        f"of {detail['bad']}. The largest main effect is that of {gene}: its large dot "
        f"{'improves' if claim.unit else 'changes'} {score} by "
        f"{typeset(interval_text(detail['main'][gene], places))}, averaged over the other genes."
    )
    return picture(drawing, name, f"Screen{where}: {score} for each combination of alleles", see)
