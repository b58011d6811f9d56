"""The short answer: the claims that state the findings, a word and a number for each dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mlp.lab import SUPPORTED
from mlp.report.results import Row, ordered, signed


class Cell(NamedTuple):
    """A verdict, "" where several claims differ, and what is told: a word and a number."""

    verdict: str
    text: str


@dataclass(frozen=True)
class Answer:
    """One claim of a finding, over its datasets; claims of one sentence count together."""

    heading: str
    claim: str
    cells: Mapping[str, Cell]


def answers(rows: Iterable[Row]) -> list[Answer]:
    """The claims that state findings, in order.

    A cell says "supported, +0.48", or of several claims "2 of 3 supported".
    A claim that compares its effect on two datasets stands in the first one's cell.
    """
    found: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in ordered(rows):
        if row.states_finding:
            claim = " ".join(row.sentence.partition(":")[2].split())
            cells = found.setdefault((row.heading, claim), {})
            cells.setdefault(row.datasets[0], []).append(row)
    return [
        Answer(*key, {dataset: _cell(mine) for dataset, mine in sorted(cells.items())})
        for key, cells in found.items()
    ]


def by_finding(rows: Iterable[Row]) -> dict[str, dict[str, Cell]]:
    """For each finding, and each dataset, what all claims that state it come to."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in ordered(rows):
        if row.states_finding:
            found.setdefault(row.heading, {}).setdefault(row.datasets[0], []).append(row)
    return {
        heading: {dataset: _cell(mine) for dataset, mine in sorted(cells.items())}
        for heading, cells in found.items()
    }


def datasets(found: Sequence[Answer]) -> list[str]:
    """The datasets that answers have cells of."""
    return sorted({dataset for answer in found for dataset in answer.cells})


def _cell(rows: Sequence[Row]) -> Cell:
    verdicts = [row.claim.verdict for row in rows]
    effects = {_number(row) for row in rows}
    if len(effects) > 1 or len(set(verdicts)) > 1:
        return Cell("", f"{verdicts.count(SUPPORTED)} of {len(rows)} supported")
    return Cell(verdicts[0], f"{verdicts[0]}, {effects.pop()}")


def _number(row: Row) -> str:
    return "identical" if row.claim.identical else signed(row.claim.effect, 2)
