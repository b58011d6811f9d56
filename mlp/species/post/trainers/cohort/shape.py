"""What the runs that are stacked in one graph have in common."""

from __future__ import annotations

from dataclasses import dataclass

from mlp.species.post.data import Dataset
from mlp.species.post.genome import Mlp
from mlp.species.post.plan import covered_rows


def expressed_in_engine(genome: Mlp) -> Mlp:
    """`genome` with the genes that cannot act in the engine set to one allele.

    The trainer never acts. The dense operation acts where there is a bias for each unit: it decides
    the order in which the bias's gradient is summed.
    """
    dense = genome.dense if genome.bias == "unit" else "matmul"
    return genome.expressed().with_alleles(dense=dense, trainer="direct")


@dataclass(frozen=True)
class Shape:
    """What the runs of one stack must have in common: with their number, a graph's key.

    `batch` are the rows of a full batch; `epoch` those of an epoch that ends in a short batch, or 0
    where all batches are full.
    """

    dataset: Dataset
    batch: int
    epoch: int
    layer_size: int
    bias: str
    dense: str
    logits: str
    dtype: str
    dropout: float
    dropout_mode: str
    reporting: str

    @classmethod
    def of(cls, genome: Mlp, dataset: Dataset) -> Shape:
        """The shape of the runs of one genome on a dataset."""
        genome = expressed_in_engine(genome)
        covered = covered_rows(genome, dataset)
        batch = min(genome.batch_size, covered)
        return cls(
            dataset,
            batch,
            covered if covered % batch else 0,
            genome.layer_size,
            genome.bias,
            genome.dense,
            genome.logits,
            genome.dtype,
            genome.dropout,
            genome.dropout_mode,
            genome.reporting,
        )
