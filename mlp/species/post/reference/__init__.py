"""Runs of the original programs, recorded under TensorFlow 1.4.1 (see README.md in this folder)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlp.species.post.genome import Mlp

_HERE = Path(__file__).parent

SEEDS = (0, 42, 1337)
"""Seeds of the runs whose curves were recorded."""


@dataclass(frozen=True, eq=False)
class Trace:
    """The first 200 steps of one original run, seed 0, at a learning rate of 1e-4.

    `rows` int32 [200, batch] are the dataset rows of each step, padded with -1. `loss` float32
    [200] is the loss before each update. `weights` and `biases` are seven initial values each.
    """

    rows: NDArray[np.int32]
    loss: NDArray[np.float32]
    weights: tuple[NDArray[np.floating], ...]
    biases: tuple[NDArray[np.floating], ...]


def trace(strain_name: str, dataset: str) -> Trace:
    """The recorded trace of a strain on "digits" or "iris".

    Raises:
        GenomeError: an unknown strain.
        FileNotFoundError: no trace of that dataset was recorded.
    """
    Mlp.strain(strain_name)
    path = _HERE / f"trace_{strain_name}_{dataset}.npz"
    with np.load(path, allow_pickle=False) as raw:
        init = [raw[f"init_{i:02d}"] for i in range(14)]
        interleaved = strain_name.startswith("layers")
        weights, biases = (init[::2], init[1::2]) if interleaved else (init[:7], init[7:])
        return Trace(raw["rows"], raw["loss"], tuple(weights), tuple(biases))


@cache
def curves() -> dict[str, Any]:
    """`{dataset: {strain: {seed: {"step": [...], "validation_accuracy": [...]}}}}`."""
    return json.loads((_HERE / "curves.json").read_text("utf-8"))


def final_accuracies(strain_name: str, dataset: str) -> NDArray[np.float64]:
    """Final validation accuracies of the three recorded runs, [3], in the order of `SEEDS`."""
    recorded = curves()[dataset][strain_name]
    return np.array([recorded[str(s)]["validation_accuracy"][-1] for s in SEEDS])
