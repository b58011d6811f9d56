"""A screen: mean accuracy of every combination of the two strains' alleles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlp.report.figures.style import Picture, picture, signed
from mlp.report.figures.svg import CHARACTER, Drawing, Scale, label

_WIDTH, _ROW, _COLUMN, _BARS, _SLOPE = 340, 17, 20, 150, 0.82


def cells_figure(detail: Mapping[str, Any], dataset: str, name: str) -> Picture:
    """A row for each combination: a large dot for each gene of the good strain's, and a bar."""
    genes, cells = list(detail["genes"]), detail["cells"]
    cells = sorted(cells, key=lambda cell: (len(cell["on"]), [g not in cell["on"] for g in genes]))
    head = 8 + _SLOPE * CHARACTER * max(map(len, genes)) + 6
    bottom = head + _ROW * len(cells)
    left = 12 + _COLUMN * len(genes)
    drawing = Drawing(max(_WIDTH, left + _BARS), bottom + 36)
    along = Scale(0, 1, left, drawing.width - 42)
    for k, gene in enumerate(genes):
        _slanted(drawing, 12 + _COLUMN * k, head - 4, gene)
    ticks = along.ticks(5)
    drawing.lines([(along(t), head, along(t), bottom) for t in ticks], "rule", 0.7)
    label(drawing, [(along(t), bottom + 14, t) for t in ticks])
    drawing.text(left, bottom + 30, "mean final validation accuracy", colour="soft")
    for k, cell in enumerate(cells):
        y = head + _ROW * (k + 0.5)
        for column, gene in enumerate(genes):
            on = gene in cell["on"]
            drawing.dots([(12 + _COLUMN * column, y)], "ink" if on else "rule", 9 if on else 6)
        drawing.rect(left, y - 6, along(cell["mean"]) - left, 12, "soft", 0.75)
        drawing.text(along(cell["mean"]) + 4, y + 4, f"{cell['mean']:.2f}")
    title = f"Screen on {dataset}: accuracy for each combination of alleles"
    return picture(drawing, name, title, _see(detail))


def _slanted(drawing: Drawing, x: float, y: float, text: str) -> None:
    """A column's name, turned so that it fits over a column."""
    turned = Drawing(0, 0)
    turned.text(0, 0, text)
    drawing.place(turned, x, y, -55)


def _see(detail: Mapping[str, Any]) -> str:
    main = detail["main"]
    gene = max(main, key=lambda each: abs(main[each]["mean"]))
    found = main[gene]
    return (
        f"A row is a combination: a large dot is the allele of {detail['good']}, a small one that "
        f"of {detail['bad']}. The largest main effect is that of {gene}: its large dot changes "
        f"accuracy by {signed(found['mean'])} [{signed(found['low'])}, {signed(found['high'])}], "
        "averaged over the other genes."
    )
