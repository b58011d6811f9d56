"""What the lab can be asked: each refusal says the rule, the value seen and the remedy."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import count, pairwise
from math import comb
from numbers import Integral, Real
from typing import Any

from mlp.data import check_name
from mlp.genome import Genome, differing
from mlp.lab.key import executor, expressed
from mlp.stats.looks import MAX_CAP
from mlp.stats.permutation import MAX_RELABELLINGS

LAST_SEED = 2**32 - 1
"""The last seed that NumPy's legacy generator takes."""


class LabError(ValueError):
    """A question the lab cannot be asked: the rule, the value seen, the remedy."""


def check_seeds(seeds: int, first_seed: int) -> None:
    """Refuse a number of seeds, or a first seed, that no comparison can use."""
    if not _is_whole(seeds) or not 2 <= seeds <= MAX_CAP:
        raise LabError(f"a comparison needs from 2 to {MAX_CAP} seeds; got {seeds!r}: try 128")
    check_range(first_seed, seeds)


def check_range(first_seed: int, seeds: int) -> None:
    """Refuse seeds from `first_seed` on that no generator takes."""
    if not _is_whole(first_seed) or first_seed < 0 or int(first_seed) + int(seeds) > LAST_SEED + 1:
        raise LabError(
            "seeds must lie from 0 to 2**32 - 1; got a first seed of "
            f"{first_seed!r} and {seeds} seeds: try 0"
        )


def check_apart(first_seed: int, apart: int, seeds: int) -> None:
    """Refuse the seeds of a second cohort, from `apart` on, that no generator takes."""
    if apart + seeds > LAST_SEED + 1:
        raise LabError(
            "two cohorts that share no seed must both have theirs from 0 to 2**32 - 1; got a first "
            f"seed of {first_seed} and {seeds} seeds, and others from {apart} on: begin earlier"
        )


def check_count(seeds: int) -> None:
    """Refuse a cohort of no runs."""
    if not _is_whole(seeds) or seeds < 1:
        raise LabError(f"a cohort needs at least 1 seed; got {seeds!r}: try 16")


def check_error(error: float) -> None:
    """Refuse a probability of a false alarm that never, or always, raises one."""
    if not _is_share(error):
        raise LabError(
            f"the probability of a false alarm lies between 0 and 1; got {error!r}: try 0.05"
        )


def check_relabellings(recorded: int, seeds: int) -> None:
    """Refuse as many runs, beside `recorded` ones, as an exact test cannot take; and none."""
    check_count(seeds)
    most = next(n for n in count(1) if comb(recorded + n + 1, recorded) > MAX_RELABELLINGS)
    if seeds > most:
        raise LabError(
            f"an exact test against {recorded} recorded runs takes at most {most} seeds; got "
            f"{seeds}: ask for fewer"
        )


def check_margin(margin: float) -> None:
    """Refuse a margin that no outcome, or every outcome, would clear."""
    if not _is_share(margin):
        raise LabError(
            f"a margin of practical equivalence lies between 0 and 1; got {margin!r}: try 0.05"
        )


def check_named(margins: object) -> None:
    """Refuse what names no dataset's or protocol's margin."""
    if not isinstance(margins, Mapping):
        raise LabError(
            "a margin names the datasets or protocols it differs on in a mapping; got "
            f"{margins!r}: try Margin(0.2, {{'wine': 0.1}})"
        )


def check_arm(genome: Genome, dataset: str) -> None:
    """Refuse what is no genome, and an unknown dataset (DataError)."""
    if not isinstance(genome, Genome):
        raise LabError(f"a comparison is of genomes; got {genome!r}: try MATMUL")
    check_name(dataset)


def check_different(arms: Sequence[tuple[Genome, str]], real: bool) -> None:
    """Refuse arms, or effects, that express the same: they could not come out otherwise."""
    runs = [(expressed(genome, executor(genome, real=real)), dataset) for genome, dataset in arms]
    for i in range(0, len(runs), 2):
        if runs[i] == runs[i + 1]:
            raise LabError(
                f"a comparison needs genomes that express something different; {arms[i][0]} and "
                f"{arms[i + 1][0]} do not: change a gene that acts"
            )
    if runs[:2] == runs[2:]:
        first, second = (f"{arms[i][0]} over {arms[i + 1][0]}" for i in (0, 2))
        raise LabError(
            f"two effects are compared that are not one; {first} and {second} express the same "
            "on one dataset: change a gene that acts, or give second_dataset"
        )


def check_effect(effect: tuple[Genome, Genome]) -> None:
    """Refuse what is no pair of genomes."""
    if not isinstance(effect, (tuple, list)) or len(effect) != 2:
        raise LabError(
            f"an effect is a pair of genomes, (with, without); got {effect}: try (LAYERS, MATMUL)"
        )


def check_doses(genomes: Any, doses: Any) -> None:
    """Refuse what is no list of rising doses with a genome for each."""
    listed = isinstance(genomes, Collection) and isinstance(doses, Collection)
    numbers = listed and all(isinstance(dose, Real) for dose in doses)
    rising = numbers and all(low < high for low, high in pairwise(doses))
    if not rising or len(doses) < 3 or len(genomes) != len(doses):
        given = f"{len(genomes)} genomes" if isinstance(genomes, Collection) else genomes
        raise LabError(
            "a dose-response needs at least 3 doses, smallest first, and a genome for each; got "
            f"{given} at doses {doses}: give numbers in rising order"
        )


def check_dosed(genomes: Sequence[Genome]) -> None:
    """Refuse genomes that are not each of another dose of one gene."""
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
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_share(value: Any) -> bool:
    """Whether `value` is a number between 0 and 1; no flag is."""
    share: Any = value if isinstance(value, Real) and not isinstance(value, bool) else 0
    return bool(0 < share < 1)
