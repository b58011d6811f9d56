"""The 2018 study: four small TensorFlow MLPs, the same on paper. It is the first species."""

from mlp.species.post.genome import (
    LAYERS,
    LAYERS_ESTIMATOR,
    LAYERS_ESTIMATOR_FLOAT32,
    MATMUL,
    MATMUL_ESTIMATOR,
    STRAINS,
    Mlp,
)

__all__ = [
    "LAYERS",
    "LAYERS_ESTIMATOR",
    "LAYERS_ESTIMATOR_FLOAT32",
    "MATMUL",
    "MATMUL_ESTIMATOR",
    "STRAINS",
    "Mlp",
]
