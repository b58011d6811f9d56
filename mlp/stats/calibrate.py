"""python -m mlp.stats.calibrate: are the stated error rates kept, and what do verdicts cost?"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence

from mlp.command import new_file
from mlp.stats.calibration import (
    AT_MARGIN,
    FALSE_DIFFERENCE,
    FALSE_EQUIVALENT,
    STATED,
    Beyond,
    Power,
    Rate,
    beyond,
    distribution_free_seeds,
    power,
    rates,
    smallest_decision,
)
from mlp.stats.looks import CLAIM_ERROR, LOOKS, REGISTERED_CLAIMS, SUITE_ERROR, look_alpha
from mlp.stats.methods import IN_USE, Method, all_methods
from mlp.stats.scenarios import MARGINS, SCENARIOS

JUMPS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.87, 1.0)
EFFECTS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.47)
SDS = (0.0, 0.05, 0.15, 0.3)
COSTS = ((0.0, 0.0), (0.1, 0.05), (0.3, 0.05), (0.47, 0.15))
COST_MARGIN = 0.05

KINDS = (FALSE_DIFFERENCE, FALSE_EQUIVALENT)

Rows = list[Sequence[str]]


def table(header: Sequence[str], rows: Rows, markdown: bool) -> str:
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


def scenario_table(found: Sequence[Rate], markdown: bool) -> str:
    """Per scenario: the worst measured rate over the margins, for each kind and stated rate."""
    rows: Rows = []
    for name in dict.fromkeys(r.scenario for r in found):
        mine = [r for r in found if r.scenario == name and r.method == IN_USE]
        sims = max(r.sims for r in mine)
        cells = [name, "exact" if sims == 0 else f"{sims:,}"]
        for kind in KINDS:
            for stated in STATED:
                some = [r for r in mine if r.kind == kind and r.stated == stated]
                cells.append(_cell(some))
        at_margin = [r for r in mine if r.kind == AT_MARGIN and r.stated == CLAIM_ERROR]
        cells += ["yes" if all(r.holds for r in mine if r.promised) else "NO", _cell(at_margin)]
        rows.append(cells)
    heads = [f"{k} (<= {s:.2g})" for k in KINDS for s in STATED]
    return table(
        ["differences", "sims", *heads, "holds", f"{AT_MARGIN} ({CLAIM_ERROR:.2g})"], rows, markdown
    )


def _cell(some: Sequence[Rate]) -> str:
    if not some:
        return "-"
    worst = max(some, key=lambda r: r.upper)
    exact = worst.sims == 0
    return _short(worst.rate) if exact else f"{_short(worst.rate)} (< {worst.upper:.1g})"


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
    return table(["interval", *heads, *costs], rows, markdown)


def beyond_table(found: Sequence[Beyond], markdown: bool) -> str:
    """Per jump: the worst two-valued law, whatever its probability."""
    rows: Rows = []
    for jump in dict.fromkeys(b.jump for b in found):
        cells = [f"{jump:g}"]
        for kind in KINDS:
            worst = max(
                (b for b in found if b.jump == jump and b.kind == kind), key=lambda b: b.rate
            )
            where = f"margin {worst.margin:g}, p = {worst.probability:.2g}"
            over = "" if worst.rate <= worst.stated else f" ABOVE ({where})"
            cells.append(_short(worst.rate) + over)
        rows.append(cells)
    return table(["jump", "worst false difference", "worst false equivalent"], rows, markdown)


def power_table(found: Sequence[Power], markdown: bool) -> str:
    """Share decided by each look, and the outcome they had."""
    rows: Rows = []
    for p in found:
        shares = {"better": p.better, "equivalent": p.equivalent, "worse": p.worse}
        said = ", ".join(f"{k} {v:.2f}" for k, v in shares.items() if v > 0.005)
        by = [f"{share:.2f}" for share in p.decided_by]
        rows.append([f"{p.effect:g}", f"{p.sd:g}", f"{p.margin:g}", *by, said or "-"])
    heads = [f"by {n}" for n in found[0].looks]
    return table(["effect", "sd", "margin", *heads, "outcome at the cap"], rows, markdown)


def usual_table(found: Sequence[Power], markdown: bool) -> str:
    """Per effect and sd: what 90% of comparisons have decided, and by which look."""
    rows: Rows = []
    for effect, sd in dict.fromkeys((p.effect, p.sd) for p in found):
        mine = [p for p in found if (p.effect, p.sd) == (effect, sd)]
        rows.append([f"{effect:g}", f"{sd:g}", *(p.usual for p in mine)])
    return table(["effect", "sd", *(f"margin {m:g}" for m in MARGINS)], rows, markdown)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m mlp.stats.calibrate",
        description=(
            "Measure the rates of false verdicts on every declared scenario, for the interval in "
            "use and for alternatives, with power curves. Laws of at most three values are worked "
            "out exactly, the others simulated. Exit status 1 if a stated rate is not kept."
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
    found = rates(SCENARIOS, methods, sims=sims, seed=options.seed, looks=looks, progress=progress)
    progress("laws beyond the family")
    points = 10 if options.quick else 150
    worst = beyond(methods[IN_USE], JUMPS, points=points, looks=looks)
    progress("power")
    few = min(sims, 1_000 if options.quick else 10_000)
    powers = power(
        methods[IN_USE], EFFECTS, SDS, sims=few, seed=options.seed, looks=looks, stated=error
    )
    report(found, methods, worst, powers, error, options.markdown)
    if options.json:
        plain = {
            "rates": [dataclasses.asdict(x) for x in found if x.method == IN_USE],
            "beyond": [dataclasses.asdict(x) for x in worst],
            "power": [dataclasses.asdict(x) for x in powers],
        }
        options.json.write_text(json.dumps(plain) + "\n", encoding="utf-8")
    progress("done")
    return 0 if all(r.holds for r in found if r.method == IN_USE and r.promised) else 1


def report(
    found: Sequence[Rate],
    methods: dict[str, Method],
    worst: Sequence[Beyond],
    powers: Sequence[Power],
    claim_error: float,
    markdown: bool,
) -> None:
    """Print every table under a heading; `claim_error` is the rate of the seeds and the powers."""
    mine = [r for r in found if r.method == IN_USE and r.promised]
    kept = sum(r.holds for r in mine)
    print(
        f"Suite error {SUITE_ERROR:g} over {REGISTERED_CLAIMS} claims: {CLAIM_ERROR:.3g} a claim, "
        f"{look_alpha():.3g} a look ({', '.join(map(str, LOOKS))}, and one off the schedule).\n"
        f"{kept} of {len(mine)} rates of the interval in use are at or below the stated one; "
        f"{sum(r.shown for r in mine)} are exact or shown so with 99% confidence."
    )
    mark = "### " if markdown else ""
    at = f"at {claim_error:.2g} a claim"
    parts = (
        ("False verdicts, worst over the margins", scenario_table(found, markdown)),
        (
            f"Intervals side by side (cost: seeds to decide at margin {COST_MARGIN:g}, {at})",
            method_table(found, methods, claim_error, markdown),
        ),
        (
            f"Beyond the family: the worst two-valued law of each jump (<= {CLAIM_ERROR:.2g})",
            beyond_table(worst, markdown),
        ),
        (f"Seeds by which nine comparisons in ten decide, {at}", usual_table(powers, markdown)),
        (f"Power: share decided, {at}", power_table(powers, markdown)),
    )
    for title, body in parts:
        print(f"\n{mark}{title}\n\n{body}")


if __name__ == "__main__":
    sys.exit(main())
