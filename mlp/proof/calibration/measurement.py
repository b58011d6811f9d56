"""The whole measurement: rates on every kind of differences, costs, tables, file, picture."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from mlp.proof.calibration.differences import (
    Sampled,
    Seeds,
    committed,
    resampled_rates,
    seeds_taken,
)
from mlp.proof.calibration.methods import IN_USE, Method, all_methods, centred
from mlp.proof.calibration.picture import Ratios, picture, ratios
from mlp.proof.calibration.power import Power, power
from mlp.proof.calibration.rates import EFFECTS_IN_MARGINS, Rate, rates, worst_of_kinds
from mlp.proof.calibration.reach import (
    HALF,
    NONE_OR_TWICE,
    REACH_MARGINS,
    Reach,
    Worst,
    reach,
    worst_law,
)
from mlp.proof.calibration.scenarios import MARGINS, SCENARIOS, WIDE
from mlp.proof.calibration.tables import (
    COST_MARGIN,
    effects_table,
    method_table,
    power_table,
    reach_table,
    seeds_table,
    usual_table,
)
from mlp.stats.looks import CLAIM_ERROR, LOOKS, REGISTERED_CLAIMS, SUITE_ERROR, look_alpha

Row = TypeVar("Row", Rate, Worst, Reach)

WORST_OF = ((0.6, MARGINS), (0.7, WIDE), (1.0, WIDE))
"""Jumps whose worst two-valued law is shown at every effect, and the margins it is the worst of."""
BEFORE = "one spread 0.75, looks doubling from 8"
"""The rule before this one: eight shares of a claim's error, nothing used beyond 256 seeds."""
_PER_CLAIM = 20
"""A claim's differences are resampled one time in so many as a scenario is simulated."""
EFFECTS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.47)
SDS = (0.0, 0.05, 0.15, 0.3)


