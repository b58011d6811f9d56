"""From one plan, the cohort engine and the real API paths make the same runs."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

from mlp.species.post.data import load
from mlp.species.post.genome import LAYERS, STRAINS, Mlp
from mlp.species.post.plan import make_plan
from mlp.species.post.protocol import Protocol
from mlp.species.post.trainers import train
from mlp.species.post.trainers.cohort import train_cohort
from mlp.species.post.trainers.training import Training

WITHIN = 1e-4
CASES = [(name, data, 1e-4) for name in STRAINS for data in ("digits", "iris", "wine")]
CASES += [(name, data, 1e-3) for name, data, _ in CASES if STRAINS[name].bias == "unit"]
"""Strains, datasets, learning rates: the published one, and where every operation rounds alike, so
that no chaos sets in, ten times that."""


def trained(genome: Mlp, dataset: str, protocol: Protocol) -> tuple[Training, Training]:
    """The real trainer's training of one seed, and the engine's, which trains others with it."""
    from mlp.species.post.trainers.direct import train_direct
    from mlp.species.post.trainers.estimator import train_estimator

    plans = [make_plan(genome, load(dataset), seed) for seed in (1, 2, 3)]
    real = train_direct if genome.trainer == "direct" else train_estimator
    engine = train_cohort(plans, protocol, losses=True)
    return real(plans[1], protocol, losses=True), engine[1]


@cache
def products_round_alike(dtype: str) -> bool:
    """Whether TensorFlow rounds a matrix product as one of several, at all shapes of the study."""
    from mlp.species.post.backend import tensorflow as tf

    draw = np.random.RandomState(0)

    def apart(a: Any, b: Any, **turned: bool) -> int:
        one = tf.matmul(a, b, **turned)
        both = (tf.stack([matrix] * 2)[:, None] for matrix in (a, b))
        return int(tf.reduce_sum(tf.cast(tf.matmul(*both, **turned)[1, 0] != one, tf.int32)))

    found = 0
    for rows in (16, 31, 50, 56, 64):
        for inputs, outputs in ((4, 64), (13, 64), (64, 64), (64, 3), (64, 10)):
            x, w, dz = (
                tf.constant(draw.standard_normal(form), dtype)
                for form in ((rows, inputs), (inputs, outputs), (rows, outputs))
            )
            found += apart(x, w) + apart(x, dz, transpose_a=True) + apart(dz, w, transpose_b=True)
    return not found


EXACT = [(name, data, 0.0) for name in STRAINS for data in ("digits", "iris", "wine")]
EXACT += [("layers_estimator", "digits", 0.2), ("matmul", "wine", 0.2)]


@pytest.mark.parametrize(("name", "dataset", "dropout"), EXACT)
def test_engine_ends_with_the_real_trainers_weights(
    name: str, dataset: str, dropout: float
) -> None:
    """To the last bit, at the quick protocol's rate; and so do the losses on the way."""
    if not products_round_alike(STRAINS[name].dtype):
        pytest.skip("this processor's library rounds a product otherwise if it is one of several")
    protocol = Protocol(name="agreement", learning_rate=1e-3, steps=200, sample_every=100)
    real, engine = trained(STRAINS[name].with_alleles(dropout=dropout), dataset, protocol)

    assert real.losses is not None
    assert engine.losses is not None
    np.testing.assert_array_equal(engine.losses, real.losses)
    for one, other in zip(engine.variables, real.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    assert engine.run.saw == real.run.saw
    assert engine.run.curves == real.run.curves


FORMS = list(product(("matmul", "layers"), ("scalar", "unit"), ("float32", "float64")))
FORMED = [
    (*form, dataset, ("direct", "estimator")[i % 2], ("first_batch", "all")[(i + j) % 2])
    for j, form in enumerate(FORMS)
    for i, dataset in enumerate(("digits", "iris", "wine"), start=j // 2)
]
"""Every dense operation, bias, number type and dataset, with trainers and coverages in turn."""


@pytest.mark.parametrize(("dense", "bias", "dtype", "dataset", "trainer", "coverage"), FORMED)
def test_engine_trains_the_real_apis_runs_however_a_layer_is_written(
    dense: str, bias: str, dtype: str, dataset: str, trainer: str, coverage: str
) -> None:
    if not products_round_alike(dtype):
        pytest.skip("this processor's library rounds a product otherwise if it is one of several")
    genome = LAYERS.as_compared().with_alleles(
        dense=dense, bias=bias, dtype=dtype, trainer=trainer, coverage=coverage, order="reshuffled"
    )
    protocol = Protocol(name="forms", learning_rate=1e-3, steps=12, sample_every=4)
    genomes, seeds = [genome] * 2, [1, 2]

    real = train(genomes, dataset, protocol, seeds, trainer)
    engine = train(genomes, dataset, protocol, seeds, "cohort")

    assert real == engine


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_dense_operation_rounds_the_gradient_of_a_bias_per_unit_and_of_no_other(
    dtype: str,
) -> None:
    protocol = Protocol(name="forms", learning_rate=1e-3, steps=12, sample_every=12)

    def weights(**alleles: str) -> str:
        genome = LAYERS.with_alleles(dtype=dtype, **alleles)
        return train([genome], "digits", protocol, [1], "cohort")[0].weights

    assert weights(dense="matmul", bias="unit") != weights(dense="layers", bias="unit")
    assert weights(dense="matmul", bias="scalar") == weights(dense="layers", bias="scalar")


@pytest.mark.parametrize(("name", "dataset", "rate"), CASES)
def test_engine_and_real_trainer_agree_for_200_steps(name: str, dataset: str, rate: float) -> None:
    protocol = Protocol(name="agreement", learning_rate=rate, steps=200, sample_every=100)
    real, engine = trained(STRAINS[name], dataset, protocol)

    assert real.losses is not None
    assert engine.losses is not None
    assert real.losses.shape == engine.losses.shape == (200,)
    apart = np.abs(real.losses - engine.losses) / np.maximum(1.0, np.abs(real.losses))
    assert apart.max() <= WITHIN
    assert real.run.saw["order"] == engine.run.saw["order"]
    assert real.run.saw["init"] == engine.run.saw["init"]
    assert real.run.saw["distinct_rows"] == engine.run.saw["distinct_rows"]
