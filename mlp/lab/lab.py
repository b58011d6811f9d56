"""The lab: what a claim asks for -> what is missing -> train -> store -> compare."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlp.data import load
from mlp.genome import Genome, differing
from mlp.lab.checks import check_manipulation
from mlp.lab.comparison import Arm, Claim, Comparison, weighted_differences
from mlp.lab.key import executor, expressed
from mlp.lab.work import Wanted, obtain
from mlp.run import Protocol, Run, protocol
from mlp.stats import Result, look_sizes, sequential
from mlp.store import Store

DEFAULT_STORE = Path(".mlp") / "runs.sqlite"
DEFAULT_SEEDS = 128
DEFAULT_MARGIN = 0.05

ON_REAL_API = frozenset({"dense", "trainer"})
"""Genes without meaning in the cohort engine: comparisons of them run on the real API."""


class LabError(ValueError):
    """A question the lab cannot be asked: the rule, the value seen, the remedy."""


class Lab:
    """Trains what claims need, keeps it, and compares it.

    Args:
        store: the run store, or the path of its file (created if missing).
        protocol: a `Protocol`, or the name of one.
        seeds: the most seeds a comparison may use; looks are at 8, 16, 32, ... up to it.
        first_seed: seeds are first_seed, first_seed + 1, ...
        real: train everything on the real TensorFlow API, never on the cohort engine.

    Raises:
        LabError, ProtocolError, StoreError: a bad argument.
    """

    def __init__(
        self,
        store: Store | Path | str = DEFAULT_STORE,
        *,
        protocol: Protocol | str = "quick",
        seeds: int = DEFAULT_SEEDS,
        first_seed: int = 0,
        real: bool = False,
    ) -> None:
        self.check_seeds(seeds, first_seed)
        self.protocol = _protocol(protocol)
        self.seeds = seeds
        self.first_seed = first_seed
        self.real = real
        self.store = store if isinstance(store, Store) else Store(store)
        self.claims: list[Claim] = []
        self.comparisons: list[Comparison] = []

    @staticmethod
    def check_seeds(seeds: int, first_seed: int) -> None:
        """Refuse a number of seeds, or a first seed, that no comparison can use.

        Raises:
            LabError: fewer than 2 seeds, or a seed outside 0 .. 2**32 - 1.
        """
        if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 2:
            raise LabError(f"a comparison needs at least 2 seeds; got {seeds!r}: try 128")
        if not isinstance(first_seed, int) or first_seed < 0 or first_seed + seeds > 2**32:
            raise LabError(
                "seeds must lie from 0 to 2**32 - 1; got a first seed of "
                f"{first_seed!r} and {seeds} seeds: try 0"
            )

    def compare(
        self,
        a: Genome,
        b: Genome,
        dataset: str,
        *,
        margin: float = DEFAULT_MARGIN,
        real: bool | None = None,
    ) -> Comparison:
        """Compare `a` with `b`, paired by seed, at looks of 8, 16, 32, ... seeds until one decides.

        Both are compared in their paired form (`Genome.paired`). A comparison in which the dense
        operation or the trainer differs runs on the real API; `real` overrides that.

        Raises:
            LabError: `a` and `b` express the same.
            ManipulationError: what differs did not act, or something else changed.
        """
        return self._contrast(((1, a), (-1, b)), dataset, margin, real)

    def compare_effects(
        self,
        first: tuple[Genome, Genome],
        second: tuple[Genome, Genome],
        dataset: str,
        *,
        margin: float = DEFAULT_MARGIN,
        real: bool | None = None,
    ) -> Comparison:
        """Compare the effect of `first[0]` over `first[1]` with that of `second[0]` over the other.

        A difference of differences, seed by seed: whether something acts alike on two genomes.

        Raises: as `compare`.
        """
        (a, b), (c, d) = first, second
        return self._contrast(((1, a), (-1, b), (-1, c), (1, d)), dataset, margin, real)

    def cohort(
        self, genome: Genome, dataset: str, *, seeds: int, real: bool | None = None
    ) -> list[Run]:
        """The runs of `genome`, exactly as it stands, for the first `seeds` seeds."""
        return self.cohorts([genome], dataset, seeds=seeds, real=real)[0]

    def cohorts(
        self, genomes: Sequence[Genome], dataset: str, *, seeds: int, real: bool | None = None
    ) -> list[list[Run]]:
        """The runs of each of `genomes`, exactly as they stand, asked for at once."""
        load(dataset)
        use_real = self.real if real is None else real
        wanted = [
            [
                Wanted(g, dataset, self.protocol, self.first_seed + i, executor(g, real=use_real))
                for i in range(seeds)
            ]
            for g in genomes
        ]
        runs = obtain(self.store, [w for arm in wanted for w in arm])
        return [[runs[w] for w in arm] for arm in wanted]

    def _contrast(
        self,
        terms: Sequence[tuple[int, Genome]],
        dataset: str,
        margin: float,
        real: bool | None,
    ) -> Comparison:
        for _, genome in terms:
            if not isinstance(genome, Genome):
                raise LabError(f"a comparison is of genomes; got {genome!r}: try MATMUL")
        genomes = [genome.paired() for _, genome in terms]
        weights = [weight for weight, _ in terms]
        apart = {g for x in genomes for g in differing(genomes[0], x)}
        use_real = (self.real or bool(apart & ON_REAL_API)) if real is None else real
        names = [executor(g, real=use_real) for g in genomes]
        if len({expressed(g, n) for g, n in zip(genomes, names, strict=True)}) < 2:
            raise LabError(
                f"a comparison needs genomes that express something different; {genomes[0]} and "
                f"{genomes[1]} do not: change a gene that acts"
            )
        span = sum(map(abs, weights)) / 2
        n = look_sizes(self.seeds)[0]
        while True:
            cohorts = self.cohorts(genomes, dataset, seeds=n, real=use_real)
            arms = tuple(
                Arm(w, g, tuple(runs)) for w, g, runs in zip(weights, genomes, cohorts, strict=True)
            )
            result = sequential(weighted_differences(arms), margin, cap=self.seeds, span=span)
            if result.needed is None:
                break
            n = result.needed
        _check(arms)
        comparison = Comparison(
            arms=arms,
            dataset=dataset,
            protocol=self.protocol,
            executor="real API" if use_real else "cohort engine",
            result=result,
            claims=self.claims,
        )
        self.comparisons.append(comparison)
        return comparison

    def decide(self, differences: Sequence[float], margin: float, *, span: float = 1.0) -> Result:
        """The result of differences that are already at hand, at this lab's cap."""
        return sequential(differences, margin, cap=self.seeds, span=span)


def _check(arms: Sequence[Arm]) -> None:
    for a, b in zip(arms[::2], arms[1::2], strict=True):
        check_manipulation(a.genome, b.genome, list(zip(a.runs, b.runs, strict=True)))


def _protocol(given: Protocol | str) -> Protocol:
    return given if isinstance(given, Protocol) else protocol(given)
