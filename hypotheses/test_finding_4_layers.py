"""Finding 4: the tf.layers model is in general a little better than tf.matmul, digits above all.

"A little" is more than 0.01 on digits. The validation sets of iris and wine have 15 and 17 rows:
there it is more than finding 1 calls little, at either protocol.

A gene answers for a lead if it alone makes or undoes half of it. Under train_op.run half is 0.15 on
digits, and 0.15 on wine, where tf.matmul leads. Under Estimator.fit half is 0.07 on digits and 0.15
on wine. A knockout must undo 0.07 there on digits, and 0.1 on wine. A rescue must bring 0.04 on
digits and the finding's own 0.05 on wine. A rescue by logits must bring half of the lead on wine:
after 700 steps its effect is too near 0.05 to be told from it. Where no lead was seen, the line is
the finding's own. The margins of the dense operation and of the number type
are larger, and may exceed the lead. Where an interval then reaches all of the lead, the explanation
leaves the gene's role open. The number type's knockout is that of finding 2.

At the published protocol the leads are smaller: half is 0.125 on digits under train_op.run, where
wine has no lead of 0.2 to divide. Under Estimator.fit a knockout, and the bias, is asked there for
0.1, more than the 0.08 that the lead came to on digits; a rescue for the finding's own line.
"""

from __future__ import annotations

import pytest

from mlp.lab import Lab, Margin
from mlp.species.post.genome import (
    LAYERS,
    LAYERS_ESTIMATOR,
    LAYERS_ESTIMATOR_FLOAT32,
    MATMUL,
    MATMUL_ESTIMATOR,
    Mlp,
)

pytestmark = pytest.mark.finding("4")

A_LITTLE_UNDER_ESTIMATOR = Margin(
    0.2, {"digits": 0.01, "wine": 0.05}, under={"published": {"wine": 0.04}}
)
A_LITTLE_UNDER_TRAIN_OP_RUN = Margin(
    0.2, {"digits": 0.01, "wine": 0.05}, under={"published": {"wine": 0.2}}
)
MORE_UNDER_ESTIMATOR = Margin(0.2, {"wine": 0.05}, under={"published": {"wine": 0.15}})
HALF_UNDER_TRAIN_OP_RUN = Margin(
    0.2, {"digits": 0.15, "wine": 0.15}, under={"published": {"digits": 0.125, "wine": 0.2}}
)
PART_UNDER_ESTIMATOR = Margin(
    0.2, {"digits": 0.07, "wine": 0.1}, under={"published": {"digits": 0.1, "wine": 0.1}}
)
RESCUED_UNDER_ESTIMATOR = Margin(
    0.2, {"digits": 0.04, "wine": 0.05}, under={"published": {"digits": 0.01, "wine": 0.04}}
)
HALF_BY_LOGITS_UNDER_ESTIMATOR = Margin(
    0.2, {"digits": 0.04, "wine": 0.15}, under={"published": {"digits": 0.01, "wine": 0.04}}
)
SLOW_UNDER_ESTIMATOR = Margin(0.2, {"digits": 0.1}, under={"published": {"digits": 0.2}})
SLOW_UNDER_TRAIN_OP_RUN = Margin(
    0.2, {"digits": 0.15, "wine": 0.15}, under={"published": {"digits": 0.2, "wine": 0.2}}
)
DENSE = pytest.param("dense", marks=pytest.mark.refuted("no effect beyond the margin"))


@pytest.mark.finding("4", states=True)
@pytest.mark.refuted("no lead of three rows", on="iris")
@pytest.mark.refuted("layers does worse there", on="wine", protocol="quick")
@pytest.mark.refuted("no lead of three rows there", on="wine", protocol="published")
def test_layers_is_a_little_better_under_train_op_run(lab: Lab, dataset: str) -> None:
    """Finding 4: under train_op.run, tf.layers is a little better than tf.matmul."""
    lab.compare(LAYERS, MATMUL, dataset, margin=A_LITTLE_UNDER_TRAIN_OP_RUN).assert_better()


@pytest.mark.finding("4", states=True)
@pytest.mark.refuted("no lead of three rows on iris", on="iris")
def test_layers_is_a_little_better_under_estimator(lab: Lab, dataset: str) -> None:
    """Finding 4: under Estimator.fit, tf.layers is a little better than tf.matmul."""
    lab.compare(
        LAYERS_ESTIMATOR_FLOAT32, MATMUL_ESTIMATOR, dataset, margin=A_LITTLE_UNDER_ESTIMATOR
    ).assert_better()


@pytest.mark.finding("4", states=True)
@pytest.mark.parametrize("other", ["iris", "wine"])
@pytest.mark.parametrize("dataset", ["digits"])
def test_layers_gains_most_on_digits_under_train_op_run(lab: Lab, other: str, dataset: str) -> None:
    """Finding 4: under train_op.run, tf.layers' lead is larger on digits than elsewhere."""
    pair = (LAYERS, MATMUL)
    lab.compare_effects(pair, pair, dataset, second_dataset=other).assert_better()


@pytest.mark.finding("4", states=True)
@pytest.mark.refuted("the lead is small on digits too, and larger on wine")
@pytest.mark.parametrize("other", ["iris", "wine"])
@pytest.mark.parametrize("dataset", ["digits"])
def test_layers_gains_most_on_digits_under_estimator(lab: Lab, other: str, dataset: str) -> None:
    """Finding 4: under Estimator.fit, tf.layers' lead is larger on digits than elsewhere."""
    pair = (LAYERS_ESTIMATOR_FLOAT32, MATMUL_ESTIMATOR)
    margin = MORE_UNDER_ESTIMATOR.at(other, lab.protocol_of(MATMUL).name)
    lab.compare_effects(pair, pair, dataset, second_dataset=other, margin=margin).assert_better()


