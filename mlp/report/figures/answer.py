"""The answer in one picture: which gene explains each difference between strains, by dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mlp.lab import Claim
from mlp.report import results
from mlp.report.figures.style import Picture, file_of, picture, typeset
from mlp.report.figures.svg import CHARACTER, Drawing, Scale, across
from mlp.report.results import Row

NOT_TOLD = "not told from 0"
_TITLE = "Which gene explains each difference between strains: Shapley shares"
_LEGEND = (
    "A bar is a gene's share of the difference in {}, the thin line its interval.",
    "Solid: the interval excludes 0. Pale: it does not, and the share may be nothing.",
)

_WIDTH, _HEAD, _BAR, _FOOT, _GAP = 300, 36, 18, 20, 14

Share = Mapping[str, float]


class Cell(NamedTuple):
    """One screen: the whole difference and each gene's share of it, as {mean, low, high}.

    `places` are the digits told after the point.
    """

    whole: Share
    shares: Mapping[str, Share]
    places: int

    @classmethod
    def of(cls, claim: Claim, bad: str) -> Cell:
        """The screen of a claim, from the strain `bad`: from the other one, every sign changes."""

        def seen(of: Share) -> Share:
            turned = {"mean": -of["mean"], "low": -of["high"], "high": -of["low"]}
            return of if claim.detail["bad"] == bad else turned

        shares = {gene: seen(share) for gene, share in claim.detail["shares"].items()}
        return cls(seen(claim.detail["whole"]), shares, results.digits(2, claim.scale))


class Pair(NamedTuple):
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
        shares = [item for cell in self.cells.values() for item in cell.shares.items()]
        ranked = sorted(shares, key=lambda item: -abs(item[1]["mean"]))
        return list(dict.fromkeys(gene for gene, _ in ranked))


class AnswerPicture(NamedTuple):
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
    limits = _limits([s for pair in pairs for c in pair.cells.values() for s in c.shares.values()])
    panels = [{on: _panel(pair, on, limits) for on in pair.cells} for pair in pairs]
    legend = [line.format(score) for line in _LEGEND]
    title = _TITLE + (", by dataset" if any(pair.cells.keys() - {""} for pair in pairs) else "")
    whole = file_of(_together(pairs, panels, legend), title)
    shown = []
    for pair, own in zip(pairs, panels, strict=True):
        titles = {on: ", ".join(filter(None, (on, pair.title))) for on in own}
        drawn = [picture(own[on], "", told, _see(pair, on)) for on, told in titles.items()]
        shown.append((pair.title, drawn))
    return AnswerPicture(Picture("answer", title, whole, "", " ".join(legend)), shown)


def screened(rows: Iterable[Row]) -> list[Pair]:
    """The pairs of strains with a screen, each in the direction of most of its screens."""
    found: dict[frozenset[str], dict[str, Claim]] = {}
    for row in results.screen_rows(rows):
        pair = frozenset((row.claim.detail["bad"], row.claim.detail["good"]))
        found.setdefault(pair, {}).setdefault(row.claim.dataset, row.claim)
    pairs = []
    for claims in found.values():
        usual = Counter((c.detail["bad"], c.detail["good"]) for c in claims.values())
        ((bad, good), _), *_ = usual.most_common(1)
        pairs.append(Pair(bad, good, {on: Cell.of(claim, bad) for on, claim in claims.items()}))
    return pairs


def _see(pair: Pair, dataset: str) -> str:
    """What to see in a panel: the genes whose share is told from 0."""
    _, shares, places = pair.cells[dataset]
    sure = [gene for gene in results.by_size(shares) if results.decided(shares[gene])]
    on = f"{dataset}: " if dataset else ""
    if not sure:
        return f"{on or 'There: '}no single gene's share is shown to differ from 0."
    named = [f"{gene} ({typeset(results.signed(shares[gene]['mean'], places))})" for gene in sure]
    return f"{on}{results.listed(named)}."


def _panel(pair: Pair, dataset: str, limits: tuple[float, float]) -> Drawing:
    """A screen: its whole difference in words, and each gene's share.

    A share is solid, with its number, where its interval excludes 0, else pale.
    """
    genes, cell = pair.genes, pair.cells[dataset]
    left = min(120.0, 10 + CHARACTER * max(map(len, genes)))
    bottom = _HEAD + _BAR * len(genes)
    drawing = Drawing(_WIDTH, bottom + _FOOT)
    along = Scale(*limits, left, _WIDTH - 4)
    drawing.text(2, 12, dataset, room=_WIDTH, bold=True)
    whole = typeset(results.interval_text(cell.whole, cell.places))
    whole = whole if results.decided(cell.whole) else f"{whole}, {NOT_TOLD}"
    drawing.text(2, 27, whole, room=_WIDTH, colour="soft")
    across(drawing, along, _HEAD, bottom, 4, (left + 8, _WIDTH - 16))
    for place, gene in enumerate(genes):
        y = _HEAD + _BAR * (place + 0.5)
        drawing.text(left - 6, y + 4, gene, "end", room=left - 6)
        if gene not in cell.shares:
            continue
        share = cell.shares[gene]
        sure, ends = results.decided(share), sorted((along(0), along(share["mean"])))
        drawing.rect(ends[0], y - 6, ends[1] - ends[0], 12, "soft", 0.9 if sure else 0.3)
        low, high = along(share["low"]), along(share["high"])
        drawing.lines([(low, y, high, y)], "ink" if sure else "soft", 1.2)
        if sure:
            at, anchor = (high + 4, "start") if share["mean"] > 0 else (low - 4, "end")
            number = typeset(results.signed(share["mean"], cell.places))
            drawing.text(at, y + 4, number, anchor, bold=True)
    drawing.lines([(along(0), _HEAD, along(0), bottom)], "ink", 0.9)
    return drawing


def _limits(shares: Sequence[Share]) -> tuple[float, float]:
    """One axis for all: every interval, and room for the number beyond each that has one."""
    low, high = min(s["low"] for s in shares), max(s["high"] for s in shares)
    number = 0.3 * (high - low)
    return (
        min(0.0, low, *(s["low"] - number for s in shares if s["high"] < 0)) - 1e-6,
        max(0.0, high, *(s["high"] + number for s in shares if s["low"] > 0)) + 1e-6,
    )


def _together(
    pairs: Sequence[Pair], panels: Sequence[Mapping[str, Drawing]], legend: Sequence[str]
) -> Drawing:
    """All panels in a grid, with the same columns in each row, and the legend."""
    datasets = list(dict.fromkeys(name for pair in pairs for name in pair.cells))
    rows = [20 + _HEAD + _BAR * len(pair.genes) + _FOOT + _GAP for pair in pairs]
    width = max((_WIDTH + _GAP) * len(datasets), CHARACTER * max(map(len, legend)) + 8)
    whole = Drawing(width, sum(rows) + 40)
    y = 0.0
    for pair, own, tall in zip(pairs, panels, rows, strict=True):
        whole.text(4, y + 15, pair.title, room=width, bold=True)
        for k, dataset in enumerate(datasets):
            x = (_WIDTH + _GAP) * k + 4
            if dataset in own:
                whole.place(own[dataset], x, y + 20)
            else:
                whole.text(x + 2, y + 32, f"{dataset}: not screened", colour="soft")
        y += tall
    for k, line in enumerate(legend):
        whole.text(4, y + 10 + 16 * k, line, colour="soft")
    return whole
