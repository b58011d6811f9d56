"""What single genes do alone: sufficient where given, necessary where taken, from the claims.

A gene is sufficient if, given alone to the strain that does worse, it makes that better by the
margin; necessary if, taken alone from the better one, it makes that worse. Where a claim is
refuted, the margin says by how much: "not sufficient by 0.5 or more" leaves room below 0.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlp.lab import REFUTED, SUPPORTED
from mlp.report.results import Row, decided, ordered, screen_rows

ROLES = ("necessary", "sufficient")
"""What a claim can ask of one gene: the mark `role` says which."""

_OPEN = "open"
"""Of a refuted role whose interval reaches all of the difference that the gene might answer for."""

Leads = Sequence[tuple[set[str], Mapping[str, float]]]
"""Differences found: between which genomes, and how large, as {mean, low, high}."""


@dataclass(frozen=True)
class Role:
    """What one gene does alone within a finding, for a pair of strains: a text for each dataset."""

    finding: str
    pair: str
    gene: str
    cells: Mapping[str, str]


def roles(rows: Iterable[Row]) -> list[Role]:
    """Every gene that claims ask of, by finding and pair of strains, with its role by dataset."""
    rows = ordered(rows)
    asked: dict[tuple[str, str, str], dict[str, list[Row]]] = {}
    for row in rows:
        if row.role:
            key = (row.heading, row.pair, row.parameters)
            asked.setdefault(key, {}).setdefault(row.datasets[0], []).append(row)
    return [
        Role(*key, {on: _role(mine, _leads(rows, key[0], on)) for on, mine in by_dataset.items()})
        for key, by_dataset in sorted(asked.items())
    ]


def alone(rows: Sequence[Row]) -> list[str]:
    """Which genes some claim shows to be sufficient or necessary, a line for each pair."""
    shown: dict[str, list[str]] = {}
    for role in roles(rows):
        texts = list(role.cells.values())
        if any(text.startswith(ROLES) for text in texts):
            shown.setdefault(role.pair, []).append(f"{role.gene} is {texts[0]}")
    return [
        f"Cause: {' '.join(filter(None, ('alone', pair)))}, {'; '.join(told)}."
        for pair, told in shown.items()
    ]


def _leads(rows: Sequence[Row], heading: str, dataset: str) -> Leads:
    """The differences that the finding's claims found between two arms; else those of screens."""
    here = [row for row in rows if row.heading == heading and row.datasets[0] == dataset]
    stated = [row for row in here if row.states and len(row.claim.detail.get("arms", ())) == 2]
    found = [(row.strains, row.interval) for row in stated]
    return found or [(row.strains, row.claim.detail["whole"]) for row in screen_rows(here)]


def _role(rows: Sequence[Row], leads: Leads) -> str:
    """The role of a gene on one dataset, from the claims that ask of it."""
    found = {
        (row.role, _OPEN if _is_open(row, leads) else row.claim.verdict, row.claim.margin)
        for row in rows
    }
    asked, verdicts, margins = map(set, zip(*found, strict=True))
    if verdicts == {SUPPORTED}:
        return " and ".join(sorted(asked))
    if verdicts == {REFUTED} and len(margins) == 1 and len(asked) == 2:
        return f"neither necessary nor sufficient by {margins.pop():g} or more"
    told = [_told(*answer) for answer in sorted(found)]
    return "; ".join(sorted(told, key=lambda text: not text.startswith(ROLES)))


def _told(role: str, verdict: str, margin: float) -> str:
    if verdict == SUPPORTED:
        return role
    if verdict == REFUTED:
        return f"not {role} by {margin:g} or more"
    why = "the whole difference is not ruled out" if verdict == _OPEN else verdict
    return f"perhaps {role}: {why}"


def _is_open(row: Row, leads: Leads) -> bool:
    """Whether the gene of a refuted role may yet answer for all of its strains' difference.

    That difference is the one of `leads` on the strain that the gene was knocked out of, or put
    into.
    """
    claim, arms = row.claim, row.claim.detail.get("arms", ())
    if claim.verdict != REFUTED or claim.outcome != "equivalent" or claim.identical or not arms:
        return False
    reach = claim.high if row.role == "sufficient" else -claim.low
    return any(
        arms[-1]["genome"] in strains and decided(whole) and reach >= abs(whole["mean"])
        for strains, whole in leads
    )
