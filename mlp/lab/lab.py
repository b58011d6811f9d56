"""The lab: what a claim asks for -> what is missing -> train -> store -> compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

from mlp.genome import Genome, strain
from mlp.lab.asked import (
    LabError,
    check_apart,
    check_arm,
    check_count,
    check_different,
    check_dosed,
    check_doses,
    check_effect,
    check_error,
    check_relabellings,
    check_seeds,
)
from mlp.lab.checks import check_arms, check_cohorts
from mlp.lab.claim import Claim
from mlp.lab.cohorts import Term, cohorts
from mlp.lab.comparison import Arm, Comparison, identical, weighted_differences
from mlp.lab.dose import DoseCurve
from mlp.lab.key import BY_BOTH, BY_ENGINE, BY_REAL_API, same_in_engine
from mlp.lab.margin import DEFAULT_MARGIN, Margin, resolve
from mlp.lab.recorded import RecordedComparison
from mlp.lab.screen import SCREEN_SEEDS, Cell, Screen, acting_genes, cells_of
from mlp.lab.seeds import DEFAULT_SEEDS, GLANCE, first_seed_under, unshared_seed
from mlp.reference import curves, final_accuracies
from mlp.run import PROTOCOLS, Protocol, Run, protocol
from mlp.stats import Result, agreement, dose_response, look_sizes, sequential
from mlp.store import Store

DEFAULT_STORE = Path(".mlp") / "runs.sqlite"


class Lab:
    """Trains what claims need, keeps it, and compares it.

    Args:
        store: the run store, or the path of its file (created if missing).
        protocol: a `Protocol`, or the name of one.
        seeds: the most seeds a comparison may use; looks are at 16, 24, 32, ... up to it.
        first_seed: seeds are first_seed, first_seed + 1, ...; None: where the protocol's begin
            (`FIRST_SEED`, `FIRST_SEEDS`).
        real: train everything on the real TensorFlow API, never on the cohort engine, and vouch for
            nothing.

    Raises:
        LabError, ProtocolError, StoreError: a bad argument.
    """

    def __init__(
        self,
        store: Store | Path | str = DEFAULT_STORE,
        *,
        protocol: Protocol | str = "quick",
        seeds: int = DEFAULT_SEEDS,
        first_seed: int | None = None,
        real: bool = False,
    ) -> None:
        self.protocol = _protocol(protocol)
        first = first_seed_under(self.protocol.name) if first_seed is None else first_seed
        check_seeds(seeds, first)
        self.seeds, self.first_seed = int(seeds), int(first)
        self.real = real
        self.store = store if isinstance(store, Store) else Store(store)
        self.claims: list[Claim] = []

    def compare(
        self,
        a: Genome,
        b: Genome,
        dataset: str,
        *,
        margin: float | Margin = DEFAULT_MARGIN,
        real: bool | None = None,
    ) -> Comparison:
        """Compare `a` with `b`, paired by seed, at looks of 16, 24, 32, ... until one decides.

        Both are seeded by the run (`Genome.seeded_by_run`). A comparison in which the trainer
        differs, or nothing but the dense operation does, runs on the real API; `real` overrides.
        Where nothing but those differ, bit-identical weights at `GLANCE` seeds decide at once.
        Otherwise each arm may be vouched for: where the cohort engine ends its first `GLANCE` seeds
        as the real API does, to the last bit, the engine trains its other seeds.

        Raises:
            LabError: `a` and `b` express the same, or a margin outside (0, 1).
            DataError: an unknown dataset.
            ManipulationError: what differs did not act, or something else changed.
            RunFailedError, StoreError: what is missing could not be trained, or kept.
        """
        return self._contrast(((1, a, dataset), (-1, b, dataset)), margin, real)

    def compare_effects(
        self,
        first: tuple[Genome, Genome],
        second: tuple[Genome, Genome],
        dataset: str,
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
        terms = ((1, a, dataset), (-1, b, dataset), (-1, c, other), (1, d, other))
        return self._contrast(terms, margin, real)

    def compare_seeds(
        self,
        genome: Genome,
        dataset: str,
        *,
        other: Genome | None = None,
        margin: float | Margin = DEFAULT_MARGIN,
    ) -> Comparison:
        """Compare `other` (default `genome` itself) with `genome` on seeds they do not share.

        A control: where the genomes are the same, the two cohorts differ in nothing but seeds. The
        first arm's seeds begin `FAR` beyond the second's, or where a larger cap lets these end.
        What only the real API tells apart is compared there, as in `compare`.

        Raises:
            LabError: `other` is another genome that expresses the same, the seeds of one arm lie
                outside 0 .. 2**32 - 1, or a margin outside (0, 1).
            DataError, RunFailedError, StoreError: as `compare`.
        """
        other = genome if other is None else other
        check_arm(genome, dataset)
        check_arm(other, dataset)
        genome, other = genome.seeded_by_run(), other.seeded_by_run()
        real = self.real
        if other != genome:
            real = self._on_real_api([other, genome])
            check_different([(other, dataset), (genome, dataset)], real)
        apart = unshared_seed(self.first_seed, self.seeds)
        check_apart(self.first_seed, apart, self.seeds)
        second = self._term(genome, dataset, real, weight=-1, vouch=not self.real)
        first = replace(second, genome=other, first_seed=apart, weight=1)
        return self._look([first, second], margin)

    def compare_executors(
        self, genome: Genome, dataset: str, *, margin: float | Margin = DEFAULT_MARGIN
    ) -> Comparison:
        """Compare the cohort engine with the real API, training one genome on the same seeds.

        Bit-identical weights at `GLANCE` seeds decide at once. Raises: as `compare`.
        """
        check_arm(genome, dataset)
        genome = genome.seeded_by_run()
        arms = [
            self._term(genome, dataset, real=False),
            self._term(genome, dataset, real=True, weight=-1),
        ]
        comparison = self._look(arms, margin, identity_first=True)
        check_arms(comparison.arms)
        return comparison

    def screen(
        self, good: Genome, bad: Genome, dataset: str, *, seeds: int = SCREEN_SEEDS
    ) -> Screen:
        """The full factorial over the alleles in which `good` and `bad` differ.

        Only genes that act in the cohort engine are varied; both are taken in their paired form.
        Each cell is a cohort of `seeds` seeds, rounded up to a look (or the lab's cap, if that is
        lower); a claim that these do not decide is looked at again with more, up to the cap.

        Raises:
            LabError: no gene that acts differs, or more than 8 do, or one cannot act where another
                has one of its alleles; no seeds.
            ManipulationError: of two cells one gene apart, it did not act, or something else
                changed.
        """
        check_count(seeds)
        for genome in (good, bad):
            check_arm(genome, dataset)
        good, bad = good.seeded_by_run(), bad.seeded_by_run()
        genes = acting_genes(good, bad)
        if not 1 <= len(genes) <= 8:
            raise LabError(
                f"a screen varies 1 to 8 genes that act; {good} and {bad} differ in "
                f"{', '.join(genes) or 'none'}: choose other genomes"
            )
        cells = cells_of(good, bad, genes)
        looks = [n for n in look_sizes(self.seeds) if n >= min(seeds, self.seeds)]
        return self._screened(good, bad, dataset, genes, cells, looks)

    def _screened(
        self,
        good: Genome,
        bad: Genome,
        dataset: str,
        genes: tuple[str, ...],
        cells: Mapping[Cell, Genome],
        looks: Sequence[int],
    ) -> Screen:
        """The screen at the first of `looks`, which knows those that come next."""
        runs = self.cohorts(list(cells.values()), dataset, seeds=looks[0])
        trained = {on: (cells[on], r) for on, r in zip(cells, runs, strict=True)}
        for on in cells:
            for gene in on:
                check_cohorts(*trained[on], *trained[on - {gene}])
        later = looks[1:]
        more = partial(self._screened, good, bad, dataset, genes, cells, later) if later else None
        return Screen(
            good=good,
            bad=bad,
            dataset=dataset,
            protocol=self.protocol,
            genes=genes,
            cells={on: tuple(r) for on, (_, r) in trained.items()},
            executor=self._trainer,
            claims=self.claims,
            more=more,
        )

    def dose_response(
        self,
        genomes: Sequence[Genome],
        doses: Sequence[float],
        dataset: str,
        *,
        margin: float | Margin = DEFAULT_MARGIN,
    ) -> DoseCurve:
        """Final accuracy of `genomes`, smallest dose first, which differ in one gene's dose.

        Raises:
            LabError: fewer than 3 doses, doses that do not rise, or genomes that express the same.
            ManipulationError: a dose did not act, or something else changed with it.
        """
        check_doses(genomes, doses)
        for genome in genomes:
            check_arm(genome, dataset)
        genomes = [g.seeded_by_run() for g in genomes]
        check_dosed(genomes)
        declared = resolve(margin, dataset, self.protocol.name)
        terms = [self._term(g, dataset, self.real) for g in genomes]
        n = look_sizes(self.seeds)[0]
        while True:
            runs = self._runs(terms, n)
            accuracies = [[r.final_accuracy for r in seed] for seed in zip(*runs, strict=True)]
            found = dose_response(accuracies, declared, cap=self.seeds)
            if found.needed is None:
                break
            n = found.needed
        for (a, of_a), (b, of_b) in pairwise(zip(genomes, runs, strict=True)):
            check_cohorts(a, of_a, b, of_b)
        return DoseCurve(
            genomes=tuple(genomes),
            doses=tuple(doses),
            dataset=dataset,
            protocol=self.protocol,
            runs=tuple(tuple(r) for r in runs),
            result=found,
            executor=self._trainer,
            claims=self.claims,
        )

    def compare_recorded(
        self, strain_name: str, dataset: str, *, seeds: int, error: float
    ) -> RecordedComparison:
        """Compare `seeds` runs of a strain, exactly as published, with the recorded ones.

        `error` is the probability of a false alarm of the exact permutation test.

        Raises:
            GenomeError, DataError: an unknown strain or dataset.
            LabError: nothing was recorded of that dataset or at this lab's protocol; no seeds, or
                more than an exact test takes; an `error` outside (0, 1).
        """
        genome = strain(strain_name)
        check_arm(genome, dataset)
        check_error(error)
        if self.protocol != PROTOCOLS["published"] or dataset not in curves():
            raise LabError(
                f"runs were recorded of {', '.join(curves())} at the published protocol; got "
                f"{dataset!r} at {self.protocol.name!r}: choose one of those"
            )
        finals = final_accuracies(strain_name, dataset)
        check_relabellings(len(finals), seeds)
        runs = self.cohort(genome, dataset, seeds=seeds)
        held_out = runs[0].held_out
        recorded = (finals * held_out).round() / held_out
        return RecordedComparison(
            strain=strain_name,
            runs=tuple(runs),
            recorded=tuple(recorded.tolist()),
            agreement=agreement(recorded, [r.final_accuracy for r in runs], alpha=error),
            executor=self._trainer,
            claims=self.claims,
        )

    def cohort(
        self, genome: Genome, dataset: str, *, seeds: int, real: bool | None = None
    ) -> list[Run]:
        """The runs of `genome`, exactly as it stands, for the first `seeds` seeds.

        Raises:
            LabError: no seeds, or some beyond 2**32 - 1.
        """
        return self.cohorts([genome], dataset, seeds=seeds, real=real)[0]

    def cohorts(
        self, genomes: Sequence[Genome], dataset: str, *, seeds: int, real: bool | None = None
    ) -> list[list[Run]]:
        """The runs of each of `genomes`, exactly as they stand, asked for at once.

        Raises: as `cohort`.
        """
        use_real = self.real if real is None else real
        terms = [self._term(g, dataset, use_real) for g in genomes]
        return cohorts(self.store, self.protocol, terms, seeds)

    def _term(
        self, genome: Genome, dataset: str, real: bool, weight: int = 1, *, vouch: bool = False
    ) -> Term:
        return Term(genome, dataset, self.first_seed, real, weight, vouch)

    def _runs(self, terms: Sequence[Term], seeds: int) -> list[list[Run]]:
        """The runs that a look at `seeds` seeds takes, of which more may follow."""
        return cohorts(self.store, self.protocol, terms, seeds, ahead=self.seeds)

    def _contrast(
        self,
        weighted: Sequence[tuple[int, Genome, str]],
        margin: float | Margin,
        real: bool | None,
    ) -> Comparison:
        """The comparison of the paired forms of genomes, given with their weights and datasets."""
        for _, genome, dataset in weighted:
            check_arm(genome, dataset)
        genomes = [genome.seeded_by_run() for _, genome, _ in weighted]
        use_real = self._on_real_api(genomes) if real is None else real
        terms = [
            self._term(genome, dataset, use_real, weight, vouch=not self.real)
            for genome, (weight, _, dataset) in zip(genomes, weighted, strict=True)
        ]
        check_different([(term.genome, term.dataset) for term in terms], use_real)
        comparison = self._look(terms, margin, identity_first=use_real and same_in_engine(genomes))
        check_arms(comparison.arms)
        return comparison

    def _look(
        self, terms: Sequence[Term], margin: float | Margin, *, identity_first: bool = False
    ) -> Comparison:
        """Train and look at 16, 24, 32, ... seeds of `terms`, until a look decides.

        With `identity_first`, `GLANCE` seeds are looked at first, for identity alone.
        """
        datasets = list(dict.fromkeys(term.dataset for term in terms))
        declared = resolve(margin, datasets[0], self.protocol.name)

        def arms(n: int) -> tuple[Arm, ...]:
            runs = self._runs(terms, n)
            return tuple(term.arm(of) for term, of in zip(terms, runs, strict=True))

        def looked(found: tuple[Arm, ...], cap: int) -> Result:
            span = sum(abs(arm.weight) for arm in found) / 2
            return sequential(weighted_differences(found), declared, cap=cap, span=span)

        glance = min(GLANCE, self.seeds)
        if identity_first and identical(found := arms(glance)):
            result = looked(found, glance)
        else:
            needed: int | None = look_sizes(self.seeds)[0]
            while needed is not None:
                found = arms(needed)
                result = looked(found, self.seeds)
                needed = None if identical(found) else result.needed
        return Comparison(
            arms=found,
            dataset="-".join(datasets),
            protocol=self.protocol,
            executor=_trained_by(*(term.real for term in terms)),
            result=result,
            claims=self.claims,
        )

    @property
    def _trainer(self) -> str:
        """What trains where the genomes do not decide it."""
        return _trained_by(self.real)

    def __repr__(self) -> str:
        last = self.first_seed + self.seeds - 1
        return (
            f"<Lab {self.protocol.name}, seeds {self.first_seed}..{last}, "
            f"{self._trainer}, runs in {self.store.path}>"
        )

    def _on_real_api(self, genomes: Sequence[Genome]) -> bool:
        """Whether only the real API can tell the genomes apart."""
        if self.real or len({g.trainer for g in genomes}) > 1:
            return True
        return same_in_engine(genomes)


def _trained_by(*real: bool) -> str:
    if len(set(real)) > 1:
        return BY_BOTH
    return BY_REAL_API if real[0] else BY_ENGINE


def _protocol(given: Protocol | str) -> Protocol:
    return given if isinstance(given, Protocol) else protocol(given)
