"""Finding 2: knocking out Estimator.fit, running the train op, degrades tf.layers a lot.

The post's chart shows 0.97 against 0.72 on digits, so "a lot" is 0.1 or more there. The validation
sets of iris and wine have 15 and 17 rows, so "a lot" is 0.25 there, about four rows. At the
published protocol wine's gap is half as wide, and its margin is 0.1. A single gene must explain
about half of the gap on digits and wine. float64 runs are slow, so the other genes are tested at
float32. At the published protocol, dtype must explain most of the gap on digits (margin 0.2).
"""

from __future__ import annotations

import pytest

from mlp.lab import Lab, Margin
from mlp.species.post.genome import LAYERS, LAYERS_ESTIMATOR, LAYERS_ESTIMATOR_FLOAT32

pytestmark = pytest.mark.finding("2")

A_LOT = Margin(0.25, {"digits": 0.1}, under={"published": {"wine": 0.1}})
A_LOT_BY_ONE_GENE = Margin(
    0.25, {"digits": 0.1}, under={"published": {"digits": 0.15, "wine": 0.15}}
)
A_LOT_BY_THE_NUMBER_TYPE = Margin(0.25, {"digits": 0.1}, under={"published": {"digits": 0.2}})
NO_GAP = "on iris there is no gap to explain"
GENES = [
    pytest.param(
        "coverage",
        marks=pytest.mark.refuted("not the gene responsible there", on=["iris", "wine"]),
    ),
    pytest.param("order", marks=pytest.mark.refuted("no effect beyond the margin")),
    pytest.param(
        "logits",
        marks=pytest.mark.refuted("not the gene responsible there", on=["digits", "iris"]),
    ),
    pytest.param("trainer", marks=pytest.mark.refuted("with one plan the weights are identical")),
]


@pytest.mark.finding("2", states=True)
@pytest.mark.refuted(NO_GAP, on="iris")
def test_knocking_out_estimator_degrades_layers(lab: Lab, dataset: str) -> None:
    """Finding 2: without Estimator.fit and all it brought, the tf.layers model does a lot worse."""
    lab.compare(LAYERS, LAYERS_ESTIMATOR, dataset, margin=A_LOT).assert_worse()


@pytest.mark.role("necessary")
@pytest.mark.parametrize("gene", GENES)
def test_knocking_out_one_gene_degrades_layers(lab: Lab, gene: str, dataset: str) -> None:
    """Is the gene necessary? Knocked out alone, the tf.layers model does a lot worse."""
    knocked_out = LAYERS_ESTIMATOR_FLOAT32.knockout(gene, donor=LAYERS)
    lab.compare(
        knocked_out, LAYERS_ESTIMATOR_FLOAT32, dataset, margin=A_LOT_BY_ONE_GENE
    ).assert_worse()


@pytest.mark.role("sufficient")
@pytest.mark.parametrize("gene", GENES)
def test_one_gene_rescues_layers(lab: Lab, gene: str, dataset: str) -> None:
    """Is the gene sufficient? Given alone to the failing tf.layers model, it rescues it."""
    rescued = LAYERS.rescue(gene, donor=LAYERS_ESTIMATOR)
    lab.compare(rescued, LAYERS, dataset, margin=A_LOT_BY_ONE_GENE).assert_better()


@pytest.mark.role("necessary")
@pytest.mark.refuted("not the gene responsible")
@pytest.mark.parametrize("gene", ["dtype"])
def test_knocking_out_the_number_type_degrades_layers(lab: Lab, gene: str, dataset: str) -> None:
    """Is the gene necessary? With float32 alone, the tf.layers model does a lot worse."""
    knocked_out = LAYERS_ESTIMATOR.knockout(gene, donor=LAYERS)
    lab.compare(
        knocked_out, LAYERS_ESTIMATOR, dataset, margin=A_LOT_BY_THE_NUMBER_TYPE
    ).assert_worse()


@pytest.mark.role("sufficient")
@pytest.mark.refuted("not the gene responsible")
@pytest.mark.parametrize("gene", ["dtype"])
def test_the_number_type_rescues_layers(lab: Lab, gene: str, dataset: str) -> None:
    """Is the gene sufficient? With float64 alone, the failing tf.layers model does a lot better."""
    rescued = LAYERS.rescue(gene, donor=LAYERS_ESTIMATOR)
    lab.compare(rescued, LAYERS, dataset, margin=A_LOT_BY_THE_NUMBER_TYPE).assert_better()
