"""Which seeds verdicts rest on, and how many at most."""

from __future__ import annotations

DEFAULT_SEEDS = 256
"""The most seeds of a comparison, unless told otherwise."""

DEFAULT_CLAIMS = 20
"""The number of claims among which the error is divided, unless told otherwise."""

FIRST_SEED = 100_000
"""Where the seeds that verdicts rest on begin, unless told otherwise.

Margins, looks and the interval were chosen on pilot seeds, and no verdict rests on those: from 0,
10,000, 20,000, 40,000, 60,000, 1,000,000, 2,000,000 and 3,000,000 on.
"""

FAR = 1_000
"""How far apart the seeds of cohorts that share none begin: the same for every usual cap."""

GLANCE = 4
"""Seeds at which a real executor is held against the engine, or two arms against each other.

Trajectories of thousands of updates that end in the same bits at four seeds are the same
computation. More seeds would show nothing new, and each is a slow run on the real API.
"""


def unshared_seed(first_seed: int, seeds: int) -> int:
    """Where the seeds of a cohort begin that shares none with the first `seeds` ones."""
    return first_seed + max(seeds, FAR)
