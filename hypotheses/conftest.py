"""Datasets of the suite's own. Registered here, every process of a study knows them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlp.species.post import data


def _wine_scaled() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Wine, each feature brought to mean 0 and standard deviation 1 over all rows."""
    wine = data.load("wine")
    return (wine.x - wine.x.mean(axis=0)) / wine.x.std(axis=0), wine.y


data.register("wine_scaled", _wine_scaled, opt_in=True)
