"""What the page shows of each claim: its picture, its arms, its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from mlp.report.figures import Picture, comparison_figure, dose_figure, heat_map, waterfall
from mlp.report.results import Row, screen_rows
from mlp.report.study import Study


@dataclass(frozen=True)
class Evidence:
    """One claim on the page; `anchor` is its id there, `same` that of one with its pictures."""

    row: Row
    anchor: str
    pictures: tuple[Picture, ...] = ()
    same: str = ""

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
    """The claims of one test, over its datasets."""

    title: str
    sentence: str
    heading: str
    evidence: tuple[Evidence, ...]

    @property
    def columns(self) -> int:
        """The columns of the page its claims need, 1 or 2; 0 if they need the whole width."""
        wide = any(len(one.pictures) > 1 for one in self.evidence)
        return 0 if wide or len(self.evidence) > 2 else len(self.evidence)


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
        anchor, detail, dataset = f"claim-{number}", row.claim.detail, row.claim.dataset
        pictures: tuple[Picture, ...] = ()
        same = ""
        if row.screen:
            if drawn[row.screen] != anchor:
                same = drawn[row.screen]
            else:
                pictures = (
                    heat_map(detail, dataset, f"{anchor}-heat-map"),
                    waterfall(detail, dataset, f"{anchor}-waterfall"),
                )
        elif "doses" in detail:
            pictures = (dose_figure(row, f"{anchor}-dose-response"),)
        elif detail.get("differences") and detail.get("looks"):
            pictures = (comparison_figure(row, f"{anchor}-differences"),)
        found.append(Evidence(row, anchor, pictures, same))
    return found


def by_test(evidence: Sequence[Evidence]) -> list[Test]:
    """Evidence gathered under the test that made the claims."""
    tests = []
    for (heading, title, sentence), group in groupby(
        evidence, key=lambda e: (e.row.heading, e.row.title, e.row.sentence)
    ):
        tests.append(Test(title, sentence, heading, tuple(group)))
    return tests
