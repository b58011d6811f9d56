"""Finding 4: the tf.layers model is in general a little better than tf.matmul, digits above all."""

from __future__ import annotations

import pytest

from mlp.genome import LAYERS, LAYERS_ESTIMATOR, MATMUL, MATMUL_ESTIMATOR
from mlp.lab import Lab

pytestmark = pytest.mark.finding("4")

A_LITTLE = 0.02
UNDER = {
    "train_op_run": (LAYERS, MATMUL),
    "estimator": (LAYERS_ESTIMATOR, MATMUL_ESTIMATOR),
}


@pytest.mark.parametrize("trainer", UNDER)
def test_layers_is_a_little_better_than_matmul(lab: Lab, trainer: str, dataset: str) -> None:
    """Finding 4: the tf.layers model is a little better than the tf.matmul one."""
    layers, matmul = UNDER[trainer]
    lab.compare(layers, matmul, dataset, margin=A_LITTLE).assert_better()


@pytest.mark.parametrize("trainer", UNDER)
@pytest.mark.parametrize("other", ["iris", "wine"])
def test_layers_gains_most_on_digits(lab: Lab, trainer: str, other: str) -> None:
    """Finding 4: tf.layers' lead over tf.matmul is larger on digits than on another dataset."""
    pair = UNDER[trainer]
    gain = lab.compare_effects(pair, pair, "digits", second_dataset=other, margin=A_LITTLE)
    gain.assert_better()
