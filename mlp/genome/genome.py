"""Genomes: full sets of alleles, knockout and rescue. A subclass of `Genome` is a species."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from mlp.choice import one_of, suggest
from mlp.genome.gene import Allele, Gene, GenomeError, gene, plain
from mlp.genome.species import at, declare

if TYPE_CHECKING:
    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        return lambda cls: cls


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(gene,))
class Genome:
    """A full set of alleles; a subclass declares the genes of its species.

    A species has a method `train(self, seed)` that trains one run and returns its score in [0, 1]
    or a `Result`, or `train_cohort(self, seeds)` that trains one run for each seed at once and
    returns a list. A species with `datasets` or `protocols` is also given `dataset`, a name, and
    `protocol`, a `Protocol`.

    Raises:
        GenomeError: a gene is badly declared, or does not have the allele given. The message lists
            its alleles.
    """

    genes: ClassVar[Mapping[str, Gene]] = {}
    """The genes by name, in order of declaration."""

    strains: ClassVar[Mapping[str, Any]] = {}
    """The named genomes of the species."""

    declared: ClassVar[int] = 0
    """When the species was declared, in nanoseconds."""

    datasets: ClassVar[Any] = ()
    """Names of the datasets it knows; or a mapping of each name to a function that loads it."""

    protocols: ClassVar[Any] = ()
    """The protocols it knows, the default one first: a sequence, or a mapping by name."""

    measure: ClassVar[Any] = None
    """What its scores mean, if they are no shares in [0, 1]: a `Loss`."""

    score_name: ClassVar[str] = "score"
    """What reports call its scores, such as "validation accuracy"."""

    at_once: ClassVar[int] = 1
    """How many runs it likes to train at once, where it has `train_cohort`."""

    code: ClassVar[Sequence[str]] = ()
    """More modules, files or folders whose code can change a run."""

    packages: ClassVar[Sequence[str]] = ()
    """More installed packages whose version can change a run."""

    files: ClassVar[Sequence[str]] = ()
    """Files of data that can change a run."""

    any_python: ClassVar[bool] = False
    """Whether runs are the same under every minor version of Python."""

    first_seeds: ClassVar[Mapping[str, int]] = {}
    """Where the seeds begin on which verdicts rest, by protocol, if not where they usually do."""

    trained_by: ClassVar[Any] = None
    """Its executors, a `mlp.run.Trainers`, or where they stand, "package.module:NAME"."""

    drawn_by: ClassVar[str] = ""
    """Where the function stands that draws its own charts of a study, "package.module:NAME"."""

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        declare(cls, sys._getframe(1), Genome)

    def __init__(self, **_: Any) -> None:
        raise GenomeError(
            "a genome belongs to a species; got Genome itself: declare class Loop(Genome) with "
            "its genes"
        )

    def __post_init__(self) -> None:
        for name, one in self.genes.items():
            allele = plain(getattr(self, name))
            if not one.valid(allele):
                raise GenomeError(
                    f"gene {name!r} must be {one.choices()}; got {allele!r}"
                    f"{suggest(allele, [a for a in one.alleles if isinstance(a, str)])}"
                )
            number = one.number is float and not isinstance(allele, (str, bool, type(None)))
            object.__setattr__(self, name, float(allele) if number else allele)

    @classmethod
    def trainers(cls) -> Any:
        """The executors of the species, `mlp.run.Trainers`; None: its own `train` alone."""
        return at(cls.trained_by)

    @classmethod
    def charts(cls, study: Any) -> Any:
        """Its charts on the page of a study, `mlp.report.charts.Charts`; None: the usual ones."""
        draw = at(cls.drawn_by)
        return draw(study) if draw else None

    @classmethod
    def gene(cls, name: str) -> Gene:
        """The gene called `name`.

        Raises:
            GenomeError: no gene has this name. The message lists the genes.
        """
        return one_of("gene", name, cls.genes, GenomeError)

    @classmethod
    def strain(cls, name: str) -> Self:
        """The strain called `name`.

        Raises:
            GenomeError: no strain has this name. The message lists the strains.
        """
        found: Self = one_of("strain", name, cls.strains, GenomeError)
        return found

    @classmethod
    def name_strains(cls, **strains: Self) -> None:
        """Give genomes names, by which tables and pages call them."""
        for name, genome in strains.items():
            if type(genome) is not cls:
                raise GenomeError(
                    f"a strain of {cls.__qualname__} must be one of its genomes; {name} is "
                    f"{genome!r}: name a {cls.__qualname__}(...)"
                )
        cls.strains = {**cls.strains, **strains}

    def with_alleles(self, **alleles: Allele) -> Self:
        """This genome with other alleles of the named genes.

        Raises:
            GenomeError: an unknown gene or allele.
        """
        for name in alleles:
            self.gene(name)
        return replace(self, **alleles)  # type: ignore[type-var]

    def knockout(self, name: str, *, donor: Self) -> Self:
        """This strain with the allele of gene `name` that `donor`, a failing strain, has.

        Raises:
            GenomeError: unknown gene, another species, or both already have the same allele.
        """
        return self._take(name, donor)

    def rescue(self, name: str, *, donor: Self) -> Self:
        """This failing strain with the allele of gene `name` that `donor`, a working strain, has.

        Raises:
            GenomeError: unknown gene, another species, or both already have the same allele.
        """
        return self._take(name, donor)

    def _take(self, name: str, donor: Self) -> Self:
        self.gene(name)
        if type(donor) is not type(self):
            known = ", ".join(self.strains) or f"{type(self).__qualname__}(...)"
            raise GenomeError(
                f"a donor must be a genome of {type(self).__qualname__}; got {donor!r}: try {known}"
            )
        if getattr(self, name) == getattr(donor, name):
            raise GenomeError(
                f"a knockout or rescue must change something; {self} and {donor} both have "
                f"{name}={getattr(self, name)!r}: name one of "
                f"{', '.join(differing(self, donor)) or 'nothing, they are the same genome'}"
            )
        return self.with_alleles(**{name: getattr(donor, name)})

    def as_compared(self) -> Self:
        """This genome as comparisons train it, so that its runs can be paired with another's."""
        forced = {n: g.when_compared for n, g in self.genes.items() if g.when_compared is not None}
        return self.with_alleles(**forced) if forced else self

    def expressed(self) -> Self:
        """This genome with each gene that cannot act set to one fixed allele.

        Two genomes that express the same alleles train the same runs.
        """
        genome = self
        for name, one in self.genes.items():
            for idle in one.idle:
                if getattr(genome, name) != idle.allele and idle.when(genome):
                    genome = genome.with_alleles(**{name: idle.allele})
        return genome

    def alleles(self) -> dict[str, Allele]:
        """Each gene's allele, by the gene's name, in field order."""
        return {name: getattr(self, name) for name in self.genes}

    def __str__(self) -> str:
        """The most similar strain, then the alleles in which this genome differs from it."""
        form, label = self.as_compared(), type(self).__qualname__.rpartition(".")[2]
        forms = {name: strain.as_compared() for name, strain in self.strains.items()}
        if forms:
            label = min(forms, key=lambda name: len(differing(forms[name], form)))
            edits = differing(forms[label], form)
        else:
            defaults = {n: f.default for n, f in self.__dataclass_fields__.items()}  # type: ignore[attr-defined]
            edits = tuple(n for n, allele in form.alleles().items() if allele != defaults[n])
        told = [f"{name}={getattr(self, name)}" for name in edits]
        return label + (f"[{', '.join(told)}]" if told else "")

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={allele!r}" for name, allele in self.alleles().items())
        return f"{type(self).__qualname__}({told})"


G = TypeVar("G", bound=Genome)


def differing(a: G, b: G) -> tuple[str, ...]:
    """Names of the genes in which `a` and `b`, of one species, differ, in order of declaration."""
    return tuple(name for name in a.genes if getattr(a, name) != getattr(b, name))
