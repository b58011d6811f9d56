"""The error rates the suite states, and what a committed calibration measured of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mlp import stats
from mlp.lab import DEFAULT_SEEDS
from mlp.lab.claim import RECORDED
from mlp.report.results import Row

MEASURED = Path(stats.__file__).with_name("calibration.json")
"""Where a calibration is committed."""

COMMAND = "python -m mlp.proof.calibration measure"


class Measured(NamedTuple):
    """The worst measured rates of one kind of differences, at the stated rate of a claim."""

    scenario: str
    false_difference: float | None
    false_equivalent: float | None
    simulated: int
    holds: bool


def overspent(rows: Sequence[Row]) -> str:
    """What more claims than the error is divided among make of it; "" if there are no more.

    Agreement with recorded runs has an error of its own, and does not count.
    """
    budgets = [row.claim.claims for row in rows if row.claim.kind != RECORDED]
    if not budgets or len(budgets) <= min(budgets):
        return ""
    error = sum(stats.SUITE_ERROR / claims for claims in budgets)
    return (
        f"{len(budgets)} claims, more than {min(budgets)}: some verdict is false with "
        f"probability up to {error:.3g}"
    )


def stated(rows: Sequence[Row], seeds: int | None) -> list[tuple[str, str]]:
    """What the suite promises, and what is left of it for more claims, as (name, value) in words.

    `seeds` are the most that a comparison of the study may use, if that is known.
    """
    claims = max((row.claim.claims for row in rows), default=stats.REGISTERED_CLAIMS)
    error = stats.SUITE_ERROR / claims
    return [
        ("False verdicts, whole suite", f"at most {stats.SUITE_ERROR:.3g}"),
        ("Claims it is divided among", f"{claims}"),
        *(("This study", told) for told in [overspent(rows)] if told),
        ("Error of one claim, all looks", f"{error:.3g}"),
        ("Error of one look", f"{stats.look_alpha(error):.3g}"),
        ("Looks at seeds", ", ".join(map(str, stats.look_sizes(seeds or DEFAULT_SEEDS)))),
        (
            "Pseudo-differences at",
            f"± {stats.PSEUDO_SPREAD:g} in score against the margin, "
            f"± {stats.FAILURE_SPREAD:g} against no effect and twice the margin",
        ),
    ]


def level(rows: Sequence[Row]) -> str:
    """At which level the intervals of the claims hold, in a sentence; "" where none has looks."""
    looked = [row.claim for row in rows if row.claim.detail.get("looks")]
    if not looked:
        return ""
    percent = f"{100 * (1 - max(claim.detail['looks'][-1]['alpha'] for claim in looked)):.5g}%"
    budgets = " or ".join(map(str, sorted({claim.claims for claim in looked})))
    return (
        f"A claim's interval holds at {percent}: the {stats.SUITE_ERROR:.0%} of the suite are "
        f"divided among {budgets} claims and their looks."
    )


def measured(path: Path = MEASURED) -> list[Measured]:
    """The committed calibration of the interval in use; nothing if there is no such file."""
    try:
        return [Measured(**kind) for kind in json.loads(path.read_text("utf-8"))["kinds"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
