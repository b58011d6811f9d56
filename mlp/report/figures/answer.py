"""The answer in one picture: which gene explains each difference between strains, by dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlp.lab import Claim
from mlp.report.figures.style import Picture, file_of, picture, signed
from mlp.report.figures.svg import CHARACTER, Drawing, Scale, label
from mlp.report.results import Row, decided, digits, listed, screen_rows

NAME = "answer"
TITLE = "Which gene explains each difference between strains: Shapley shares"
NOT_TOLD = "not told from 0"
_LEGEND = (
    "A bar is a gene's share of the difference in {}, the thin line its interval.",
    "Solid: the interval excludes 0. Pale: it does not, and the share may be nothing.",
)

_WIDTH, _HEAD, _BAR, _FOOT, _GAP = 300, 36, 18, 20, 14

Share = Mapping[str, float]


@dataclass(frozen=True)
class Cell:
    """One screen: the whole difference and each gene's share of it, as {mean, low, high}.

    `places` are the digits told after the point.
    """

    whole: Share
    shares: Mapping[str, Share]
    places: int = 2

    def reversed(self) -> Cell:
        """The same screen from the other strain: every share changes its sign, exactly."""
        shares = {g: _negative(s) for g, s in self.shares.items()}
        return Cell(_negative(self.whole), shares, self.places)


@dataclass(frozen=True)
class Pair:
    """Two strains, and the screens between them by dataset, all from `bad` to `good`."""

    bad: str
    good: str
    cells: Mapping[str, Cell]

    @property
    def title(self) -> str:
        return f"from {self.bad} to {self.good}"

    @property
    def genes(self) -> list[str]:
        """Every gene varied, the one with the largest share anywhere first."""
        largest: dict[str, float] = {}
        for cell in self.cells.values():
            for gene, share in cell.shares.items():
                largest[gene] = max(largest.get(gene, 0.0), abs(share["mean"]))
        return sorted(largest, key=lambda gene: -largest[gene])


@dataclass(frozen=True)
class AnswerPicture:
    """The picture: as one file, and for the page a title and the panels of each pair."""

    file: Picture
    pairs: Sequence[tuple[str, Sequence[Picture]]]


def answer_figure(rows: Iterable[Row], score: str = "score") -> AnswerPicture | None:
    """The screens among `rows`: a row for each pair of strains, a column for each dataset.

    Claims that share a screen share a panel. None where there is no screen. `score` is what scores
    are called.
    """
    pairs = screened(rows)
    if not pairs:
        return None
    limits = _limits(pairs)
    panels = {
        (pair.title, name): _panel(pair.genes, name, cell, limits)
        for pair in pairs
        for name, cell in pair.cells.items()
    }
    legend = [line.format(score) for line in _LEGEND]
    title = TITLE + (", by dataset" if any(pair.cells.keys() - {""} for pair in pairs) else "")
    whole = _together(pairs, panels, legend)
    file = Picture(NAME, title, file_of(whole, title), "", " ".join(legend))
    return AnswerPicture(
        file,
        [
            (
                pair.title,
                [
                    picture(panels[pair.title, on], "", _titled(on, pair.title), _see(on, cell))
                    for on, cell in pair.cells.items()
                ],
            )
            for pair in pairs
        ],
    )


def screened(rows: Iterable[Row]) -> list[Pair]:
    """The pairs of strains with a screen, in the order met, each read in its usual direction."""
    found: dict[frozenset[str], dict[str, Claim]] = {}
    for row in screen_rows(rows):
        detail = row.claim.detail
        by_dataset = found.setdefault(frozenset((detail["bad"], detail["good"])), {})
        by_dataset.setdefault(row.claim.dataset, row.claim)
    return [_pair(by_dataset) for by_dataset in found.values()]


def _pair(by_dataset: Mapping[str, Claim]) -> Pair:
    """The pair in the direction of most of its screens; the others are read backwards."""
    directions = Counter(_direction(claim) for claim in by_dataset.values())
    ((bad, good), _), *_ = directions.most_common(1)
    cells = {}
    for dataset, claim in by_dataset.items():
        cell = Cell(claim.detail["whole"], claim.detail["shares"], digits(2, claim.scale))
        cells[dataset] = cell if claim.detail["bad"] == bad else cell.reversed()
    return Pair(bad, good, cells)


def _direction(claim: Claim) -> tuple[str, str]:
    return claim.detail["bad"], claim.detail["good"]


def _negative(share: Share) -> Share:
    return {"mean": -share["mean"], "low": -share["high"], "high": -share["low"]}


def said(cell: Cell) -> str:
    """The whole difference and its interval, and whether it can be told from 0."""
    mean, low, high = (signed(cell.whole[name], cell.places) for name in ("mean", "low", "high"))
    told = f"{mean} [{low}, {high}]"
    return told if decided(cell.whole) else f"{told}, {NOT_TOLD}"


def _see(dataset: str, cell: Cell) -> str:
    """What to see in a panel: the genes whose share is told from 0."""
    on = f"{dataset}: " if dataset else ""
    sure = {g: s for g, s in cell.shares.items() if decided(s)}
    if not sure:
        return f"{on or 'There: '}no single gene's share is told from 0."
    named = [f"{g} ({signed(s['mean'], cell.places)})" for g, s in sorted(sure.items(), key=_size)]
    return f"{on}{listed(named)}."


def _titled(dataset: str, pair: str) -> str:
    return ", ".join(filter(None, (dataset, pair)))


def _size(item: tuple[str, Share]) -> float:
    return -abs(item[1]["mean"])


def _panel(genes: Sequence[str], dataset: str, cell: Cell, limits: tuple[float, float]) -> Drawing:
    left = min(120.0, 10 + CHARACTER * max(map(len, genes)))
    bottom = _HEAD + _BAR * len(genes)
    drawing = Drawing(_WIDTH, bottom + _FOOT)
    along = Scale(*limits, left, _WIDTH - 4)
    drawing.text(2, 12, dataset, room=_WIDTH, bold=True)
    drawing.text(2, 27, said(cell), room=_WIDTH, colour="soft")
    ticks = along.ticks(4)
    drawing.lines([(along(t), _HEAD, along(t), bottom) for t in ticks], "rule", 0.7)
    label(drawing, [(min(max(along(t), left + 8), _WIDTH - 16), bottom + 14, t) for t in ticks])
    for place, gene in enumerate(genes):
        y = _HEAD + _BAR * (place + 0.5)
        drawing.text(left - 6, y + 4, gene, "end", room=left - 6)
        if gene in cell.shares:
            _bar(drawing, along, y, cell.shares[gene], cell.places)
    drawing.lines([(along(0), _HEAD, along(0), bottom)], "ink", 0.9)
    return drawing


def _bar(drawing: Drawing, along: Scale, y: float, share: Share, places: int) -> None:
    """A gene's share; solid, with its number, where its interval excludes 0, else pale."""
    sure, ends = decided(share), sorted((along(0), along(share["mean"])))
    drawing.rect(ends[0], y - 6, ends[1] - ends[0], 12, "soft", 0.9 if sure else 0.3)
    low, high = along(share["low"]), along(share["high"])
    drawing.lines([(low, y, high, y)], "ink" if sure else "soft", 1.2)
    if sure:
        right = share["mean"] > 0
        at, anchor = (high + 4, "start") if right else (low - 4, "end")
        drawing.text(at, y + 4, signed(share["mean"], places), anchor, bold=True)


