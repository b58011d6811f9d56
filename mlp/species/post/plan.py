"""What a run will be fed, from genome and seed alone: weights, rows per step, dropout seeds.

Every trainer executes the same plan. All draws come from NumPy's legacy `RandomState`, whose
streams are frozen, seeded by a SHA-256 digest of what they are for: the same on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, repeat

import numpy as np
from numpy.typing import NDArray

from mlp.species.post.data import Dataset, Split, split
from mlp.species.post.genome import HIDDEN_LAYERS, Mlp

PUBLISHED_SEED = 42
"""The seed the published programs fix for the split and, within Estimator, for the feeder."""

Array = NDArray[np.floating]


def stream(*what: object) -> np.random.RandomState:
    """A generator seeded by a digest of `what`: equal arguments, equal draws."""
    digest = hashlib.sha256(repr(what).encode()).digest()
    return np.random.RandomState(np.frombuffer(digest, dtype="<u4").astype(np.uint32))


@dataclass(frozen=True, eq=False)
class Plan:
    """What one run will be fed.

    `weights` are seven arrays [inputs, outputs]; `biases` seven arrays, [] (one scalar per layer)
    or [outputs]. `dropout_seed` seeds every dropout mask of the run together with the layer's
    number and the number of updates made (see `mlp.network`).
    """

    genome: Mlp
    dataset: Dataset
    seed: int
    split: Split
    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    dropout_seed: int

    @property
    def covered(self) -> NDArray[np.int64]:
        """The training rows the run may ever see, as rows of the dataset, in split order."""
        return self.split.training[: covered_rows(self.genome, self.dataset)]

    @property
    def batch(self) -> int:
        """Rows of a full batch: the batch size, or all covered rows where those are fewer."""
        return min(self.genome.batch_size, len(self.covered))

    def epochs(self) -> Iterator[NDArray[np.int64]]:
        """The covered rows in the order of each epoch, without end."""
        covered, order = self.covered, self.genome.order
        generator = np.random.RandomState(
            PUBLISHED_SEED
            if self.genome.shuffle_seed == "42"
            else stream("feeder", self.seed).randint(2**31)
        )
        if order == "reshuffled":
            while True:
                yield covered[generator.permutation(len(covered))]
        shuffled = order == "shuffled_once"
        yield from repeat(covered[generator.permutation(len(covered))] if shuffled else covered)

    def batches(self) -> Iterator[NDArray[np.int64]]:
        """Rows of the dataset fed at each step, without end; an epoch's last batch may be short."""
        for rows in self.epochs():
            for start in range(0, len(rows), self.batch):
                yield rows[start : start + self.batch]

    def rows(self, steps: int) -> NDArray[np.int32]:
        """Rows fed at the first `steps` steps, int32 [steps, batch]; short batches end in -1."""
        size, count = self.batch, len(self.covered)
        length = -(-count // size)
        drawn = np.full((-(-steps // length), length * size), -1, np.int32)
        for row, epoch in zip(drawn, self.epochs(), strict=False):
            row[:count] = epoch
        return drawn.reshape(-1, size)[:steps]

    @property
    def init_digest(self) -> str:
        """SHA-256 of the initial weights and biases, as float32."""
        return digest(*self.weights, *self.biases, dtype=np.float32)


def digest(*arrays: NDArray, dtype: type | None = None) -> str:
    """SHA-256 over shapes and values of `arrays`, cast to `dtype` (default: each its own)."""
    state = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray(array, dtype=dtype or array.dtype)
        state.update(repr((array.shape, array.dtype.str)).encode())
        state.update(array.tobytes())
    return state.hexdigest()


def covered_rows(genome: Mlp, dataset: Dataset) -> int:
    """How many training rows `genome` may ever see on `dataset`."""
    total = dataset.training_rows
    if genome.coverage == "all":
        return total
    if genome.coverage == "first_batch":
        return min(genome.batch_size, total)
    return max(1, round(float(genome.coverage) * total))


def layer_shapes(genome: Mlp, dataset: Dataset) -> tuple[tuple[int, int], ...]:
    """(inputs, outputs) of the seven weight matrices."""
    sizes = [dataset.features, *[genome.layer_size] * HIDDEN_LAYERS, dataset.classes]
    return tuple(pairwise(sizes))


def make_plan(genome: Mlp, dataset: Dataset, seed: int) -> Plan:
    """The plan of `genome` on `dataset` under the run's seed `seed` (0 to 2**32 - 1).

    Initial weights depend on the seed, the init allele and the layers' shapes alone, unless
    `init_seed` is "unseeded": then on the whole genome, so that no other genome shares them.
    Float64 genomes start from the same float32 values.

    Raises:
        ValueError: a seed out of range.
    """
    if not 0 <= seed < 2**32:
        raise ValueError(f"a run's seed must be from 0 to 2**32 - 1; got {seed}")
    private = () if genome.init_seed == "run" else tuple(genome.alleles().items())
    generator = stream("init", seed, dataset.name, genome.init, *private)
    shapes = layer_shapes(genome, dataset)
    draw = _truncated_normal if genome.init == "truncated_normal" else _glorot_uniform
    weights = tuple(draw(generator, shape).astype(np.float32) for shape in shapes)
    scalar = genome.bias == "scalar"
    biases = tuple(
        np.array(1e-3, np.float32) if scalar else np.zeros(outputs, np.float32)
        for _, outputs in shapes
    )
    return Plan(
        genome=genome,
        dataset=dataset,
        seed=seed,
        split=split(dataset, PUBLISHED_SEED if genome.split == "42" else seed),
        weights=weights,
        biases=biases,
        dropout_seed=int(stream("dropout", seed).randint(2**30)),
    )


def _truncated_normal(
    generator: np.random.RandomState, shape: tuple[int, int], sd: float = 0.05
) -> Array:
    """Normal of mean 0 and standard deviation `sd`, redrawn beyond 2 sd."""
    values = generator.standard_normal(shape)
    while (beyond := np.abs(values) > 2).any():
        values[beyond] = generator.standard_normal(int(beyond.sum()))
    return sd * values


def _glorot_uniform(generator: np.random.RandomState, shape: tuple[int, int]) -> Array:
    """Uniform on +-sqrt(6 / (inputs + outputs)) (Glorot & Bengio 2010)."""
    limit = np.sqrt(6.0 / sum(shape))
    return generator.uniform(-limit, limit, shape)
