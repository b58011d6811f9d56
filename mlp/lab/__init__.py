"""What a claim asks for -> what is missing -> train -> store -> compare."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    from mlp.lab.lab import DEFAULT_STORE, Lab
    from mlp.lab.margin import DEFAULT_MARGIN, Margin
    from mlp.lab.question import LabError, check_seeds
    from mlp.lab.seeds import DEFAULT_CLAIMS, DEFAULT_SEEDS, FIRST_SEED, unshared_seed
    from mlp.lab.work import train_waiting_jobs

_PLACES = {
    "checks": ("ManipulationError",),
    "claim": (
        "REFUTED",
        "SUPPORTED",
        "UNDECIDED",
        "Claim",
        "ClaimError",
        "Refuted",
        "Undecided",
        "settle",
    ),
    "comparison": ("Comparison",),
    "lab": ("DEFAULT_STORE", "Lab"),
    "margin": ("DEFAULT_MARGIN", "Margin"),
    "question": ("LabError", "check_seeds"),
    "seeds": ("DEFAULT_CLAIMS", "DEFAULT_SEEDS", "FIRST_SEED", "unshared_seed"),
    "work": ("train_waiting_jobs",),
}
_MODULE = {name: f"mlp.lab.{module}" for module, names in _PLACES.items() for name in names}

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


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first asked for: most need SciPy."""
    if name in _MODULE:
        return getattr(import_module(_MODULE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
