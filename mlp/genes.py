"""Genes and alleles: the respects in which two training pipelines can differ."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from mlp.chosen import one_of

Allele = str | int | float


class GenomeError(ValueError):
    """A gene, allele or strain that does not exist, or a change that changes nothing."""


@dataclass(frozen=True)
class Gene:
    """One respect in which two pipelines can differ.

    `alleles` lists the named alleles. `number` says whether a number is an allele too, and `rule`
    says in words which numbers are. `meaning` is one line for people.
    """

    name: str
    meaning: str
    alleles: tuple[str, ...] = ()
    number: Callable[[Any], bool] | None = None
    rule: str = ""

    def valid(self, allele: object) -> bool:
        """Whether this gene has the allele `allele`."""
        if isinstance(allele, str):
            return allele in self.alleles
        is_number = isinstance(allele, (int, float)) and not isinstance(allele, bool)
        return is_number and self.number is not None and bool(self.number(allele))

    def choices(self) -> str:
        """The valid alleles, in words: "'first_batch', 'all' or a float share in (0, 1]"."""
        words = [repr(a) for a in self.alleles] + ([self.rule] if self.rule else [])
        return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _whole(low: int) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, int) and v >= low


def _open_closed_unit(v: float) -> bool:
    return isinstance(v, float) and 0.0 < v <= 1.0


_GENES = (
    Gene(
        "dense",
        "how a layer is written: tf.matmul(x, w) + b, or tf.layers.dense",
        ("matmul", "layers"),
    ),
    Gene("init", "distribution of the initial weights", ("truncated_normal", "glorot_uniform")),
    Gene(
        "bias",
        "one trainable scalar per layer starting at 1e-3, or one per unit starting at 0",
        ("scalar", "unit"),
    ),
    Gene(
        "logits",
        "what the loss takes as logits: softmax probabilities (double softmax) or raw logits",
        ("softmax", "raw"),
    ),
    Gene("trainer", "train_op.run in a session loop, or Estimator.fit", ("direct", "estimator")),
    Gene(
        "coverage",
        "training rows ever seen: the first batch, all, or the first share of them",
        ("first_batch", "all"),
        _open_closed_unit,
        "a float share in (0, 1]",
    ),
    Gene(
        "order",
        "order of the rows: as they stand, shuffled once, or reshuffled each epoch",
        ("fixed", "shuffled_once", "reshuffled"),
    ),
    Gene("batch_size", "rows per step", (), _whole(1), "a whole number of at least 1"),
    Gene("dtype", "number type of features, weights and arithmetic", ("float32", "float64")),
    Gene(
        "dropout_mode",
        "when dropout acts, if its rate is above 0",
        ("always", "never", "training"),
    ),
    Gene(
        "dropout",
        "rate at which hidden activations are dropped",
        (),
        lambda v: 0.0 <= v < 1.0,
        "a number in [0, 1)",
    ),
    Gene(
        "split", "seed of the data split: 42 whatever the run's seed, or the run's", ("42", "run")
    ),
    Gene(
        "init_seed",
        "initial weights drawn from the run's seed alone, or unseeded: shared with no other genome",
        ("run", "unseeded"),
    ),
    Gene(
        "shuffle_seed", "seed of the generator that shuffles rows: 42, or the run's", ("42", "run")
    ),
    Gene("layer_size", "units in each hidden layer", (), _whole(1), "a whole number of at least 1"),
    Gene(
        "rate_scale",
        "multiple of the protocol's learning rate",
        (),
        lambda v: 0.0 < v <= sys.float_info.max,
        "a number above 0",
    ),
    Gene(
        "reporting",
        "what is recorded while training, and nothing else: the whole curve, or its ends",
        ("curve", "ends"),
    ),
    Gene(
        "handicap",
        "share of right answers counted as wrong: plants an effect of known size",
        (),
        lambda v: 0.0 <= v < 1.0,
        "a number in [0, 1)",
    ),
)

GENES: Mapping[str, Gene] = {g.name: g for g in _GENES}
"""Every gene, by name, in the order of `Genome`'s fields."""


def plain(value: Any) -> Any:
    """`value` as int or float if it is a number of any kind (NumPy's too); otherwise `value`."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    try:
        return int(value) if isinstance(value, Integral) else float(value)
    except OverflowError:
        return value


def gene(name: str) -> Gene:
    """The gene called `name`.

    Raises:
        GenomeError: no gene has this name. The message lists the genes.
    """
    return one_of("gene", name, GENES, GenomeError)
