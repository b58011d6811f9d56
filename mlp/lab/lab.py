"""The lab: what a claim asks for -> what is missing -> train -> store -> compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from mlp.genome import Genome
from mlp.lab.checks import check_arms, check_cohorts
from mlp.lab.cohorts import cohorts
from mlp.lab.comparison import Comparison
from mlp.lab.diagnosis import GenomeDiagnosis, diagnose_genomes
from mlp.lab.dose import DoseCurve
from mlp.lab.inquiry import DEFAULT_STORE, Inquiry
from mlp.lab.known import trainers_of
from mlp.lab.looking import look_until
from mlp.lab.margin import DEFAULT_MARGIN, Margin, resolve
from mlp.lab.question import (
    LabError,
    check_apart,
    check_count,
    check_dosed,
    check_doses,
    check_effect,
)
from mlp.lab.screen import SCREEN_SEEDS, Screen, acting_genes, cells_of
from mlp.lab.seeds import unshared_seed
from mlp.run import Run
from mlp.stats import dose_response, look_sizes
from mlp.stats.diagnosis import Progress

__all__ = ["DEFAULT_STORE", "Lab"]


class Lab(Inquiry):
    """Trains what claims need, keeps it, and compares it.

    Args:
        store: the run store, or the path of its file (created if missing).
        protocol: a `Protocol`, or the name of one that the species knows; None: its first.
        seeds: the most seeds a comparison may use; looks are at 16, 24, 32, ... up to it.
        first_seed: seeds are first_seed, first_seed + 1, ...; None: where those of the species'
            protocol begin, usually at `FIRST_SEED`.
        claims: the number of claims among which the 5% of error are divided.
        real: train everything by the real executors of the species, never by an engine, and vouch
            for nothing.

    Raises:
        LabError, StoreError: a bad argument.
    """

    def compare(
        self,
        a: Genome,
        b: Genome,
        dataset: str | None = None,
        *,
        margin: float | Margin = DEFAULT_MARGIN,
        real: bool | None = None,
    ) -> Comparison:
        """Compare `a` with `b`, paired by seed, at looks of 16, 24, 32, ... until one decides.

        Both are seeded by the run (`Genome.as_compared`). `dataset` is named where the species has
        several. Where the species has an engine, `real` says whether the question is one about the
        real executors; by default the species decides. Where nothing but those differ,
        bit-identical weights at `GLANCE` seeds decide at once. Otherwise each arm may be vouched
        for: where the engine ends its first `GLANCE` seeds as the real executor does, to the last
        bit, the engine trains its other seeds.

        Raises:
            LabError: no genomes of one species, `a` and `b` express the same, an unknown dataset,
                or a margin outside (0, 1).
            ManipulationError: what differs did not act, or something else changed.
            ResultError, RunFailedError, StoreError: what is missing could not be trained, or kept.
        """
        return self.contrast(((1, a), (-1, b)), (dataset,) * 2, margin, real)

    def compare_effects(
        self,
        first: tuple[Genome, Genome],
        second: tuple[Genome, Genome],
        dataset: str | None = None,
        *,
        second_dataset: str | None = None,
        margin: float | Margin = DEFAULT_MARGIN,
        real: bool | None = None,
    ) -> Comparison:
        """Compare the effect of `first[0]` over `first[1]` with that of `second[0]` over the other.

        A difference of differences, seed by seed: whether something acts alike on two genomes, or,
        with `second_dataset`, on two datasets; `margin` is then that on the first.

        Raises: as `compare`, of each effect; LabError too where the two effects are one.
        """
        check_effect(first)
        check_effect(second)
        (a, b), (c, d), other = first, second, second_dataset or dataset
        terms = ((1, a), (-1, b), (-1, c), (1, d))
        return self.contrast(terms, (dataset, dataset, other, other), margin, real)

    def compare_seeds(
        self,
        genome: Genome,
        dataset: str | None = None,
        *,
        other: Genome | None = None,
        margin: float | Margin = DEFAULT_MARGIN,
    ) -> Comparison:
        """Compare `other` (default `genome` itself) with `genome` on seeds they do not share.

        A control: where the genomes are the same, the two cohorts differ in nothing but seeds. The
        first arm's seeds begin `FAR` beyond the second's, or where a larger cap lets these end.

        Raises:
            LabError: `other` is another genome that expresses the same, the seeds of one arm lie
                outside 0 .. 2**32 - 1, or a margin outside (0, 1).
            ResultError, RunFailedError, StoreError: as `compare`.
        """
        other = genome if other is None else other
        setting = self.setting([genome, other], dataset)
        genome, other = genome.as_compared(), other.as_compared()
        real = self.is_real([other, genome] if other != genome else [genome])
        if other != genome:
            self.check_different([other, genome], [setting.dataset] * 2, real)
        first = self.first_seed_of(setting.species)
        apart = unshared_seed(first, self.seeds)
        check_apart(first, apart, self.seeds)
        arm = replace(self.term(setting, other, real=real), first_seed=apart)
        return self.look(setting, [arm, self.term(setting, genome, real=real, weight=-1)], margin)

    def compare_executors(
        self,
        genome: Genome,
        dataset: str | None = None,
        *,
        margin: float | Margin = DEFAULT_MARGIN,
    ) -> Comparison:
        """Compare the engine of a species with the real executor, on the same seeds.

        Bit-identical weights at `GLANCE` seeds decide at once.

        Raises: as `compare`; LabError too where the species has no engine.
        """
        setting = self.setting([genome], dataset)
        genome, engine = genome.as_compared(), trainers_of(setting.species).engine
        if engine is None:
            raise LabError(
                f"two executors are compared of a species that has an engine; "
                f"{setting.species.__qualname__} has none: compare two genomes"
            )
        second = replace(self.term(setting, genome, real=True, weight=-1), engine=None)
        first = replace(second, executor=engine, weight=1)
        comparison = self.look(setting, [first, second], margin, identity_first=True)
        check_arms(comparison.arms, self.real_names(setting))
        return comparison

    def screen(
        self, good: Genome, bad: Genome, dataset: str | None = None, *, seeds: int = SCREEN_SEEDS
    ) -> Screen:
        """The full factorial over the alleles in which `good` and `bad` differ.

        Only genes that act are varied, in the engine where the species has one; both genomes are
        taken in their paired form. Each cell is a cohort of `seeds` seeds, rounded up to a look (or
        the lab's cap, if that is lower); a claim that these do not decide is looked at again with
        more, up to the cap.

        Raises:
            LabError: no gene that acts differs, or more than 8 do, or one cannot act where another
                has one of its alleles; no seeds.
            ManipulationError: of two cells one gene apart, it did not act, or something else
                changed.
        """
        check_count(seeds)
        setting = self.setting([good, bad], dataset)
        good, bad = good.as_compared(), bad.as_compared()
        executor = self.executor(bad, real=self.real)
        varied_in = self.executor(bad, real=False)
        genes = acting_genes(good, bad, varied_in)
        cells = cells_of(good, bad, genes, varied_in)
        sizes = tuple(n for n in look_sizes(self.seeds) if n >= min(seeds, self.seeds))

        def at(n: int) -> Screen:
            terms = [self.term(setting, cell, real=self.real) for cell in cells.values()]
            runs = cohorts(self.store, [replace(t, engine=None) for t in terms], n)
            trained = {on: (cells[on], r) for on, r in zip(cells, runs, strict=True)}
            for on in cells:
                for gene in on:
                    check_cohorts(*trained[on], *trained[on - {gene}], self.real_names(setting))
            return Screen(
                setting=setting,
                executor=executor.title,
                good=good,
                bad=bad,
                genes=genes,
                cells={on: tuple(r) for on, (_, r) in trained.items()},
                sizes=sizes,
                at=at,
            )

        return at(sizes[0])

    def diagnose(
        self,
        good: Genome,
        bad: Genome,
        dataset: str | None = None,
        *,
        margin: float | Margin = DEFAULT_MARGIN,
        progress: Callable[[Progress], object] | None = None,
    ) -> GenomeDiagnosis:
        """Which of the genes in which `good` and `bad` differ make the difference.

        Groups of genes and single genes are knocked out and rescued, as few as decide; cohorts are
        shared through the store. `progress` is called before each question.

        Raises:
            LabError: fewer than 2 or more than 32 genes that act differ, one of them cannot act
                next to another's allele, or a margin outside (0, 1).
            Interrupted: Ctrl-C; its `diagnosis` is what was known by then, and what was trained is
                kept.
        """
        setting = self.setting([good, bad], dataset)
        good, bad = good.as_compared(), bad.as_compared()
        return diagnose_genomes(self, setting, good, bad, resolve(margin, setting), progress)

    def dose_response(
        self,
        genomes: Sequence[Genome],
        doses: Sequence[float],
        dataset: str | None = None,
        *,
        margin: float | Margin = DEFAULT_MARGIN,
    ) -> DoseCurve:
        """Score of `genomes`, smallest dose first, which differ in one gene's dose.

        Raises:
            LabError: fewer than 3 doses, doses that do not rise, or genomes that express the same.
            ManipulationError: a dose did not act, or something else changed with it.
        """
        check_doses(genomes, doses)
        setting = self.setting(genomes, dataset)
        genomes = [g.as_compared() for g in genomes]
        check_dosed(genomes)
        declared = resolve(margin, setting)
        terms = [self.term(setting, g, real=self.real, vouch=False) for g in genomes]

        def look(n: int) -> DoseCurve:
            runs = self.runs(terms, n)
            scores = [[r.score for r in seed] for seed in zip(*runs, strict=True)]
            return DoseCurve(
                setting=setting,
                executor=terms[0].executor.title,
                genomes=tuple(genomes),
                doses=tuple(doses),
                runs=tuple(tuple(r) for r in runs),
                result=dose_response(
                    scores, declared, cap=self.seeds, claim_error=setting.claim_error
                ),
            )

        found = look_until(look_sizes(self.seeds)[0], look, lambda curve: curve.result.needed)
        for (a, of_a), (b, of_b) in pairwise(zip(genomes, found.runs, strict=True)):
            check_cohorts(a, of_a, b, of_b, self.real_names(setting))
        return found

    def cohort(
        self,
        genome: Genome,
        dataset: str | None = None,
        *,
        seeds: int,
    ) -> list[Run]:
        """The runs of `genome`, exactly as it stands, for the first `seeds` seeds.

        Raises:
            LabError: no seeds, or some beyond 2**32 - 1.
        """
        return self.cohorts([genome], dataset, seeds=seeds)[0]

    def cohorts(
        self,
        genomes: Sequence[Genome],
        dataset: str | None = None,
        *,
        seeds: int,
    ) -> list[list[Run]]:
        """The runs of each of `genomes`, exactly as they stand, asked for at once.

        Raises: as `cohort`.
        """
        setting = self.setting(genomes, dataset)
        terms = [self.term(setting, g, real=self.real, vouch=False) for g in genomes]
        return cohorts(self.store, terms, seeds)
