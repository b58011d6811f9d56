"""Finding 3: training with Estimator.fit instead of train_op.run rescues the tf.matmul model.

The post's chart shows 0.92 against 0.42 on digits, so a rescue is at least half of that gap there.
On iris and wine the accuracy of the model varies more from seed to seed (standard deviations of
0.15 and 0.3), and cohorts resolve less. On wine the margin is as large as the whole gap on digits.
"""

from __future__ import annotations

import pytest

from mlp.lab import Lab, Margin
from mlp.species.post.genome import MATMUL, MATMUL_ESTIMATOR

pytestmark = pytest.mark.finding("3")

RESCUED = Margin(0.25, {"iris": 0.3, "wine": 0.5})
GENES = [
    pytest.param(
        "coverage",
        marks=pytest.mark.refuted("no rescue beyond the margin", on=["iris", "wine"]),
    ),
    pytest.param("order", marks=pytest.mark.refuted("no effect beyond the margin")),
    pytest.param("batch_size", marks=pytest.mark.refuted("no effect beyond the margin")),
    pytest.param("trainer", marks=pytest.mark.refuted("with one plan the weights are identical")),
]


@pytest.mark.finding("3", states=True)
@pytest.mark.refuted("no rescue beyond the margin", on=["iris", "wine"])
def test_estimator_rescues_matmul(lab: Lab, dataset: str) -> None:
    """Finding 3: training with Estimator.fit and all it brings rescues the tf.matmul model."""
    lab.compare(MATMUL_ESTIMATOR, MATMUL, dataset, margin=RESCUED).assert_better()


@pytest.mark.role("sufficient")
@pytest.mark.parametrize("gene", GENES)
def test_one_gene_rescues_matmul(lab: Lab, gene: str, dataset: str) -> None:
    """Is the gene sufficient? Given alone to the failing tf.matmul model, it rescues it."""
    rescued = MATMUL.rescue(gene, donor=MATMUL_ESTIMATOR)
    lab.compare(rescued, MATMUL, dataset, margin=RESCUED).assert_better()


@pytest.mark.role("necessary")
@pytest.mark.parametrize("gene", GENES)
def test_knocking_out_one_gene_undoes_the_rescue(lab: Lab, gene: str, dataset: str) -> None:
    """Is the gene necessary? Knocked out alone, the rescued tf.matmul model fails again."""
    knocked_out = MATMUL_ESTIMATOR.knockout(gene, donor=MATMUL)
    lab.compare(knocked_out, MATMUL_ESTIMATOR, dataset, margin=RESCUED).assert_worse()
