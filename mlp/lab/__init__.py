"""What a claim asks for -> what is missing -> train -> store -> compare."""

from mlp.lab.checks import ManipulationError
from mlp.lab.claim import (
    REFUTED,
    SUPPORTED,
    UNDECIDED,
    Claim,
    ClaimError,
    Refuted,
    Undecided,
    settle,
)
from mlp.lab.comparison import Comparison
from mlp.lab.lab import DEFAULT_CLAIMS, DEFAULT_STORE, Lab
from mlp.lab.margin import DEFAULT_MARGIN, Margin
from mlp.lab.question import LabError, check_seeds
from mlp.lab.seeds import DEFAULT_SEEDS, FIRST_SEED, unshared_seed
from mlp.lab.work import train_waiting_jobs

__all__ = [
    "DEFAULT_CLAIMS",
    "DEFAULT_MARGIN",
    "DEFAULT_SEEDS",
    "DEFAULT_STORE",
    "FIRST_SEED",
    "REFUTED",
    "SUPPORTED",
    "UNDECIDED",
    "Claim",
    "ClaimError",
    "Comparison",
    "Lab",
    "LabError",
    "ManipulationError",
    "Margin",
    "Refuted",
    "Undecided",
    "check_seeds",
    "settle",
    "train_waiting_jobs",
    "unshared_seed",
]
