"""Genes, alleles and genomes: every respect in which two training pipelines can differ.

A `Genome` is a full set of alleles, frozen and hashable. The four strains of the 2018 study are
named genomes; `knockout` and `rescue` give a strain one allele of a donor. Nothing here knows
TensorFlow.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from numbers import Integral, Real
from typing import Any

Allele = str | int | float


@dataclass(frozen=True)
class Gene:
    """One respect in which two pipelines can differ.

    `alleles` is the closed list of named alleles; `number` accepts further, numeric alleles and
    `rule` says in words which. `meaning` is one line for people.
    """

    name: str
    meaning: str
    alleles: tuple[str, ...] = ()
    number: Callable[[Any], bool] | None = None
    rule: str = ""

    def valid(self, allele: object) -> bool:
        """Whether `allele` is one of this gene's."""
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
    Gene("feeder", "seed of the generator that shuffles rows: 42, or the run's", ("42", "run")),
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

HIDDEN_LAYERS = 6
"""Hidden layers of every strain of the study; a linear output layer follows."""


class GenomeError(ValueError):
    """A gene, allele or strain that does not exist, or an edit that changes nothing."""


def _suggest(word: object, valid: list[str]) -> str:
    near = difflib.get_close_matches(str(word), valid, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _plain(value: Any) -> Any:
    """A number of any kind, NumPy's too, as int or float; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    try:
        return int(value) if isinstance(value, Integral) else float(value)
    except OverflowError:
        return value


def gene(name: str) -> Gene:
    """The gene called `name`.

    Raises:
        GenomeError: there is none; the message lists those there are.
    """
    if not isinstance(name, str) or name not in GENES:
        raise GenomeError(
            f"a gene must be one of {', '.join(GENES)}; got {name!r}{_suggest(name, list(GENES))}"
        )
    return GENES[name]


@dataclass(frozen=True, kw_only=True)
class Genome:
    """A full set of alleles. See `GENES` for what each gene means and which alleles it has.

    Raises:
        GenomeError: an allele is not one of its gene's; the message lists the valid ones.
    """

    dense: str
    init: str
    bias: str
    logits: str
    trainer: str
    coverage: str | float
    order: str
    batch_size: int
    dtype: str
    dropout_mode: str
    dropout: float = 0.0
    split: str
    init_seed: str
    feeder: str = "42"
    layer_size: int = 64
    rate_scale: float = 1.0
    reporting: str = "curve"
    handicap: float = 0.0

    def __post_init__(self) -> None:
        for name, g in GENES.items():
            allele = _plain(getattr(self, name))
            if not g.valid(allele):
                raise GenomeError(
                    f"gene {name!r} must be {g.choices()}; got {allele!r}"
                    f"{_suggest(allele, list(g.alleles))}"
                )
            object.__setattr__(self, name, allele)
        for name in ("dropout", "rate_scale", "handicap"):
            object.__setattr__(self, name, float(getattr(self, name)))

    def with_alleles(self, **alleles: Allele) -> Genome:
        """This genome with the named genes set.

        Raises:
            GenomeError: an unknown gene or allele.
        """
        for name in alleles:
            gene(name)
        return replace(self, **alleles)  # type: ignore[arg-type]

    def knockout(self, name: str, *, donor: Genome) -> Genome:
        """This strain with gene `name`'s allele replaced by that of `donor`, which fails.

        Raises:
            GenomeError: unknown gene, or both already have the same allele.
        """
        return self._take(name, donor)

    def rescue(self, name: str, *, donor: Genome) -> Genome:
        """This failing strain given gene `name`'s allele of `donor`, a strain that does well.

        Raises:
            GenomeError: unknown gene, or both already have the same allele.
        """
        return self._take(name, donor)

    def _take(self, name: str, donor: Genome) -> Genome:
        gene(name)
        if not isinstance(donor, Genome):
            raise GenomeError(f"a donor must be a Genome; got {donor!r}: try MATMUL or LAYERS")
        if getattr(self, name) == getattr(donor, name):
            raise GenomeError(
                f"a knockout or rescue must change something; {self} and {donor} both have "
                f"{name}={getattr(self, name)!r}: name one of "
                f"{', '.join(differing(self, donor)) or 'nothing, they are the same genome'}"
            )
        return replace(self, **{name: getattr(donor, name)})

    def paired(self) -> Genome:
        """This genome with the seeding habits that break pairing put right.

        The split and the initial weights follow the run's seed, so that two genomes with one
        seed share their rows and, where init and shapes agree, their initial weights.
        """
        return replace(self, split="run", init_seed="run")

    def expressed(self) -> Genome:
        """This genome with genes that cannot act set to one allele.

        With a dropout rate of 0 its mode cannot act; without shuffling the feeder's seed cannot.
        Two genomes that express the same train the same runs.
        """
        genome = self
        if genome.dropout == 0.0:
            genome = replace(genome, dropout_mode="never")
        elif genome.dropout_mode == "never":
            genome = replace(genome, dropout=0.0)
        if genome.order == "fixed":
            genome = replace(genome, feeder="42")
        return genome

    def alleles(self) -> dict[str, Allele]:
        """Gene name to allele, in field order."""
        return asdict(self)

    def __str__(self) -> str:
        return describe(self)


MATMUL = Genome(
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
LAYERS = Genome(
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
MATMUL_ESTIMATOR = Genome(
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
LAYERS_ESTIMATOR = Genome(
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
"""LAYERS_ESTIMATOR with the number type of the other strains, for comparisons gene by gene; float64
trains several times slower, and is compared by claims of its own."""

STRAINS: Mapping[str, Genome] = {
    "matmul": MATMUL,
    "layers": LAYERS,
    "matmul_estimator": MATMUL_ESTIMATOR,
    "layers_estimator": LAYERS_ESTIMATOR,
}
"""The four strains of the study, exactly as published, by name."""


def strain(name: str) -> Genome:
    """The strain called `name`.

    Raises:
        GenomeError: there is none; the message lists those there are.
    """
    if not isinstance(name, str) or name not in STRAINS:
        raise GenomeError(
            f"a strain must be one of {', '.join(STRAINS)}; got {name!r}"
            f"{_suggest(name, list(STRAINS))}"
        )
    return STRAINS[name]


def differing(a: Genome, b: Genome) -> tuple[str, ...]:
    """Names of the genes whose alleles differ between `a` and `b`, in field order."""
    return tuple(f.name for f in fields(Genome) if getattr(a, f.name) != getattr(b, f.name))


def describe(genome: Genome) -> str:
    """A short name: the nearest strain, then the alleles in which `genome` differs from it."""
    form = genome.paired()
    name, nearest = min(STRAINS.items(), key=lambda kv: len(differing(kv[1].paired(), form)))
    edits = [f"{g}={getattr(genome, g)}" for g in differing(nearest.paired(), form)]
    return name + (f"[{', '.join(edits)}]" if edits else "")
