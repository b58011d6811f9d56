"""The lab: what a claim asks for -> what is missing -> train -> store -> compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from mlp.genome import Genome
from mlp.lab.arm import Arm, identical, weighted_differences
from mlp.lab.checks import check_arms, check_cohorts
from mlp.lab.claim import Claim
from mlp.lab.cohorts import Term, cohorts
from mlp.lab.comparison import Comparison
from mlp.lab.diagnosis import TRACE_SEEDS, GenomeDiagnosis, check_genes, in_unit, traces
from mlp.lab.dose import DoseCurve
from mlp.lab.evidence import Setting
from mlp.lab.key import expressed
from mlp.lab.known import check_dataset, first_seed_of, protocol_of, trainers_of
from mlp.lab.looking import look_until
from mlp.lab.margin import DEFAULT_MARGIN, Margin, resolve
from mlp.lab.question import (
    LabError,
    check_apart,
    check_claims,
    check_count,
    check_different,
    check_dosed,
    check_doses,
    check_effect,
    check_genomes,
    check_seeds,
)
from mlp.lab.screen import MOST_GENES, SCREEN_SEEDS, Cell, Screen, acting_genes, cell_of, cells_of
from mlp.lab.seeds import DEFAULT_CLAIMS, DEFAULT_SEEDS, FIRST_SEED, GLANCE, unshared_seed
from mlp.run import Executor, Protocol, Run
from mlp.stats import Result, dose_response, look_sizes, sequential
from mlp.stats.diagnosis import Progress, diagnose
from mlp.store import Store

DEFAULT_STORE = Path(".mlp") / "runs.sqlite"


class Lab:
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

    def __init__(
        self,
        store: Store | Path | str = DEFAULT_STORE,
        *,
        protocol: Protocol | str | None = None,
        seeds: int = DEFAULT_SEEDS,
        first_seed: int | None = None,
        claims: int = DEFAULT_CLAIMS,
        real: bool = False,
    ) -> None:
        check_seeds(seeds, FIRST_SEED if first_seed is None else first_seed)
        check_claims(claims)
        self._protocol, self._first_seed = protocol, first_seed
        self.seeds, self.real, self.error_divided = int(seeds), real, int(claims)
        self.store = Store(store) if not hasattr(store, "obtain") else store
        self.claims: list[Claim] = []

    def like(self, store: Store) -> Lab:
        """A lab that asks the same of another store."""
        asking = copy(self)
        asking.store, asking.claims = store, []
        return asking

    def protocol_of(self, species: type[Genome] | Genome) -> Protocol:
        """The protocol under which genomes of a species are compared.

        Raises:
            ProtocolError: the species does not know it.
        """
        return protocol_of(species if isinstance(species, type) else type(species), self._protocol)

    def first_seed_of(self, species: type[Genome]) -> int:
        """The first seed of every comparison within a species."""
        if self._first_seed is not None:
            return int(self._first_seed)
        return first_seed_of(species, self.protocol_of(species))

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
        return self._contrast(((1, a), (-1, b)), (dataset,) * 2, margin, real)

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
        return self._contrast(terms, (dataset, dataset, other, other), margin, real)

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
        real = self._is_real([other, genome] if other != genome else [genome])
        if other != genome:
            self._check_different([other, genome], [setting.dataset] * 2, real)
        first = self.first_seed_of(setting.species)
        apart = unshared_seed(first, self.seeds)
        check_apart(first, apart, self.seeds)
        arm = replace(self._term(setting, other, real=real), first_seed=apart)
        return self._look(setting, [arm, self._term(setting, genome, real=real, weight=-1)], margin)

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
        second = replace(self._term(setting, genome, real=True, weight=-1), engine=None)
        first = replace(second, executor=engine, weight=1)
        comparison = self._look(setting, [first, second], margin, identity_first=True)
        check_arms(comparison.arms, self._real_names(setting))
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
        executor = self._executor(bad, real=self.real)
        varied_in = self._executor(bad, real=False)
        genes = acting_genes(good, bad, varied_in)
        if not 1 <= len(genes) <= MOST_GENES:
            raise LabError(
                f"a screen varies 1 to {MOST_GENES} genes that act; {good} and {bad} differ in "
                f"{', '.join(genes) or 'none'}: choose other genomes"
                + (", or lab.diagnose(good, bad)" if genes else "")
            )
        cells = cells_of(good, bad, genes, varied_in)
        sizes = tuple(n for n in look_sizes(self.seeds) if n >= min(seeds, self.seeds))

        def at(n: int) -> Screen:
            terms = [self._term(setting, cell, real=self.real) for cell in cells.values()]
            runs = cohorts(self.store, [replace(t, engine=None) for t in terms], n)
            trained = {on: (cells[on], r) for on, r in zip(cells, runs, strict=True)}
            for on in cells:
                for gene in on:
                    check_cohorts(*trained[on], *trained[on - {gene}], self._real_names(setting))
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
        executor = self._executor(bad, real=False)
        genes = acting_genes(good, bad, executor)
        check_genes(good, bad, genes, executor)
        known: dict[Cell, list[Run]] = {}

        def runs(cells: Sequence[Cell], n: int) -> list[list[Run]]:
            terms = [
                self._term(setting, cell_of(good, bad, on), real=self.real, vouch=False)
                for on in cells
            ]
            found = self._runs(terms, n)
            known.update(zip(cells, found, strict=True))
            return found

        found = diagnose(
            genes,
            lambda cells, n: [[run.score for run in of] for of in runs(cells, n)],
            margin=self._margin(setting, margin),
            error=setting.claim_error,
            cap=self.seeds,
            progress=progress,
        )
        unnamed = [frozenset({g}) for g in genes if g not in found.named]
        if any(run.weights or run.saw for run in known[frozenset()]) and found.causes:
            runs([on for on in unnamed if on not in known], min(TRACE_SEEDS, self.seeds))
        ends = (tuple(known[frozenset()]), tuple(known[frozenset(genes)]))
        return GenomeDiagnosis(
            setting=setting,
            executor=executor.title,
            good=good,
            bad=bad,
            found=in_unit(found.with_traces(traces(found, known)), setting),
            runs=ends,
        )

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
        terms = [self._term(setting, g, real=self.real, vouch=False) for g in genomes]

        def look(n: int) -> DoseCurve:
            runs = self._runs(terms, n)
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
            check_cohorts(a, of_a, b, of_b, self._real_names(setting))
        return found

    def cohort(
        self,
        genome: Genome,
        dataset: str | None = None,
        *,
        seeds: int,
        real: bool | None = None,
    ) -> list[Run]:
        """The runs of `genome`, exactly as it stands, for the first `seeds` seeds.

        Raises:
            LabError: no seeds, or some beyond 2**32 - 1.
        """
        return self.cohorts([genome], dataset, seeds=seeds, real=real)[0]

    def cohorts(
        self,
        genomes: Sequence[Genome],
        dataset: str | None = None,
        *,
        seeds: int,
        real: bool | None = None,
    ) -> list[list[Run]]:
        """The runs of each of `genomes`, exactly as they stand, asked for at once.

        Raises: as `cohort`.
        """
        setting = self.setting(genomes, dataset)
        use_real = self.real if real is None else real
        terms = [self._term(setting, g, real=use_real, vouch=False) for g in genomes]
        return cohorts(self.store, terms, seeds)

    def setting(self, genomes: Sequence[Genome], dataset: str | None) -> Setting:
        """What these genomes are asked about in: the one place where a question is checked."""
        check_genomes(genomes)
        species = type(genomes[0])
        trainers_of(species)
        name = check_dataset(species, dataset)
        return Setting(species, name, self.protocol_of(species), self.error_divided, self.claims)

    def _executor(self, genome: Genome, *, real: bool) -> Executor:
        trainers = trainers_of(type(genome))
        return trainers.real(genome) if real or trainers.engine is None else trainers.engine

    def _is_real(self, genomes: Sequence[Genome]) -> bool:
        """Whether what is asked of the genomes is asked of the real executors."""
        return self.real or (len(genomes) > 1 and trainers_of(type(genomes[0])).needs_real(genomes))

    def _real_names(self, setting: Setting) -> set[str]:
        """The names of the executors that genes about who trains are about."""
        return {one.name for one in trainers_of(setting.species).all if one.real}

    def _term(
        self,
        setting: Setting,
        genome: Genome,
        *,
        real: bool,
        weight: int = 1,
        dataset: str | None = None,
        vouch: bool = True,
    ) -> Term:
        executor = self._executor(genome, real=real)
        engine = trainers_of(setting.species).engine
        may_vouch = vouch and real and not self.real and executor is not engine
        return Term(
            genome,
            setting.dataset if dataset is None else dataset,
            setting.protocol,
            self.first_seed_of(setting.species),
            executor,
            weight,
            engine if may_vouch else None,
        )

    def _runs(self, terms: Sequence[Term], seeds: int) -> list[list[Run]]:
        """The runs that a look at `seeds` seeds takes, of which more may follow."""
        return cohorts(self.store, terms, seeds, ahead=self.seeds)

    def _check_different(
        self, genomes: Sequence[Genome], datasets: Sequence[str], real: bool
    ) -> None:
        acting = [expressed(g, self._executor(g, real=real)) for g in genomes]
        check_different(genomes, list(zip(acting, datasets, strict=True)))

    def _contrast(
        self,
        weighted: Sequence[tuple[int, Genome]],
        datasets: Sequence[str | None],
        margin: float | Margin,
        real: bool | None,
    ) -> Comparison:
        """The comparison of the paired forms of genomes, given with their weights and datasets."""
        setting = self.setting([genome for _, genome in weighted], datasets[0])
        named = [check_dataset(setting.species, name) for name in datasets]
        genomes = [genome.as_compared() for _, genome in weighted]
        use_real = self._is_real(genomes) if real is None else real
        terms = [
            self._term(setting, genome, real=use_real, weight=weight, dataset=name)
            for genome, (weight, _), name in zip(genomes, weighted, named, strict=True)
        ]
        self._check_different(genomes, named, use_real)
        glance = use_real and self._same_in_engine(genomes)
        comparison = self._look(setting, terms, margin, identity_first=glance)
        check_arms(comparison.arms, self._real_names(setting))
        return comparison

    def _same_in_engine(self, genomes: Sequence[Genome]) -> bool:
        """Whether the genomes differ in nothing but what an engine does not claim to tell apart."""
        trainers = trainers_of(type(genomes[0]))
        return trainers.engine is not None and trainers.same_but_real(genomes)

    def _look(
        self,
        setting: Setting,
        terms: Sequence[Term],
        margin: float | Margin,
        *,
        identity_first: bool = False,
    ) -> Comparison:
        """Train and look at 16, 24, 32, ... seeds of `terms`, until a look decides.

        With `identity_first`, `GLANCE` seeds are looked at first, for identity alone.
        """
        declared = resolve(margin, setting)
        datasets = "-".join(dict.fromkeys(term.dataset for term in terms))
        titles = dict.fromkeys(term.executor.title for term in terms)

        def look(n: int, cap: int) -> Comparison:
            runs = self._runs(terms, n)
            arms = tuple(term.arm(of) for term, of in zip(terms, runs, strict=True))
            return Comparison(
                setting=replace(setting, dataset=datasets),
                executor=" against ".join(titles),
                arms=arms,
                result=self._looked(setting, arms, declared, cap),
            )

        if identity_first:
            glance = min(GLANCE, self.seeds)
            found = look(glance, glance)
            if identical(found.arms):
                return found
        return look_until(
            look_sizes(self.seeds)[0],
            lambda n: look(n, self.seeds),
            lambda found: None if identical(found.arms) else found.result.needed,
        )

    def _looked(self, setting: Setting, arms: Sequence[Arm], margin: float, cap: int) -> Result:
        span = sum(abs(arm.weight) for arm in arms) / 2
        differences = weighted_differences(arms)
        return sequential(differences, margin, cap=cap, span=span, claim_error=setting.claim_error)

    def __repr__(self) -> str:
        first = "as the species says" if self._first_seed is None else f"from {self._first_seed}"
        return f"<Lab, at most {self.seeds} seeds {first}, runs in {self.store.path}>"