def _better_and_worse(dataset: str) -> tuple[Mlp, Mlp]:
    """The model that leads under train_op.run, and the other."""
    return (MATMUL, LAYERS) if dataset == "wine" else (LAYERS, MATMUL)


TRAIN_OP_RUN_GENES = [
    pytest.param(
        "init",
        marks=[
            pytest.mark.refuted("no lead of three rows", on="iris"),
            pytest.mark.refuted("no lead of three rows there", on="wine", protocol="published"),
        ],
    ),
    pytest.param("bias", marks=pytest.mark.refuted("no effect beyond the margin")),
    pytest.param("batch_size", marks=pytest.mark.refuted("no effect beyond the margin")),
    DENSE,
]


@pytest.mark.role("necessary", of="under train_op.run")
@pytest.mark.parametrize("gene", TRAIN_OP_RUN_GENES)
def test_knocking_out_one_gene_undoes_the_lead(lab: Lab, gene: str, dataset: str) -> None:
    """Is the gene necessary under train_op.run? Knocked out alone, the better model does worse."""
    better, worse = _better_and_worse(dataset)
    knocked_out = better.knockout(gene, donor=worse)
    margin = SLOW_UNDER_TRAIN_OP_RUN if gene == "dense" else HALF_UNDER_TRAIN_OP_RUN
    lab.compare(knocked_out, better, dataset, margin=margin).assert_worse()


@pytest.mark.role("sufficient", of="under train_op.run")
@pytest.mark.parametrize("gene", TRAIN_OP_RUN_GENES)
def test_one_gene_rescues_the_worse_model(lab: Lab, gene: str, dataset: str) -> None:
    """Is the gene sufficient under train_op.run? Given alone, the worse model does better."""
    better, worse = _better_and_worse(dataset)
    rescued = worse.rescue(gene, donor=better)
    margin = SLOW_UNDER_TRAIN_OP_RUN if gene == "dense" else HALF_UNDER_TRAIN_OP_RUN
    lab.compare(rescued, worse, dataset, margin=margin).assert_better()


@pytest.mark.role("necessary", of="under Estimator.fit")
@pytest.mark.parametrize(
    "gene",
    [
        pytest.param("init", marks=pytest.mark.refuted("tf.layers' logits do without it")),
        pytest.param("bias", marks=pytest.mark.refuted("no effect beyond the margin")),
        pytest.param(
            "logits",
            marks=pytest.mark.refuted("tf.layers' initial weights do", on=["digits", "iris"]),
        ),
        DENSE,
    ],
)
def test_knocking_out_one_gene_undoes_the_lead_under_estimator(
    lab: Lab, gene: str, dataset: str
) -> None:
    """Is the gene necessary under Estimator.fit? Knocked out alone, tf.layers does worse."""
    knocked_out = LAYERS_ESTIMATOR_FLOAT32.knockout(gene, donor=MATMUL_ESTIMATOR)
    margin = SLOW_UNDER_ESTIMATOR if gene == "dense" else PART_UNDER_ESTIMATOR
    lab.compare(knocked_out, LAYERS_ESTIMATOR_FLOAT32, dataset, margin=margin).assert_worse()


@pytest.mark.role("sufficient", of="under Estimator.fit")
@pytest.mark.parametrize(
    "gene",
    [
        pytest.param(
            "init", marks=pytest.mark.refuted("harms wine, no lead on iris", on=["iris", "wine"])
        ),
        pytest.param(
            "bias",
            marks=[
                pytest.mark.refuted("no effect beyond the margin", on=["digits", "iris"]),
                pytest.mark.refuted("not all of the lead", on="wine", protocol="published"),
            ],
        ),
        pytest.param(
            "logits",
            marks=[
                pytest.mark.refuted("no lead of three rows", on="iris"),
                pytest.mark.refuted("not half of the lead alone", on="wine", protocol="quick"),
            ],
        ),
        DENSE,
    ],
)
def test_one_gene_rescues_matmul_under_estimator(lab: Lab, gene: str, dataset: str) -> None:
    """Is the gene sufficient under Estimator.fit? Given alone, tf.matmul does better."""
    rescued = MATMUL_ESTIMATOR.rescue(gene, donor=LAYERS_ESTIMATOR_FLOAT32)
    asked = {
        "dense": SLOW_UNDER_ESTIMATOR,
        "bias": PART_UNDER_ESTIMATOR,
        "logits": HALF_BY_LOGITS_UNDER_ESTIMATOR,
    }
    margin = asked.get(gene, RESCUED_UNDER_ESTIMATOR)
    lab.compare(rescued, MATMUL_ESTIMATOR, dataset, margin=margin).assert_better()


@pytest.mark.role("sufficient", of="under Estimator.fit")
@pytest.mark.refuted("not the gene responsible")
@pytest.mark.parametrize("gene", ["dtype"])
def test_the_number_type_rescues_matmul_under_estimator(lab: Lab, gene: str, dataset: str) -> None:
    """Is the gene sufficient under Estimator.fit? With float64 alone, tf.matmul does better."""
    rescued = MATMUL_ESTIMATOR.rescue(gene, donor=LAYERS_ESTIMATOR)
    lab.compare(rescued, MATMUL_ESTIMATOR, dataset, margin=SLOW_UNDER_ESTIMATOR).assert_better()
