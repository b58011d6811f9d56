"""Genomes: full sets of alleles, the four strains of the study, knockout and rescue.

A `Genome` is frozen and hashable. The four strains of the 2018 study are named genomes. `knockout`
and `rescue` give a strain one allele of a donor. Nothing here knows TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace

from mlp.chosen import one_of, suggest
from mlp.genes import GENES, Allele, GenomeError, gene, plain

HIDDEN_LAYERS = 6
"""Number of hidden layers of every strain. A linear output layer follows."""


@dataclass(frozen=True, kw_only=True)
class Genome:
    """A full set of alleles. `GENES` says what each gene means and which alleles it has.

    Raises:
        GenomeError: a gene does not have the allele given. The message lists its alleles.
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
    shuffle_seed: str = "42"
    layer_size: int = 64
    rate_scale: float = 1.0
    reporting: str = "curve"
    handicap: float = 0.0

    def __post_init__(self) -> None:
        for name, g in GENES.items():
            allele = plain(getattr(self, name))
            if not g.valid(allele):
                raise GenomeError(
                    f"gene {name!r} must be {g.choices()}; got {allele!r}"
                    f"{suggest(allele, list(g.alleles))}"
                )
            object.__setattr__(self, name, allele)
        for name in ("dropout", "rate_scale", "handicap"):
            object.__setattr__(self, name, float(getattr(self, name)))

    def with_alleles(self, **alleles: Allele) -> Genome:
        """This genome with other alleles of the named genes.

        Raises:
            GenomeError: an unknown gene or allele.
        """
        for name in alleles:
            gene(name)
        return replace(self, **alleles)  # type: ignore[arg-type]

    def knockout(self, name: str, *, donor: Genome) -> Genome:
        """This strain with the allele of gene `name` that `donor`, a failing strain, has.

        Raises:
            GenomeError: unknown gene, or both already have the same allele.
        """
        return self._take(name, donor)

    def rescue(self, name: str, *, donor: Genome) -> Genome:
        """This failing strain with the allele of gene `name` that `donor`, a working strain, has.

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

    def seeded_by_run(self) -> Genome:
        """This genome, seeded so that its runs can be paired with those of another genome.

        The run's seed decides the split and the initial weights. Two genomes with one seed then
        share their split and, if init and shapes agree, their initial weights.
        """
        return replace(self, split="run", init_seed="run")

    def expressed(self) -> Genome:
        """This genome with each gene that cannot act set to one fixed allele.

        If the dropout rate is 0, the dropout mode cannot act. If rows are not shuffled, the shuffle
        seed cannot act. Two genomes that express the same alleles train the same runs.
        """
        genome = self
        if genome.dropout == 0.0:
            genome = replace(genome, dropout_mode="never")
        elif genome.dropout_mode == "never":
            genome = replace(genome, dropout=0.0)
        if genome.order == "fixed":
            genome = replace(genome, shuffle_seed="42")
        return genome

    def alleles(self) -> dict[str, Allele]:
        """Each gene's allele, by the gene's name, in field order."""
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
"""LAYERS_ESTIMATOR with the number type of the other strains, for comparisons gene by gene.

float64 trains several times slower. Claims of their own compare it."""

STRAINS: Mapping[str, Genome] = {
    "matmul": MATMUL,
    "layers": LAYERS,
    "matmul_estimator": MATMUL_ESTIMATOR,
    "layers_estimator": LAYERS_ESTIMATOR,
}
"""The four strains of the study, as published, by name."""


def strain(name: str) -> Genome:
    """The strain called `name`.

    Raises:
        GenomeError: no strain has this name. The message lists the strains.
    """
    return one_of("strain", name, STRAINS, GenomeError)


def differing(a: Genome, b: Genome) -> tuple[str, ...]:
    """Names of the genes in which `a` and `b` differ, in field order."""
    return tuple(f.name for f in fields(Genome) if getattr(a, f.name) != getattr(b, f.name))


def describe(genome: Genome) -> str:
    """A short name: the most similar strain, then the alleles in which `genome` differs from it."""
    form = genome.seeded_by_run()
    name, nearest = min(STRAINS.items(), key=lambda kv: len(differing(kv[1].seeded_by_run(), form)))
    edits = [f"{g}={getattr(genome, g)}" for g in differing(nearest.seeded_by_run(), form)]
    return name + (f"[{', '.join(edits)}]" if edits else "")
