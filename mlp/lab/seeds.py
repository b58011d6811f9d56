"""Which seeds verdicts rest on, and how many at most."""

from __future__ import annotations

DEFAULT_SEEDS = 256
"""The most seeds of a comparison, unless told otherwise."""

FIRST_SEED = 100_000
"""Where the seeds that verdicts rest on begin, unless told otherwise.

Margins, steps, looks and the interval were chosen on pilot seeds, and no verdict rests on those:
from 0, 10,000, 20,000, 40,000, 60,000, 1,000,000, 2,000,000 and 3,000,000 on.
"""

FIRST_SEEDS = {"published": 120_000}
"""Where they begin under another protocol, whose margins may not be chosen on seeds seen before."""

FAR = 1_000
"""How far apart the seeds of cohorts that share none begin: the same for every usual cap."""

GLANCE = 4
"""Seeds at which the real API is held against the cohort engine, or two arms against each other.

Trajectories of thousands of updates that end in the same bits at four seeds are the same
computation. More seeds would show nothing new, and each is a slow run on the real API.
"""


def first_seed_under(protocol: str) -> int:
    """Where the seeds that verdicts rest on begin under the protocol of that name."""
    return FIRST_SEEDS.get(protocol, FIRST_SEED)


def unshared_seed(first_seed: int, seeds: int) -> int:
    """Where the seeds of a cohort begin that shares none with the first `seeds` ones."""
    return first_seed + max(seeds, FAR)
