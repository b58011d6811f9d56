"""Pure statistics of paired comparisons over seeds: differences -> interval -> outcome.

Shape convention: one number per seed, `[n]`, in seed order. Nothing here knows of pytest,
TensorFlow or the store. `python -m mlp.proof.calibration` measures the stated error rates.
"""

from mlp.stats.comparison import Look, Outcome, Result, classify, pair, sequential
from mlp.stats.factorial import (
    ScreenEffects,
    interactions,
    main_effects,
    screen_effects,
    shapley,
    whole_difference,
)
from mlp.stats.interval import FAILURE_SPREAD, PSEUDO_SPREAD, Interval, paired_interval
from mlp.stats.looks import (
    CLAIM_ERROR,
    LOOKS,
    REGISTERED_CLAIMS,
    SUITE_ERROR,
    look_alpha,
    look_sizes,
)
from mlp.stats.monotone import DoseResponse, Trend, dose_response, page_trend
from mlp.stats.permutation import Agreement, agreement

__all__ = [
    "CLAIM_ERROR",
    "FAILURE_SPREAD",
    "LOOKS",
    "PSEUDO_SPREAD",
    "REGISTERED_CLAIMS",
    "SUITE_ERROR",
    "Agreement",
    "DoseResponse",
    "Interval",
    "Look",
    "Outcome",
    "Result",
    "ScreenEffects",
    "Trend",
    "agreement",
    "classify",
    "dose_response",
    "interactions",
    "look_alpha",
    "look_sizes",
    "main_effects",
    "page_trend",
    "pair",
    "paired_interval",
    "screen_effects",
    "sequential",
    "shapley",
    "whole_difference",
]
