"""python -m mlp.stats.calibrate: are the stated error rates kept, and what do verdicts cost?"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlp.command import new_file
from mlp.stats.calibration import (
    EFFECTS_IN_MARGINS,
    STATED,
    Power,
    Rate,
    distribution_free_seeds,
    power,
    rates,
    smallest_decision,
)
from mlp.stats.looks import CLAIM_ERROR, LOOKS, REGISTERED_CLAIMS, SUITE_ERROR, look_alpha
from mlp.stats.methods import IN_USE, Method, all_methods
from mlp.stats.picture import Ratios, picture, ratios
from mlp.stats.reach import HALF, NONE_OR_TWICE, REACH_MARGINS, Reach, Worst, reach, worst_law
from mlp.stats.resample import committed, resampled_rates
from mlp.stats.scenarios import MARGINS, SCENARIOS, WIDE

WORST_OF = ((0.6, MARGINS), (0.7, WIDE), (1.0, WIDE))
"""Jumps whose worst two-valued law is shown at every effect, and the margins it is the worst of."""
_PER_CLAIM = 20
"""A claim's differences are resampled one time in so many as a scenario is simulated."""
EFFECTS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.47)
SDS = (0.0, 0.05, 0.15, 0.3)
COSTS = ((0.0, 0.0), (0.1, 0.05), (0.3, 0.05), (0.47, 0.15))
COST_MARGIN = 0.05

Rows = list[Sequence[str]]


def table_of(header: Sequence[str], rows: Rows, markdown: bool) -> str:
    """The rows under their header, aligned; as a Markdown table if asked."""
    widths = [max(len(r[k]) for r in (header, *rows)) for k in range(len(header))]
    lines = [[c.ljust(w) for c, w in zip(r, widths, strict=True)] for r in (header, *rows)]
    rule = ["-" * w for w in widths]
    lines.insert(1, rule)
    if markdown:
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
    return "\n".join("  ".join(cells).rstrip() for cells in lines)


def _short(rate: float) -> str:
    return "0" if rate < 1e-10 else f"{rate:.2g}"


def effects_table(table: Ratios, markdown: bool) -> str:
    """Per kind of differences: the worst rate over the margins at each effect / the stated one."""
    rows: Rows = [
        [name, *("-" if ratio is None else _short(ratio) for ratio in row)]
        for name, row in table.items()
    ]
    return table_of(["differences", *(f"{e:g}" for e in EFFECTS_IN_MARGINS)], rows, markdown)


def method_table(
    found: Sequence[Rate], methods: dict[str, Method], claim_error: float, markdown: bool
) -> str:
    """Per method: the worst rate at each stated rate, and the seeds it costs at `claim_error`."""
    rows: Rows = []
    for name, method in methods.items():
        cells = [name]
        for stated in STATED:
            mine = [r for r in found if r.method == name and r.stated == stated and r.promised]
            bad = sum(not r.holds for r in mine)
            worst = max(r.rate for r in mine)
            cells.append(f"{_short(worst)}, {bad} of {len(mine)} above")
        for effect, sd in COSTS:
            n = smallest_decision(method, effect, sd, COST_MARGIN, stated=claim_error)
            cells.append(">4096" if n is None else str(n))
        rows.append(cells)
    free = [distribution_free_seeds(effect, COST_MARGIN, stated=claim_error) for effect, _ in COSTS]
    rows.append(["least for any distribution-free", "0", "0", *map(str, free)])
    heads = [f"worst rate (<= {s:.2g})" for s in STATED]
    costs = [f"n: {e:g}, sd {s:g}" if e else "n: all zero" for e, s in COSTS]
    return table_of(["interval", *heads, *costs], rows, markdown)


def reach_table(found: Sequence[Reach], markdown: bool) -> str:
    """Per margin: the largest jump whose two-valued laws all keep the rate."""
    rows: Rows = []
    for margin in dict.fromkeys(r.margin for r in found):
        here = {r.effects: r.jump for r in found if r.margin == margin}
        rows.append([f"{margin:g}", *(f"{here[e]:.2f}" for e in (NONE_OR_TWICE, HALF))])
    return table_of(["margin", "no effect, or twice the margin", "half the margin"], rows, markdown)


def power_table(found: Sequence[Power], markdown: bool) -> str:
    """Share decided by each look, and the outcome they had."""
    rows: Rows = []
    for p in found:
        shares = {"better": p.better, "equivalent": p.equivalent, "worse": p.worse}
        said = ", ".join(f"{k} {v:.2f}" for k, v in shares.items() if v > 0.005)
        by = [f"{share:.2f}" for share in p.decided_by]
        rows.append([f"{p.effect:g}", f"{p.sd:g}", f"{p.margin:g}", *by, said or "-"])
    heads = [f"by {n}" for n in found[0].looks]
    return table_of(["effect", "sd", "margin", *heads, "outcome at the cap"], rows, markdown)


