"""Knockout and rescue experiments on small TensorFlow training pipelines.

>>> from mlp import Lab, MATMUL, MATMUL_ESTIMATOR
>>> Lab().compare(MATMUL_ESTIMATOR, MATMUL, "digits")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlp.genes import GENES
from mlp.genome import (
    LAYERS,
    LAYERS_ESTIMATOR,
    LAYERS_ESTIMATOR_FLOAT32,
    MATMUL,
    MATMUL_ESTIMATOR,
    STRAINS,
    Genome,
    differing,
    strain,
)
from mlp.run import PROTOCOLS, Protocol, Run

if TYPE_CHECKING:
    from mlp.lab import Lab

__all__ = [
    "GENES",
    "LAYERS",
    "LAYERS_ESTIMATOR",
    "LAYERS_ESTIMATOR_FLOAT32",
    "MATMUL",
    "MATMUL_ESTIMATOR",
    "PROTOCOLS",
    "STRAINS",
    "Genome",
    "Lab",
    "Protocol",
    "Run",
    "differing",
    "strain",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    """The lab on first use: it imports SciPy, which spawned processes need not wait for."""
    if name == "Lab":
        from mlp.lab import Lab

        return Lab
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
