"""Finding 3: training with Estimator.fit instead of train_op.run rescues the tf.matmul model."""

from __future__ import annotations

import pytest

from mlp.genome import MATMUL, MATMUL_ESTIMATOR
from mlp.lab import Lab

pytestmark = pytest.mark.finding("3")


def test_coverage_alone_rescues_matmul(lab: Lab, dataset: str) -> None:
    """Seeing all the training rows, and nothing else of Estimator, rescues the model."""
    rescued = MATMUL.rescue("coverage", donor=MATMUL_ESTIMATOR)
    lab.compare(rescued, MATMUL, dataset).assert_better()
