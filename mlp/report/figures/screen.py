"""A screen: mean accuracy of every combination of the two strains' alleles."""

from __future__ import annotations

from mlp.lab import Claim
from mlp.report.figures.style import Picture, picture, signed
from mlp.report.figures.svg import CHARACTER, Drawing, Scale, label
from mlp.report.results import digits

_WIDTH, _ROW, _COLUMN, _BARS, _SLOPE = 340, 17, 20, 150, 0.82


def cells_figure(claim: Claim, name: str, score: str = "score") -> Picture:
    """A row for each combination: a large dot for each gene of the good strain's, and a bar.

    `score` is what scores are called.
    """
    detail, score = claim.detail, claim.unit or score
    genes, cells = list(detail["genes"]), detail["cells"]
    cells = sorted(cells, key=lambda cell: (len(cell["on"]), [g not in cell["on"] for g in genes]))
    head = 8 + _SLOPE * CHARACTER * max(map(len, genes)) + 6
    bottom = head + _ROW * len(cells)
    left = 12 + _COLUMN * len(genes)
    drawing = Drawing(max(_WIDTH, left + _BARS), bottom + 36)
    along = Scale(*_limits(claim), left, drawing.width - 42)
    for k, gene in enumerate(genes):
        _slanted(drawing, 12 + _COLUMN * k, head - 4, gene)
    ticks = along.ticks(5)
    drawing.lines([(along(t), head, along(t), bottom) for t in ticks], "rule", 0.7)
    label(drawing, [(along(t), bottom + 14, t) for t in ticks])
    drawing.text(left, bottom + 30, f"mean {score}", colour="soft")
    for k, cell in enumerate(cells):
        y = head + _ROW * (k + 0.5)
        for column, gene in enumerate(genes):
            on = gene in cell["on"]
            drawing.dots([(12 + _COLUMN * column, y)], "ink" if on else "rule", 9 if on else 6)
        drawing.rect(left, y - 6, along(cell["mean"]) - left, 12, "soft", 0.75)
        drawing.text(along(cell["mean"]) + 4, y + 4, f"{cell['mean']:.{digits(2, claim.scale)}f}")
    where = f" on {claim.dataset}" if claim.dataset else ""
    title = f"Screen{where}: {score} for each combination of alleles"
    return picture(drawing, name, title, _see(claim, score))


def _limits(claim: Claim) -> tuple[float, float]:
    """From 0 to 1 for scores, to the largest mean in another unit."""
    if not claim.unit:
        return 0.0, 1.0
    means = [cell["mean"] for cell in claim.detail["cells"]]
    return min(0.0, *means), max(1e-9, *means)


def _slanted(drawing: Drawing, x: float, y: float, text: str) -> None:
    """A column's name, turned so that it fits over a column."""
    turned = Drawing(0, 0)
    turned.text(0, 0, text)
    drawing.place(turned, x, y, -55)


def _see(claim: Claim, score: str) -> str:
    detail, places = claim.detail, digits(2, claim.scale)
    main = detail["main"]
    gene = max(main, key=lambda each: abs(main[each]["mean"]))
    mean, low, high = (signed(main[gene][name], places) for name in ("mean", "low", "high"))
    return (
        f"A row is a combination: a large dot is the allele of {detail['good']}, a small one that "
        f"of {detail['bad']}. The largest main effect is that of {gene}: its large dot "
        f"{'changes' if not claim.unit else 'improves'} {score} by {mean} [{low}, {high}], "
        "averaged over the other genes."
    )
