"""The tables of the page about diagnoses, from the simulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlp.proof.calibration.tables import Rows, table_of
from mlp.proof.diagnosis.simulate import OURS, USUAL, seeds_without_effect
from mlp.proof.diagnosis.truth import TRUTHS
from mlp.stats import diagnosis

COMMITTED = Path(__file__).with_name("simulation.json")
README = Path(diagnosis.__file__).with_name("README.md")
BLIND = "one, and four that act only mixed"
"""A truth that a diagnosis is known not to see."""

RESOLVED = 0.99
"""How often one comparison decides where the looks can resolve a scenario."""

SPREADS = (0.15, 0.2, 0.3)
_FIRST_LOOK = 48
"""Seeds a factorial would need at least, to clear a gene at a margin of 0.1."""


def with_tables(readme: str, known: Mapping[str, Mapping[str, Any]]) -> str:
    """The README with every table replaced, in order, by that of these results."""
    new = iter(tables(known).split("\n\n"))
    parts = readme.split("\n\n")
    return "\n\n".join(next(new) if part.startswith("| ") else part for part in parts)


def tables(known: Mapping[str, Mapping[str, Any]]) -> str:
    """The goals, what was measured, each scenario, then the other methods beside it."""
    mine = [t for t in known.values() if t["scenario"]["method"] == OURS]
    told = [_numbers(mine), _diagnoses(mine) if mine else "", _methods(list(known.values()))]
    return "\n\n".join(filter(None, told))


def _numbers(mine: list[Mapping[str, Any]]) -> str:
    """What a diagnosis was to reach, and what it does; "" without a scenario of one cause."""
    able = [t for t in mine if (t["decides"] or 0) >= RESOLVED]
    usual = [t for t in able if _place(t) == ("one", USUAL, 16)]
    if not usual:
        return ""
    named = min(t["all_named"] / t["diagnoses"] for t in able)
    seeing = [t["wrong"] / t["diagnoses"] for t in mine if t["scenario"]["truth"] != BLIND]
    blind = [t["wrong"] / t["diagnoses"] for t in mine if t["scenario"]["truth"] == BLIND]
    first, median = zip(*map(seeds_without_effect, SPREADS), strict=True)
    spreads = ", ".join(f"{sd:g}" for sd in SPREADS)
    rows: Rows = [
        ["cohorts, one cause among 16", "at most 24", f"{usual[0]['cohorts'][1]}"],
        ["runs, the same", "at most 1,500", f"{usual[0]['runs'][1]:,}"],
        [f"cause named, worst of {len(able)} scenarios", "at least 0.95", f"{named:.4f}"],
        [f"false, worst of {len(seeing)} scenarios", "at most 0.05", f"{max(seeing):.4f}"],
        ["false, four genes that act only mixed", "at most 0.05", f"{max(blind, default=0):.4f}"],
        [f"seeds to clear, spread {spreads}: fewest", "64, 96, 192", _listed(first)],
        ["seeds to clear, the same: median", "64, 96, 192", _listed(median)],
    ]
    return table_of(["what", "goal", "measured"], rows, markdown=True)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _diagnoses(found: list[Mapping[str, Any]]) -> str:
    rows: Rows = []
    for t in found:
        s, n = t["scenario"], t["diagnoses"]
        rows.append(
            [
                s["truth"],
                s["noise"],
                str(s["genes"]),
                f"{n:,}",
                _rate(t["false_name"], n),
                _rate(t["false_harmless"], n),
                _rate(t["all_named"], n) if TRUTHS[s["truth"]].gains else "-",
                f"{t['missed'] / n:.2f}",
                f"{t['undecided'] / n:.2f}",
                _middle(t["cohorts"]),
                _middle(t["runs"]),
                "-" if t["decides"] is None else f"{t['decides']:.3f}",
            ]
        )
    heads = ["truth", "noise", "genes", "diagnoses", "false name", "false harmless", "all named"]
    heads += ["missed", "undecided", "cohorts (90%)", "runs (90%)", "one comparison"]
    return table_of(heads, rows, markdown=True)


def _methods(found: list[Mapping[str, Any]]) -> str:
    """Per truth that several methods were set on: each one's errors and cost."""
    rows: Rows = []
    others = {_place(t) for t in found if t["scenario"]["method"] != OURS}
    for place in dict.fromkeys(_place(t) for t in found):
        if place not in others:
            continue
        truth, _, genes = place
        for t in (t for t in found if _place(t) == place):
            n = t["diagnoses"]
            rows.append(
                [
                    truth,
                    t["scenario"]["method"],
                    f"{n:,}",
                    _rate(t["false_name"], n),
                    _rate(t["all_named"], n),
                    _middle(t["cohorts"]),
                    _middle(t["runs"]),
                ]
            )
        cells = 2**genes
        rows.append(
            [truth, "factorial, counted", "-", "-", "-", f"{cells:,}", f"{cells * _FIRST_LOOK:,}"]
        )
    heads = [
        "truth",
        "method",
        "diagnoses",
        "false name",
        "all named",
        "cohorts (90%)",
        "runs (90%)",
    ]
    return table_of(heads, rows, markdown=True) if rows else ""


def _place(tally: Mapping[str, Any]) -> tuple[str, str, int]:
    s = tally["scenario"]
    return s["truth"], s["noise"], s["genes"]


def _rate(count: int, of: int) -> str:
    return "0" if not count else f"{count / of:.4f}"


def _middle(quantiles: list[int]) -> str:
    return f"{quantiles[1]:,} ({quantiles[2]:,})"
