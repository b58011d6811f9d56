"""Finding 1: swapping tf.matmul for tf.layers, or hyperparameters, makes little difference.

The post calls gaps of about 0.05 little and of about 0.3 a lot: the line is drawn between.
"""

from __future__ import annotations

import pytest

from mlp.genome import LAYERS, LAYERS_ESTIMATOR, MATMUL, MATMUL_ESTIMATOR
from mlp.lab import Lab

pytestmark = pytest.mark.finding("1")

LITTLE = 0.15
HYPERPARAMETERS = {"dropout": 0.2, "layer_size": 32, "rate_scale": 0.3}


def test_layers_is_equivalent_to_matmul_under_train_op_run(lab: Lab, dataset: str) -> None:
    """Finding 1: under train_op.run, swapping tf.matmul for tf.layers makes little difference."""
    lab.compare(LAYERS, MATMUL, dataset, margin=LITTLE).assert_equivalent()


def test_layers_is_equivalent_to_matmul_under_estimator(lab: Lab, dataset: str) -> None:
    """Finding 1: under Estimator.fit, swapping tf.matmul for tf.layers makes little difference."""
    lab.compare(LAYERS_ESTIMATOR, MATMUL_ESTIMATOR, dataset, margin=LITTLE).assert_equivalent()


def test_dense_operation_alone_makes_no_difference(lab: Lab, dataset: str) -> None:
    """Finding 1: tf.layers.dense in place of tf.matmul, all else equal, makes no difference."""
    swapped = MATMUL.rescue("dense", donor=LAYERS)
    lab.compare(swapped, MATMUL, dataset).assert_equivalent()


@pytest.mark.parametrize("gene", HYPERPARAMETERS)
def test_hyperparameter_acts_alike_on_matmul_and_layers(lab: Lab, gene: str, dataset: str) -> None:
    """Finding 1: changing a hyperparameter does not act differently on matmul and on layers."""
    allele = HYPERPARAMETERS[gene]
    changed = [
        (strain.with_alleles(**{gene: allele}), strain)
        for strain in (LAYERS_ESTIMATOR, MATMUL_ESTIMATOR)
    ]
    lab.compare_effects(changed[0], changed[1], dataset, margin=LITTLE).assert_equivalent()
