"""What the lab can be asked: each refusal says the rule, the value seen and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from mlp.data import check_name
from mlp.genome import Genome, differing
from mlp.lab.key import executor, expressed
from mlp.stats.looks import MAX_CAP


class LabError(ValueError):
    """A question the lab cannot be asked: the rule, the value seen, the remedy."""


def check_seeds(seeds: int, first_seed: int) -> None:
    """Refuse a number of seeds, or a first seed, that no comparison can use."""
    if not _is_whole(seeds) or not 2 <= seeds <= MAX_CAP:
        raise LabError(f"a comparison needs from 2 to {MAX_CAP} seeds; got {seeds!r}: try 128")
    if not _is_whole(first_seed) or first_seed < 0 or first_seed + seeds > 2**32:
        raise LabError(
            "seeds must lie from 0 to 2**32 - 1; got a first seed of "
            f"{first_seed!r} and {seeds} seeds: try 0"
        )


def check_count(seeds: int) -> None:
    """Refuse a cohort of no runs."""
    if not _is_whole(seeds) or seeds < 1:
        raise LabError(f"a cohort needs at least 1 seed; got {seeds!r}: try 16")


def check_margin(margin: float) -> None:
    """Refuse a margin that no outcome, or every outcome, would clear."""
    if isinstance(margin, bool) or not isinstance(margin, (int, float)) or not 0 < margin < 1:
        raise LabError(
            f"a margin of practical equivalence lies between 0 and 1; got {margin!r}: try 0.05"
        )


def check_arm(genome: Genome, dataset: str) -> None:
    """Refuse what is no genome, and an unknown dataset (DataError)."""
    if not isinstance(genome, Genome):
        raise LabError(f"a comparison is of genomes; got {genome!r}: try MATMUL")
    check_name(dataset)


def check_different(arms: Sequence[tuple[Genome, str]], real: bool) -> None:
    """Refuse a contrast all of whose arms express the same: it could not come out otherwise."""
    if len({(expressed(g, executor(g, real=real)), dataset) for g, dataset in arms}) < 2:
        raise LabError(
            f"a comparison needs genomes that express something different; {arms[0][0]} and "
            f"{arms[1][0]} do not: change a gene that acts"
        )


def check_effect(effect: tuple[Genome, Genome]) -> None:
    """Refuse what is no pair of genomes."""
    if not isinstance(effect, (tuple, list)) or len(effect) != 2:
        raise LabError(
            f"an effect is a pair of genomes, (with, without); got {effect}: try (LAYERS, MATMUL)"
        )


def check_effects(
    first: tuple[Genome, Genome], second: tuple[Genome, Genome], same_dataset: bool
) -> None:
    """Refuse an effect compared with itself: it could not come out otherwise than equal."""
    if same_dataset and tuple(first) == tuple(second):
        raise LabError(
            f"two effects are compared that are not one; got {first[0]} over {first[1]} twice on "
            "one dataset: change one, or give second_dataset"
        )


def check_doses(genomes: Sequence[Genome], doses: Sequence[float]) -> None:
    """Refuse doses that do not rise, and genomes that are not one for each dose of one gene."""
    rising = all(low < high for low, high in pairwise(doses))
    if len(doses) < 3 or len(genomes) != len(doses) or not rising:
        raise LabError(
            "a dose-response needs at least 3 doses, smallest first, and a genome for each; got "
            f"{len(genomes)} genomes at doses {list(doses)}: name them in rising order"
        )
    genes = {name for a, b in pairwise(genomes) for name in differing(a.expressed(), b.expressed())}
    if len(genes) > 1:
        raise LabError(
            f"a dose-response varies one gene; the genomes from {genomes[0]} to {genomes[-1]} "
            f"differ in {', '.join(sorted(genes))}: vary one and hold the others"
        )
    if len({genome.expressed() for genome in genomes}) < len(genomes):
        raise LabError(
            f"a dose-response needs genomes that express something different; of the "
            f"{len(genomes)} from {genomes[0]} to {genomes[-1]} some do not: change their dose"
        )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
