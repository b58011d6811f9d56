"""What the committed calibration shows, in sentences.

`mlp/stats/README.md` says these and no wider ones; a test holds the two together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlp import stats
from mlp.proof.calibration.differences import committed
from mlp.proof.calibration.methods import SPREADS, Method, centred, in_use
from mlp.proof.calibration.picture import ratios
from mlp.proof.calibration.power import Power
from mlp.proof.calibration.rates import EFFECTS_IN_MARGINS, Rate
from mlp.proof.calibration.reach import Reach, Worst, worst_law
from mlp.proof.calibration.tables import reach_table, usual_table
from mlp.stats.looks import CLAIM_ERROR

MEASURED = Path(stats.__file__).with_name("calibration.json")
RESAMPLED = "resampled"


def sentences() -> dict[str, str]:
    """What is kept, how far, what is not, and what it costs, by name."""
    raw = json.loads(MEASURED.read_text(encoding="utf-8"))
    rates = [Rate(**rate) for rate in raw["rates"]]
    declared = [r for r in rates if RESAMPLED not in r.scenario]
    return {
        "declared": _declared(declared),
        "resampled": _resampled([r for r in rates if RESAMPLED in r.scenario]),
        "reach": reach_table(_reaches(raw["reach"]), markdown=True),
        "between": _between(declared, [Worst(**law) for law in raw["worst"]]),
        "seeds": _seeds(raw["seeds"]),
        "needed": _needed(raw["power"]),
        "one spread": _one_spread(),
    }


def _declared(rates: Sequence[Rate]) -> str:
    mine = [r for r in rates if r.promised]
    kinds = len({r.scenario for r in mine})
    sims = max(r.sims for r in mine)
    return (
        f"On {kinds} declared kinds of differences, {sum(r.holds for r in mine)} of {len(mine)} "
        f"rates at no effect, half the margin and twice the margin are at or below the stated "
        f"one ({CLAIM_ERROR:.2g} a claim, and 0.05; at half the margin for failures of less than "
        f"1.0); {sum(r.shown for r in mine)} are exact, or "
        f"shown so with 99% confidence by {sims:,} simulated comparisons."
    )


def _resampled(rates: Sequence[Rate]) -> str:
    mine = [r for r in rates if r.stated == CLAIM_ERROR]
    loose = [r for r in rates if r.stated != CLAIM_ERROR and r.promised]

    def false(effect: float) -> int:
        return sum(round(r.rate * r.sims) for r in mine if r.effect == effect)

    of = sum(r.sims for r in mine if r.effect == 0)
    told = ", ".join(f"{false(e):,} at {_effect(e)}" for e in (0.0, 0.5, 2.0))
    worst = max(r.rate for r in loose)
    return (
        f"The differences of {len(committed())} claims of two studies, resampled and held against "
        f"their own margins, gave these false verdicts in {of:,} comparisons each: {told}. At a "
        f"stated rate of 0.05 the worst data set's rate was {worst:.2g}."
    )


def _effect(effect: float) -> str:
    named = {0.0: "no effect", 0.5: "half the margin", 2.0: "twice the margin"}
    return named.get(effect) or f"{effect:g} margins"


def _between(rates: Sequence[Rate], worst: Sequence[Worst]) -> str:
    by_name = ratios(rates, worst)
    laws = {name: row for name, row in by_name.items() if "any two values" in name}
    kinds = [row for name, row in by_name.items() if name not in laws]

    def most(rows: Sequence[Sequence[float | None]], effect: float) -> str:
        at = EFFECTS_IN_MARGINS.index(effect)
        return f"{max(row[at] or 0.0 for row in rows):.2g} times at {_effect(effect)}"

    told = ", ".join(most(kinds, e) for e in EFFECTS_IN_MARGINS if e not in (0.0, 0.5, 2.0))
    failures = [row for name, row in by_name.items() if "1.0 at 10%" in name]
    wide = next(row for name, row in laws.items() if "up to 1 " in name)
    return (
        f"Between half the margin and twice it a false verdict may be likelier than stated. On "
        f"the declared kinds it is, at worst, {told}. A failure of 1.0 makes it so at half the "
        f"margin already: at one seed in ten, {most(failures, 0.5)}; at the worst of all "
        f"probabilities, {most([wide], 0.5)}."
    )


def _reaches(raw: Sequence[Mapping[str, Any]]) -> list[Reach]:
    return [Reach(**{**row, "effects": tuple(row["effects"])}) for row in raw]


def _needed(raw: Sequence[Mapping[str, Any]]) -> str:
    mine = [row for row in raw if row["sd"] in (0.05, 0.15)]
    tuples: list[dict[str, Any]] = [
        {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()} for row in mine
    ]
    return usual_table([Power(**row) for row in tuples], markdown=True)


def _seeds(found: Sequence[Mapping[str, Any]]) -> str:
    used, *one, before = found
    fewer = 1 - used["seeds"] / before["seeds"]
    others = ", ".join(f"{s['seeds']:.1f} with {s['rule']}" for s in one)
    return (
        f"A claim takes {used['seeds']:.1f} seeds on average, its differences resampled; "
        f"{before['seeds']:.1f} with {before['rule']} ({fewer:.0%} fewer now); at today's looks "
        f"{others}."
    )


def _times(method: Method, effect: float) -> str:
    return f"{worst_law(1.0, 0.05, effect, method).rate / CLAIM_ERROR:.2g}"


def _one_spread() -> str:
    told = [f"{_times(centred(r), 0.0)} times the stated rate with {r:g}" for r in SPREADS]
    return (
        "With one spread, a jump of 1.0 at a margin of 0.05 gives, without effect, "
        f"{', '.join(told)}; with the two, {_times(in_use, 0.0)}. At half that margin 0.75 gives "
        f"{_times(centred(0.75), 0.5)}, and the two {_times(in_use, 0.5)}."
    )
