"""look_alpha = SUITE_ERROR / REGISTERED_CLAIMS / (len(LOOKS) + 1): how error is spent.

The stated probability of any false verdict in a study is SUITE_ERROR; `mlp/stats/README.md` says
for which effects and differences it was measured to hold. It is divided evenly among
REGISTERED_CLAIMS claims (one claim on one dataset), a number fixed here whatever is selected with
`-k`, and within a claim evenly among the scheduled looks and one reserved share (Bonferroni, so
valid for any dependence among looks). A look's share depends on nothing but the schedule: a larger
cap adds looks and changes none, so it never alters what an earlier look decided.

A cap off the schedule (20, 4 or 512) ends with one look at the cap itself, which takes the reserved
share; the scheduled looks below it are as ever. Whoever then reruns with another cap has spent
that share once: going from a cap of 20 to one of 32 keeps the claim's rate, while trying many caps
off the schedule would exceed it.
"""

from __future__ import annotations

from numbers import Integral

from mlp.stats.interval import check_alpha

SUITE_ERROR = 0.05
"""Stated probability that any verdict of a whole study is false."""

REGISTERED_CLAIMS = 300
"""Claim-dataset pairs among which SUITE_ERROR is divided."""

CLAIM_ERROR = SUITE_ERROR / REGISTERED_CLAIMS
"""Stated probability of a false verdict of one claim on one dataset, over all its looks."""

LOOKS = (16, 24, 32, 48, 64, 96, 128, 192, 256)
"""Numbers of seeds at which a comparison is looked at: steps of a half and of a third in turn."""

MAX_CAP = 100_000


def look_sizes(cap: int) -> tuple[int, ...]:
    """The scheduled looks up to `cap`, then `cap` itself: 20 -> (16, 20), 4 -> (4,).

    Raises ValueError unless cap is an integer of at least 1.
    """
    if isinstance(cap, bool) or not isinstance(cap, Integral) or not 1 <= cap <= MAX_CAP:
        raise ValueError(
            f"The cap on seeds must be a whole number from 1 to {MAX_CAP}, got {cap!r}: try 64."
        )
    scheduled = tuple(n for n in LOOKS if n < cap)
    return (*scheduled, int(cap))


def look_alpha(claim_error: float = CLAIM_ERROR) -> float:
    """claim_error / (len(LOOKS) + 1): the two-sided error of any single look."""
    check_alpha(claim_error)
    return claim_error / (len(LOOKS) + 1)
