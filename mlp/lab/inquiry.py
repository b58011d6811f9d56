"""How a lab asks: what is the same for all questions, from genomes to cohorts and looks."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlp.genome import Genome
from mlp.lab.arm import Arm, identical, weighted_differences
from mlp.lab.checks import check_arms
from mlp.lab.claim import Claim
from mlp.lab.cohorts import Term, cohorts
from mlp.lab.comparison import Comparison
from mlp.lab.datasets import check_dataset
from mlp.lab.evidence import Setting
from mlp.lab.key import expressed
from mlp.lab.known import (
    first_seed_of,
    protocol_of,
    trainers_now,
    trainers_of,
)
from mlp.lab.looking import look_until
from mlp.lab.margin import Margin, resolve
from mlp.lab.question import (
    check_claims,
    check_different,
    check_genomes,
    check_seeds,
)
from mlp.lab.seeds import DEFAULT_CLAIMS, DEFAULT_SEEDS, FIRST_SEED, GLANCE
from mlp.run import Executor, Protocol, Run
from mlp.stats import Result, look_sizes, sequential
from mlp.store import Store

DEFAULT_STORE = Path(".mlp") / "runs.sqlite"


class Inquiry:
    """A store, a number of seeds and an error to divide: what every question of a lab rests on."""

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
        given: Any = store
        self.store: Store = given if hasattr(given, "obtain") else Store(given)
        self.claims: list[Claim] = []

    def like(self, store: Store) -> Any:
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

    def setting(self, genomes: Sequence[Genome], dataset: str | None) -> Setting:
        """What these genomes are asked about in: the one place where a question is checked."""
        check_genomes(genomes)
        species = type(genomes[0])
        trainers_now(species)
        name = check_dataset(species, dataset)
        return Setting(species, name, self.protocol_of(species), self.error_divided, self.claims)

    def executor(self, genome: Genome, *, real: bool) -> Executor:
        trainers = trainers_of(type(genome))
        return trainers.real(genome) if real or trainers.engine is None else trainers.engine

    def is_real(self, genomes: Sequence[Genome]) -> bool:
        """Whether what is asked of the genomes is asked of the real executors."""
        return self.real or (len(genomes) > 1 and trainers_of(type(genomes[0])).needs_real(genomes))

    def real_names(self, setting: Setting) -> set[str]:
        """The names of the executors that genes about who trains are about."""
        return {one.name for one in trainers_of(setting.species).all if one.real}

    def term(
        self,
        setting: Setting,
        genome: Genome,
        *,
        real: bool,
        weight: int = 1,
        dataset: str | None = None,
        vouch: bool = True,
    ) -> Term:
        executor = self.executor(genome, real=real)
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

    def runs(self, terms: Sequence[Term], seeds: int) -> list[list[Run]]:
        """The runs that a look at `seeds` seeds takes, of which more may follow."""
        return cohorts(self.store, terms, seeds, ahead=self.seeds)

    def check_different(
        self, genomes: Sequence[Genome], datasets: Sequence[str], real: bool
    ) -> None:
        acting = [expressed(g, self.executor(g, real=real)) for g in genomes]
        check_different(genomes, list(zip(acting, datasets, strict=True)))

    def contrast(
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
        use_real = self.is_real(genomes) if real is None else real
        terms = [
            self.term(setting, genome, real=use_real, weight=weight, dataset=name)
            for genome, (weight, _), name in zip(genomes, weighted, named, strict=True)
        ]
        self.check_different(genomes, named, use_real)
        glance = use_real and self.same_in_engine(genomes)
        comparison = self.look(setting, terms, margin, identity_first=glance)
        check_arms(comparison.arms, self.real_names(setting))
        return comparison

    def same_in_engine(self, genomes: Sequence[Genome]) -> bool:
        """Whether the genomes differ in nothing but what an engine does not claim to tell apart."""
        trainers = trainers_of(type(genomes[0]))
        return trainers.engine is not None and trainers.same_but_real(genomes)

    def look(
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
            runs = self.runs(terms, n)
            arms = tuple(term.arm(of) for term, of in zip(terms, runs, strict=True))
            return Comparison(
                setting=replace(setting, dataset=datasets),
                executor=" against ".join(titles),
                arms=arms,
                result=self.looked(setting, arms, declared, cap),
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

    def looked(self, setting: Setting, arms: Sequence[Arm], margin: float, cap: int) -> Result:
        span = sum(abs(arm.weight) for arm in arms) / 2
        differences = weighted_differences(arms)
        return sequential(differences, margin, cap=cap, span=span, claim_error=setting.claim_error)

    def __repr__(self) -> str:
        first = "as the species says" if self._first_seed is None else f"from {self._first_seed}"
        return f"<Lab, at most {self.seeds} seeds {first}, runs in {self.store.path}>"
