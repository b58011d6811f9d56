"""Knockout and rescue experiments on small TensorFlow training pipelines.

>>> from mlp import Lab, MATMUL, MATMUL_ESTIMATOR
>>> Lab().compare(MATMUL_ESTIMATOR, MATMUL, "digits")
"""

from mlp.genome import (
    GENES,
    LAYERS,
    LAYERS_ESTIMATOR,
    MATMUL,
    MATMUL_ESTIMATOR,
    STRAINS,
    Genome,
    differing,
    strain,
)
from mlp.lab import Lab
from mlp.run import PROTOCOLS, Protocol, Run

__all__ = [
    "GENES",
    "LAYERS",
    "LAYERS_ESTIMATOR",
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
