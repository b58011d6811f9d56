"""What the page shows of each claim, a card: its picture, its arms, its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from mlp.lab.claim import DIAGNOSIS, DOSE, SCREEN
from mlp.report.figures import Picture, cells_figure, comparison_figure, dose_figure, ladder_figure
from mlp.report.plain import Plain, plain_interval
from mlp.report.results import Row, digits, screen_rows
from mlp.report.study import Study
from mlp.stats.diagnosis import Diagnosis


@dataclass(frozen=True)
class Card:
    """One claim on the page; `anchor` is its id there, `same` that of one with its picture.

    `screen` is, of a diagnosis, the row that holds the screen of the same two genomes, if any.
    """

    row: Row
    anchor: str
    picture: Picture | None = None
    same: str = ""
    screen: Row | None = None

    @cached_property
    def plain(self) -> Plain | None:
        """The plain 95% interval of its effect."""
        return plain_interval(self.row.claim)

    @property
    def places(self) -> int:
        """Digits told after the point, in the claim's unit."""
        return digits(3, self.row.claim.scale)

    @property
    def arms(self) -> Sequence[dict[str, Any]]:
        """The arms compared; none for a screen or a dose-response."""
        return self.row.claim.detail.get("arms", ())

    @property
    def effects(self) -> Sequence[dict[str, Any]]:
        """A screen's effects, largest share first; none for other claims."""
        detail = self.row.claim.detail
        shares = detail.get("shares", {})
        ranked = sorted(shares, key=lambda gene: -abs(shares[gene]["mean"]))
        return [{"gene": g, "share": shares[g], "main": detail["main"][g]} for g in ranked]

    @property
    def diagnosis(self) -> str:
        """A diagnosis in lines; "" for other claims."""
        found = self.row.claim.detail.get("diagnosis")
        if not found:
            return ""
        told = str(Diagnosis.from_dict(found))
        if self.screen is not None:
            claim = self.screen.claim
            cells, genes = len(claim.detail["cells"]), ", ".join(claim.detail["genes"])
            told += f"\nThe screen of {genes}: {cells} cohorts, {cells * claim.seeds} runs."
        return told

    @property
    def interactions(self) -> Sequence[dict[str, Any]]:
        """A screen's pairwise interactions, largest first."""
        found = self.row.claim.detail.get("interactions", ())
        return sorted(found, key=lambda pair: -abs(pair["mean"]))


@dataclass(frozen=True)
class Test:
    """The claims of one test, over its parameters and datasets."""

    title: str
    sentence: str
    heading: str
    cards: tuple[Card, ...]


def cards_of(study: Study) -> list[Card]:
    """The card of every claim, in the order of the table.

    A screen is drawn once, with the claim that looked at most of its seeds.
    """
    anchors = [f"claim-{number}" for number in range(1, len(study.rows) + 1)]
    widest = {row.screen: row for row in screen_rows(study.rows)}
    drawn = {
        row.screen: anchor
        for row, anchor in zip(study.rows, anchors, strict=True)
        if row is widest.get(row.screen)
    }
    found = []
    for row, anchor in zip(study.rows, anchors, strict=True):
        same = drawn[row.screen] if row.screen else anchor
        picture = _picture(row, anchor, study.score) if same == anchor else None
        claim = row.claim
        pair = (claim.detail.get("good", ""), claim.detail.get("bad", ""), claim.dataset)
        screen = widest.get(pair) if claim.kind == DIAGNOSIS else None
        found.append(Card(row, anchor, picture, "" if same == anchor else same, screen))
    return found


def _picture(row: Row, anchor: str, score: str) -> Picture | None:
    """What is to be seen of a claim; nothing of identical arms, whose differences are all 0."""
    claim = row.claim
    if claim.kind == SCREEN:
        return cells_figure(claim, f"{anchor}-screen", score)
    if claim.kind == DOSE:
        return dose_figure(row, f"{anchor}-dose-response", score)
    if claim.kind == DIAGNOSIS:
        return ladder_figure(claim.detail, f"{anchor}-ladder", claim.unit or score)
    if claim.detail.get("differences") and claim.detail.get("looks") and not claim.identical:
        return comparison_figure(row, f"{anchor}-differences", score)
    return None


def by_test(cards: Sequence[Card]) -> list[Test]:
    """Cards gathered under the test that made the claims."""
    return [
        Test(title, sentence, heading, tuple(group))
        for (heading, title, sentence), group in groupby(
            cards, key=lambda card: (card.row.heading, card.row.words, card.row.sentence)
        )
    ]
