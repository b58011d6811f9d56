"""Finding 3: training with Estimator.fit instead of train_op.run rescues the tf.matmul model."""

from __future__ import annotations

import pytest

from mlp.genome import MATMUL, MATMUL_ESTIMATOR
from mlp.lab import Lab

pytestmark = pytest.mark.finding("3")

A_LOT = 0.1


def test_estimator_rescues_matmul(lab: Lab, dataset: str) -> None:
    """Finding 3: training with Estimator.fit, as published, rescues the tf.matmul model."""
    lab.compare(MATMUL_ESTIMATOR, MATMUL, dataset, margin=A_LOT).assert_better()


@pytest.mark.parametrize("gene", ["coverage", "order", "batch_size"])
def test_one_gene_rescues_matmul(lab: Lab, gene: str, dataset: str) -> None:
    """Is the gene sufficient? Given alone to the failing tf.matmul model, it rescues it."""
    rescued = MATMUL.rescue(gene, donor=MATMUL_ESTIMATOR)
    lab.compare(rescued, MATMUL, dataset, margin=A_LOT).assert_better()


@pytest.mark.parametrize("gene", ["coverage", "order", "batch_size"])
def test_knocking_out_one_gene_degrades_matmul(lab: Lab, gene: str, dataset: str) -> None:
    """Is the gene necessary? Knocked out alone, the rescued tf.matmul model does worse."""
    knocked_out = MATMUL_ESTIMATOR.knockout(gene, donor=MATMUL)
    lab.compare(knocked_out, MATMUL_ESTIMATOR, dataset, margin=A_LOT).assert_worse()
