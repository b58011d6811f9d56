"""What single genes do alone: sufficient where given, necessary where taken, from the claims.

A gene is sufficient if, given alone to the strain that does worse, it makes that better by the
margin; necessary if, taken alone from the better one, it makes that worse. Where a claim is
refuted, the margin says by how much: "not sufficient by 0.5 or more" leaves room below 0.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlp.lab import REFUTED, SUPPORTED
from mlp.report.results import Row, decided, ordered, screen_rows, strains_compared

NECESSARY, SUFFICIENT = ROLES = ("necessary", "sufficient")
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
    lines = []
    shown = [role for role in roles(rows) if any(_is_shown(text) for text in role.cells.values())]
    for pair in dict.fromkeys(role.pair for role in shown):
        told = [f"{r.gene} is {next(iter(r.cells.values()))}" for r in shown if r.pair == pair]
        lines.append(f"Cause: alone{' ' if pair else ''}{pair}, {'; '.join(told)}.")
    return lines


def _is_shown(text: str) -> bool:
    return text.startswith(ROLES)


def _leads(rows: Sequence[Row], heading: str, dataset: str) -> Leads:
    """The differences that the finding's claims found between two arms; else those of screens."""
    here = [row for row in rows if row.heading == heading and row.datasets[0] == dataset]
    stated = [
        (strains_compared(row), {"mean": c.effect, "low": c.low, "high": c.high})
        for row in here
        for c in [row.claim]
        if row.states and len(c.detail.get("arms", ())) == 2
    ]
    screens = [(strains_compared(row), row.claim.detail["whole"]) for row in screen_rows(here)]
    return stated or screens


def _role(rows: Sequence[Row], leads: Leads) -> str:
    """The role of a gene on one dataset, from the claims that ask of it."""
    found: dict[str, list[tuple[str, float]]] = {NECESSARY: [], SUFFICIENT: []}
    for row in rows:
        verdict = _OPEN if _is_open(row, leads) else row.claim.verdict
        found[row.role].append((verdict, row.claim.margin))
    found = {role: answers for role, answers in found.items() if answers}
    verdicts = {role: {verdict for verdict, _ in answers} for role, answers in found.items()}
    margins = {margin for answers in found.values() for _, margin in answers}
    if all(of == {SUPPORTED} for of in verdicts.values()):
        return " and ".join(verdicts)
    if len(found) == 2 and len(margins) == 1 and all(of == {REFUTED} for of in verdicts.values()):
        return f"neither necessary nor sufficient by {margins.pop():g} or more"
    told = [
        _told(role, *answer) for role, answers in found.items() for answer in sorted(set(answers))
    ]
    return "; ".join(sorted(told, key=lambda text: not _is_shown(text)))


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
    reach = claim.high if row.role == SUFFICIENT else -claim.low
    return any(
        arms[-1]["genome"] in strains and decided(whole) and reach >= abs(whole["mean"])
        for strains, whole in leads
    )