def _limits(pairs: Sequence[Pair]) -> tuple[float, float]:
    """One axis for all: every interval, and room for the number beyond each that has one."""
    shares = [s for pair in pairs for cell in pair.cells.values() for s in cell.shares.values()]
    low, high = min(s["low"] for s in shares), max(s["high"] for s in shares)
    number = 0.3 * (high - low)
    return (
        min(0.0, low, *(s["low"] - number for s in shares if s["high"] < 0)) - 1e-6,
        max(0.0, high, *(s["high"] + number for s in shares if s["low"] > 0)) + 1e-6,
    )


def _together(
    pairs: Sequence[Pair], panels: Mapping[tuple[str, str], Drawing], legend: Sequence[str]
) -> Drawing:
    """All panels in a grid, with the same columns in each row, and the legend."""
    datasets = list(dict.fromkeys(name for pair in pairs for name in pair.cells))
    rows = [20 + _HEAD + _BAR * len(pair.genes) + _FOOT + _GAP for pair in pairs]
    width = max((_WIDTH + _GAP) * len(datasets), CHARACTER * max(map(len, legend)) + 8)
    whole = Drawing(width, sum(rows) + 40)
    y = 0.0
    for pair, tall in zip(pairs, rows, strict=True):
        whole.text(4, y + 15, pair.title, room=width, bold=True)
        for k, dataset in enumerate(datasets):
            x = (_WIDTH + _GAP) * k + 4
            if dataset in pair.cells:
                whole.place(panels[pair.title, dataset], x, y + 20)
            else:
                whole.text(x + 2, y + 32, f"{dataset}: not screened", colour="soft")
        y += tall
    for k, line in enumerate(legend):
        whole.text(4, y + 10 + 16 * k, line, colour="soft")
    return whole
