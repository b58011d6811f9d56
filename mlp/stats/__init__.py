"""Pure statistics of paired comparisons over seeds: differences -> interval -> outcome."""

from mlp.stats.comparison import Look, Outcome, Result, classify, pair, sequential
from mlp.stats.interval import PSEUDO_SPREAD, Interval, paired_interval
from mlp.stats.looks import (
    CLAIM_ERROR,
    LOOKS,
    REGISTERED_CLAIMS,
    SUITE_ERROR,
    look_alpha,
    look_sizes,
)

__all__ = [
    "CLAIM_ERROR",
    "LOOKS",
    "PSEUDO_SPREAD",
    "REGISTERED_CLAIMS",
    "SUITE_ERROR",
    "Interval",
    "Look",
    "Outcome",
    "Result",
    "classify",
    "look_alpha",
    "look_sizes",
    "pair",
    "paired_interval",
    "sequential",
]