def measure(
    *,
    sims: int,
    seed: int,
    quick: bool,
    claim_error: float,
    markdown: bool,
    json_file: Path | None,
    picture_file: Path | None,
) -> int:
    """Print the tables; 0 if every rate of the interval in use holds, else 1."""
    methods = all_methods()
    if quick:
        methods = {name: methods[name] for name in (IN_USE, "plain t")}
    started = time.monotonic()

    def progress(what: str) -> None:
        print(f"[{time.monotonic() - started:5.0f} s] {what}", file=sys.stderr, flush=True)

    looks = LOOKS[:5] if quick else LOOKS
    method = methods[IN_USE]
    found = rates(SCENARIOS, methods, sims=sims, seed=seed, looks=looks, progress=progress)
    claims = committed()
    found += resampled_rates(
        claims[:10] if quick else claims,
        method,
        sims=max(1, sims // _PER_CLAIM),
        seed=seed,
        looks=looks,
        progress=progress,
    )
    progress("laws of two values")
    margins = (0.05, 0.2) if quick else REACH_MARGINS
    seeds = seeds_by_rule(claims, methods, quick)
    worst, reaches = two_valued(method, margins, looks)
    measured = Measured(
        [_rounded(x) for x in found],
        [_rounded(x) for x in worst],
        [_rounded(x) for x in reaches],
        seeds,
    )
    progress("power")
    few = min(sims, 1_000 if quick else 10_000)
    powers = power(method, EFFECTS, SDS, sims=few, seed=seed, looks=looks, stated=claim_error)
    report(measured, methods, powers, claim_error, markdown)
    if json_file:
        json_file.write_text(measured.to_json(powers), encoding="utf-8")
    if picture_file:
        drawn = picture(measured.ratios, measured.reaches, claims)
        picture_file.write_text(drawn, encoding="utf-8")
    progress("done")
    return 0 if all(r.holds for r in found if r.method == IN_USE and r.promised) else 1


@dataclass(frozen=True)
class Measured:
    """The rates of scenarios and of resampled claims, and those of laws of two values."""

    rates: list[Rate]
    worst: list[Worst]
    reaches: list[Reach]
    seeds: list[Seeds]

    @property
    def ratios(self) -> Ratios:
        return ratios((r for r in self.rates if r.method == IN_USE), self.worst)

    def to_json(self, powers: Sequence[Power]) -> str:
        """What is measured of the interval in use, and its power: a row a line."""
        mine = [r for r in self.rates if r.method == IN_USE]
        parts: dict[str, Sequence[Any]] = {
            "kinds": worst_of_kinds(mine),
            "rates": mine,
            "worst": self.worst,
            "reach": self.reaches,
            "seeds": self.seeds,
            "power": powers,
        }
        told = [
            f'"{name}": [\n'
            + ",\n".join(json.dumps(dataclasses.asdict(row)) for row in rows)
            + "\n]"
            for name, rows in parts.items()
        ]
        return "{" + ",\n".join(told) + "}\n"


def two_valued(
    method: Method, margins: Sequence[float], looks: tuple[int, ...]
) -> tuple[list[Worst], list[Reach]]:
    """The worst laws of the jumps shown, and how far jumps may go at each of `margins`."""
    worst = [
        worst_law(jump, margin, effect, method, looks=looks)
        for jump, of in WORST_OF
        for margin in of
        for effect in EFFECTS_IN_MARGINS
    ]
    found = [reach(m, e, method, looks=looks) for m in margins for e in (NONE_OR_TWICE, HALF)]
    return worst, found


def seeds_by_rule(claims: list[Sampled], methods: dict[str, Method], quick: bool) -> list[Seeds]:
    """What the claims take by each method that has a spread, and by the rule before."""
    few = claims[:10] if quick else claims
    found = [seeds_taken(k, few, m) for k, m in methods.items() if "spread" in k or k == IN_USE]
    return [
        *found,
        seeds_taken(
            BEFORE,
            few,
            centred(0.75),
            looks=(8, 16, 32, 64, 128, 256),
            stated=CLAIM_ERROR * (len(LOOKS) + 1) / 8,
        ),
    ]


def _rounded(row: Row) -> Row:
    """The row with its numbers to four digits, the stated rate as it is."""
    numbers = {k: v for k, v in vars(row).items() if isinstance(v, float) and k != "stated"}
    rounded: dict[str, Any] = {k: float(f"{v:.4g}") for k, v in numbers.items()}
    return dataclasses.replace(row, **rounded)


def report(
    measured: Measured,
    methods: dict[str, Method],
    powers: Sequence[Power],
    claim_error: float,
    markdown: bool,
) -> None:
    """Print every table under a heading; `claim_error` is the rate of the seeds and the powers."""
    found = measured.rates
    mine = [r for r in found if r.method == IN_USE and r.promised]
    kept = sum(r.holds for r in mine)
    print(
        f"Suite error {SUITE_ERROR:g} over {REGISTERED_CLAIMS} claims: {CLAIM_ERROR:.3g} a claim, "
        f"{look_alpha():.3g} a look ({', '.join(map(str, LOOKS))}, and one off the schedule).\n"
        f"{kept} of {len(mine)} promised rates of the interval in use are at or below the stated "
        f"one; {sum(r.shown for r in mine)} are exact or shown so with 99% confidence."
    )
    mark = "### " if markdown else ""
    at = f"at {claim_error:.2g} a claim"
    parts = (
        (
            f"False verdicts by true effect in margins, as multiples of {CLAIM_ERROR:.2g}, worst "
            "over the margins (promised: 0, 0.5, 2)",
            effects_table(measured.ratios, markdown),
        ),
        (
            f"Intervals side by side (cost: seeds to decide at margin {COST_MARGIN:g}, {at})",
            method_table(found, methods, claim_error, markdown),
        ),
        (
            f"The largest jump whose two-valued laws all keep {CLAIM_ERROR:.2g}",
            reach_table(measured.reaches, markdown),
        ),
        (
            "Seeds the study's claims take by each rule, resampled (and left undecided)",
            seeds_table(measured.seeds, markdown),
        ),
        (f"Seeds by which nine comparisons in ten decide, {at}", usual_table(powers, markdown)),
        (f"Power: share decided, {at}", power_table(powers, markdown)),
    )
    for title, body in parts:
        print(f"\n{mark}{title}\n\n{body}")