def usual_table(found: Sequence[Power], markdown: bool) -> str:
    """Per effect and sd: what 90% of comparisons have decided, and by which look."""
    rows: Rows = []
    for effect, sd in dict.fromkeys((p.effect, p.sd) for p in found):
        mine = [p for p in found if (p.effect, p.sd) == (effect, sd)]
        rows.append([f"{effect:g}", f"{sd:g}", *(p.usual for p in mine)])
    return table_of(["effect", "sd", *(f"margin {m:g}" for m in MARGINS)], rows, markdown)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m mlp.stats.calibrate",
        description=(
            "Measure the rates of false verdicts on every declared scenario, for the interval in "
            "use and for alternatives, on the differences of a study's claims, resampled, and on "
            "all laws of two values; with power curves. Laws of at most three values are worked "
            "out exactly, the others simulated. Exit status 1 if a promised rate is not kept."
        ),
    )
    p.add_argument("--sims", type=int, help="simulated comparisons per law, at least 1 (100000)")
    p.add_argument("--seed", type=int, default=0, help="seed of the simulation, at least 0 (0)")
    p.add_argument(
        "--quick", action="store_true", help="10000 simulations, two methods, looks to 128"
    )
    p.add_argument(
        "--json",
        type=new_file,
        metavar="FILE",
        help="write the rates of the interval in use, and its power, to FILE",
    )
    p.add_argument(
        "--picture",
        type=new_file,
        metavar="FILE",
        help="draw the rates of the interval in use, by true effect, to FILE (SVG)",
    )
    p.add_argument(
        "--claim-error",
        type=float,
        default=CLAIM_ERROR,
        metavar="RATE",
        help=(
            "stated rate of a claim at which seeds and power are told, between 0 and 1 "
            f"(the suite's: {CLAIM_ERROR:.3g}); the false verdicts are measured at the same rates "
            "whatever it is"
        ),
    )
    p.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables; 0 if every rate of the interval in use holds, else 1."""
    options = parser().parse_args(argv)
    sims = (10_000 if options.quick else 100_000) if options.sims is None else options.sims
    if sims < 1:
        parser().error(f"--sims must be at least 1, got {sims}: try 100000")
    if options.seed < 0:
        parser().error(f"--seed must be at least 0, got {options.seed}: try 0")
    error = options.claim_error
    if not 0.0 < error < 1.0:
        parser().error(f"--claim-error must lie between 0 and 1, got {error:g}: try 0.05")
    methods = all_methods()
    if options.quick:
        methods = {name: methods[name] for name in (IN_USE, "plain t")}
    started = time.monotonic()

    def progress(what: str) -> None:
        print(f"[{time.monotonic() - started:5.0f} s] {what}", file=sys.stderr, flush=True)

    looks = LOOKS[:5] if options.quick else LOOKS
    method, seed = methods[IN_USE], options.seed
    found = rates(SCENARIOS, methods, sims=sims, seed=seed, looks=looks, progress=progress)
    claims = committed()
    found += resampled_rates(
        claims[:10] if options.quick else claims,
        method,
        sims=max(1, sims // _PER_CLAIM),
        seed=seed,
        looks=looks,
        progress=progress,
    )
    progress("laws of two values")
    margins = (0.05, 0.2) if options.quick else REACH_MARGINS
    measured = Measured(found, *two_valued(method, margins, looks))
    progress("power")
    few = min(sims, 1_000 if options.quick else 10_000)
    powers = power(method, EFFECTS, SDS, sims=few, seed=seed, looks=looks, stated=error)
    report(measured, methods, powers, error, options.markdown)
    if options.json:
        plain = {
            "rates": [_rounded(x) for x in found if x.method == IN_USE],
            "worst": [_rounded(x) for x in measured.worst],
            "reach": [_rounded(x) for x in measured.reaches],
            "power": [dataclasses.asdict(x) for x in powers],
        }
        lines = (
            f"{json.dumps(k)}: [\n" + ",\n".join(map(json.dumps, v)) + "\n]"
            for k, v in plain.items()
        )
        options.json.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")
    if options.picture:
        drawn = picture(measured.ratios, measured.reaches, claims)
        options.picture.write_text(drawn, encoding="utf-8")
    progress("done")
    return 0 if all(r.holds for r in found if r.method == IN_USE and r.promised) else 1


@dataclass(frozen=True)
class Measured:
    """The rates of scenarios and of resampled claims, and those of laws of two values."""

    rates: list[Rate]
    worst: list[Worst]
    reaches: list[Reach]

    @property
    def ratios(self) -> Ratios:
        return ratios((r for r in self.rates if r.method == IN_USE), self.worst)


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


def _rounded(row: Rate | Worst | Reach) -> dict[str, Any]:
    """The row as plain values, its numbers to four digits, the stated rate as it is."""
    plain = dataclasses.asdict(row)
    return {
        k: float(f"{v:.4g}") if isinstance(v, float) and k != "stated" else v
        for k, v in plain.items()
    }


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
        (f"Seeds by which nine comparisons in ten decide, {at}", usual_table(powers, markdown)),
        (f"Power: share decided, {at}", power_table(powers, markdown)),
    )
    for title, body in parts:
        print(f"\n{mark}{title}\n\n{body}")


if __name__ == "__main__":
    sys.exit(main())
