"""The options of a study: what is trained, on which seeds, and where it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlp.lab import DEFAULT_SEEDS, DEFAULT_STORE, FIRST_SEED, FIRST_SEEDS
from mlp.report import outputs
from mlp.species.post import data
from mlp.species.post.protocol import PROTOCOLS, Protocol


def add(group: pytest.OptionGroup) -> None:
    """All options of the suite."""
    group.addoption(
        "--mlp-dataset",
        action="append",
        metavar="NAME[,NAME]",
        help=f"Use only these datasets: {', '.join(data.names())}. Default: all. To ask one "
        "question, name a claim and a dataset: pytest hypotheses -k estimator_rescues_matmul "
        "--mlp-dataset=digits",
    )
    group.addoption(
        "--mlp-protocol",
        default="quick",
        metavar="NAME",
        help=f"Training budget: {'; '.join(map(_budget, PROTOCOLS.values()))}. Default: quick.",
    )
    group.addoption(
        "--mlp-seeds",
        type=_integer,
        default=DEFAULT_SEEDS,
        metavar="N",
        help="Maximum seeds per comparison. Results are checked at several sample sizes, and "
        f"training stops once they are conclusive. Default: {DEFAULT_SEEDS}.",
    )
    group.addoption(
        "--mlp-first-seed",
        type=_integer,
        metavar="N",
        help="First seed of every comparison. Another first seed repeats the study on new seeds. "
        f"Default: {FIRST_SEED}"
        + "".join(f"; with {name}, {first}" for name, first in FIRST_SEEDS.items())
        + ".",
    )
    group.addoption(
        "--mlp-store",
        type=Path,
        metavar="FILE",
        help="File that keeps all finished runs. A run that it holds is not trained again. "
        f"Default: {DEFAULT_STORE} in the root folder.",
    )
    group.addoption(
        "--mlp-fresh",
        action="store_true",
        help="Delete the runs in the store first, and train everything again.",
    )
    group.addoption(
        "--mlp-real",
        action="store_true",
        help="Train every run on the real TensorFlow API, none on the faster engine (slow).",
    )
    outputs.add_options(group)


def _budget(protocol: Protocol) -> str:
    return f"{protocol.name} = Adam {protocol.learning_rate:g}, {protocol.steps:,} steps"


def _integer(text: str) -> int | str:
    """A whole number; anything else as it stands, for `check_seeds` to refuse."""
    try:
        return int(text)
    except ValueError:
        return text
