"""What the page shows of each claim: its pictures, its arms, its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from mlp.report.figures import Picture, cells_figure, comparison_figure, dose_figure
from mlp.report.plain import Plain, plain_interval
from mlp.report.results import Row, screen_rows
from mlp.report.study import Study


@dataclass(frozen=True)
class Evidence:
    """One claim on the page; `anchor` is its id there, `same` that of one with its picture."""

    row: Row
    anchor: str
    picture: Picture | None = None
    same: str = ""

    @cached_property
    def plain(self) -> Plain | None:
        """The plain 95% interval of its effect."""
        return plain_interval(self.row.claim)

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
    evidence: tuple[Evidence, ...]


def gather(study: Study) -> list[Evidence]:
    """The evidence of every claim, in the order of the table.

    A screen is drawn once, with the claim that looked at most of its seeds.
    """
    found: list[Evidence] = []
    widest = {row.screen: row for row in screen_rows(study.rows)}
    drawn = {
        row.screen: f"claim-{number}"
        for number, row in enumerate(study.rows, start=1)
        if row is widest.get(row.screen)
    }
    for number, row in enumerate(study.rows, start=1):
        anchor = f"claim-{number}"
        same = drawn[row.screen] if row.screen else anchor
        picture = _picture(row, anchor) if same == anchor else None
        found.append(Evidence(row, anchor, picture, "" if same == anchor else same))
    return found


def _picture(row: Row, anchor: str) -> Picture | None:
    """What is to be seen of a claim; nothing of identical arms, whose differences are all 0."""
    detail = row.claim.detail
    if row.screen:
        return cells_figure(detail, row.claim.dataset, f"{anchor}-screen")
    if "doses" in detail:
        return dose_figure(row, f"{anchor}-dose-response")
    if detail.get("differences") and detail.get("looks") and not row.claim.identical:
        return comparison_figure(row, f"{anchor}-differences")
    return None


def by_test(evidence: Sequence[Evidence]) -> list[Test]:
    """Evidence gathered under the test that made the claims."""
    tests = []
    for (heading, title, sentence), group in groupby(
        evidence, key=lambda e: (e.row.heading, e.row.words, e.row.sentence)
    ):
        tests.append(Test(title, sentence, heading, tuple(group)))
    return tests
