"""The conclusion: training with tf.contrib.learn's Estimator is what makes the difference.

These claims are tested on the real API. All else that came with Estimator is held equal: the rows
and their order, the batch size, the initial weights, the number type.
"""

from __future__ import annotations

import pytest

from mlp.lab import Lab
from mlp.species.post.genome import LAYERS, LAYERS_ESTIMATOR, MATMUL, MATMUL_ESTIMATOR

pytestmark = pytest.mark.finding("Conclusion")


@pytest.mark.finding("Conclusion", states=True)
@pytest.mark.refuted("with one plan the weights are identical")
def test_estimator_alone_makes_layers_better(lab: Lab, dataset: str) -> None:
    """Conclusion: Estimator.fit itself makes the tf.layers model better than train_op.run."""
    without = LAYERS_ESTIMATOR.knockout("trainer", donor=LAYERS)
    lab.compare(LAYERS_ESTIMATOR, without, dataset).assert_better()


@pytest.mark.finding("Conclusion", states=True)
@pytest.mark.refuted("with one plan the weights are identical")
def test_estimator_alone_makes_matmul_better(lab: Lab, dataset: str) -> None:
    """Conclusion: Estimator.fit itself makes the tf.matmul model better than train_op.run."""
    without = MATMUL_ESTIMATOR.knockout("trainer", donor=MATMUL)
    lab.compare(MATMUL_ESTIMATOR, without, dataset).assert_better()


@pytest.mark.finding("Conclusion", states=True)
@pytest.mark.refuted("with one plan the weights are identical")
def test_estimator_alone_rescues_matmul(lab: Lab, dataset: str) -> None:
    """Conclusion: Estimator.fit fed only the first rows rescues the failing tf.matmul model."""
    rescued = MATMUL.rescue("trainer", donor=MATMUL_ESTIMATOR)
    lab.compare(rescued, MATMUL, dataset).assert_better()


def test_train_op_run_and_estimator_end_with_the_same_weights(lab: Lab, dataset: str) -> None:
    """With one plan, Estimator.fit and train_op.run end with the same weights, bit for bit."""
    without = LAYERS_ESTIMATOR.knockout("trainer", donor=LAYERS)
    lab.compare(LAYERS_ESTIMATOR, without, dataset).assert_identical()


def test_estimator_fed_only_the_first_rows_fails_as_the_direct_loop_does(
    lab: Lab, dataset: str
) -> None:
    """Fed only the first rows, Estimator.fit leaves the tf.matmul model where train_op.run does."""
    first_rows = MATMUL.rescue("trainer", donor=MATMUL_ESTIMATOR)
    lab.compare(first_rows, MATMUL, dataset).assert_identical()


def test_direct_loop_over_all_rows_does_as_well_as_estimator(lab: Lab, dataset: str) -> None:
    """Given all rows, train_op.run takes the tf.matmul model where Estimator.fit does."""
    all_rows = MATMUL_ESTIMATOR.knockout("trainer", donor=MATMUL)
    lab.compare(all_rows, MATMUL_ESTIMATOR, dataset).assert_identical()
