"""The genes of the study's MLPs, and its four strains. Nothing here knows TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from mlp.genome import Genome, gene
from mlp.genome.gene import Idle
from mlp.species.post.data import DATASETS
from mlp.species.post.protocol import FIRST_SEEDS, PROTOCOLS

HIDDEN_LAYERS = 6
"""Number of hidden layers of every strain. A linear output layer follows."""


class Mlp(Genome):
    """One of the study's MLPs: six hidden layers, Adam, softmax cross-entropy."""

    dense: Literal["matmul", "layers"] = gene(
        "how a layer is written: tf.matmul(x, w) + b, or tf.layers.dense",
        acts_on=(),
        goes_with="bias",
    )
    init: Literal["truncated_normal", "glorot_uniform"] = gene(
        "distribution of the initial weights", acts_on="init"
    )
    bias: Literal["scalar", "unit"] = gene(
        "one trainable scalar per layer starting at 1e-3, or one per unit starting at 0",
        acts_on="init",
    )
    logits: Literal["softmax", "raw"] = gene(
        "what the loss takes as logits: softmax probabilities (double softmax) or raw logits",
        acts_on="weights",
    )
    trainer: Literal["direct", "estimator"] = gene(
        "train_op.run in a session loop, or Estimator.fit", acts_on="executor"
    )
    coverage: Literal["first_batch", "all"] | float = gene(
        "training rows ever seen: the first batch, all, or the first share of them",
        above=0,
        at_most=1,
        acts_on=("order", "distinct_rows"),
    )
    order: Literal["fixed", "shuffled_once", "reshuffled"] = gene(
        "order of the rows: as they stand, shuffled once, or reshuffled each epoch",
        acts_on="order",
    )
    batch_size: int = gene("rows per step", at_least=1, acts_on="order")
    dtype: Literal["float32", "float64"] = gene(
        "number type of features, weights and arithmetic", acts_on="weights"
    )
    dropout_mode: Literal["always", "never", "training"] = gene(
        "when dropout acts, if its rate is above 0",
        acts_on=("weights", "curves"),
        idle=Idle(lambda genome: genome.dropout == 0.0, "never"),
    )
    dropout: float = gene(
        "rate at which hidden activations are dropped",
        at_least=0,
        below=1,
        default=0.0,
        acts_on="weights",
        idle=Idle(lambda genome: genome.dropout_mode == "never", 0.0),
    )
    split: Literal["42", "run"] = gene(
        "seed of the data split: 42 whatever the run's seed, or the run's",
        acts_on="order",
        when_compared="run",
    )
    init_seed: Literal["run", "unseeded"] = gene(
        "initial weights drawn from the run's seed alone, or unseeded: shared with no other genome",
        acts_on="init",
        when_compared="run",
    )
    shuffle_seed: Literal["42", "run"] = gene(
        "seed of the generator that shuffles rows: 42, or the run's",
        default="42",
        acts_on="order",
        idle=Idle(lambda genome: genome.order == "fixed", "42"),
    )
    layer_size: int = gene("units in each hidden layer", at_least=1, default=64, acts_on="init")
    rate_scale: float = gene(
        "multiple of the protocol's learning rate",
        above=0,
        default=1.0,
        acts_on="weights",
    )
    reporting: Literal["curve", "ends"] = gene(
        "what is recorded while training, and nothing else: the whole curve, or its ends",
        default="curve",
        acts_on="report",
    )
    handicap: float = gene(
        "share of right answers counted as wrong: plants an effect of known size",
        at_least=0,
        below=1,
        default=0.0,
        acts_on="score",
    )

    datasets = DATASETS
    protocols = PROTOCOLS
    first_seeds = FIRST_SEEDS
    score_name = "final validation accuracy"

    trained_by = "mlp.species.post.executors:TRAINERS"
    drawn_by = "mlp.species.post.charts:charts"


MATMUL = Mlp(
    dense="matmul",
    init="truncated_normal",
    bias="scalar",
    logits="softmax",
    trainer="direct",
    coverage="first_batch",
    order="fixed",
    batch_size=50,
    dtype="float32",
    dropout_mode="always",
    split="42",
    init_seed="run",
)
LAYERS = Mlp(
    dense="layers",
    init="glorot_uniform",
    bias="unit",
    logits="softmax",
    trainer="direct",
    coverage="first_batch",
    order="fixed",
    batch_size=64,
    dtype="float32",
    dropout_mode="never",
    split="42",
    init_seed="run",
)
MATMUL_ESTIMATOR = Mlp(
    dense="matmul",
    init="truncated_normal",
    bias="scalar",
    logits="softmax",
    trainer="estimator",
    coverage="all",
    order="reshuffled",
    batch_size=64,
    dtype="float32",
    dropout_mode="always",
    split="run",
    init_seed="unseeded",
)
LAYERS_ESTIMATOR = Mlp(
    dense="layers",
    init="glorot_uniform",
    bias="unit",
    logits="raw",
    trainer="estimator",
    coverage="all",
    order="reshuffled",
    batch_size=64,
    dtype="float64",
    dropout_mode="training",
    split="42",
    init_seed="unseeded",
)

LAYERS_ESTIMATOR_FLOAT32 = LAYERS_ESTIMATOR.with_alleles(dtype="float32")
"""LAYERS_ESTIMATOR with the number type of the other strains, for comparisons gene by gene.

float64 trains several times slower. Claims of their own compare it."""

STRAINS: Mapping[str, Mlp] = {
    "matmul": MATMUL,
    "layers": LAYERS,
    "matmul_estimator": MATMUL_ESTIMATOR,
    "layers_estimator": LAYERS_ESTIMATOR,
}
"""The four strains of the study, as published, by name."""

Mlp.name_strains(**STRAINS)
