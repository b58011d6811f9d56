"""What the page shows of each claim, a card: its picture, its arms, its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mlp.lab.claim import DIAGNOSIS, DOSE, SCREEN
from mlp.report.figures.compare import comparison_figure
from mlp.report.figures.dose import dose_figure
from mlp.report.figures.ladder import ladder_figure
from mlp.report.figures.screen import cells_figure
from mlp.report.figures.style import Picture
from mlp.report.results import Row, screen_rows
from mlp.report.study import Study
from mlp.stats.diagnosis import Diagnosis


class Card(NamedTuple):
    """One claim on the page; `anchor` is its id there, `same` that of one with its picture."""

    row: Row
    anchor: str
    picture: Picture | None = None
    same: str = ""

    @property
    def diagnosis(self) -> str:
        """A diagnosis in lines; "" for other claims."""
        found = self.row.claim.detail.get("diagnosis")
        return str(Diagnosis.from_dict(found)) if found else ""

    @property
    def interactions(self) -> Sequence[Mapping[str, Any]]:
        """A screen's pairwise interactions, largest first."""
        found = self.row.claim.detail.get("interactions", ())
        return sorted(found, key=lambda pair: -abs(pair["mean"]))


def cards_of(study: Study) -> list[Card]:
    """The card of every claim, in the order of the table.

    A screen is drawn once, with the claim that looked at most of its seeds.
    """
    anchors = [f"claim-{number}" for number in range(1, len(study.rows) + 1)]
    widest = {id(row) for row in screen_rows(study.rows)}
    by_anchor = dict(zip(anchors, study.rows, strict=True))
    drawn = {row.screen: anchor for anchor, row in by_anchor.items() if id(row) in widest}
    return [
        Card(row, anchor, same=drawn[row.screen])
        if drawn.get(row.screen, anchor) != anchor
        else Card(row, anchor, _picture(row, anchor, study.score))
        for anchor, row in by_anchor.items()
    ]


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
