"""Checks of what the lab is asked. Each error says the rule, the value seen and the remedy."""

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
"""The largest seed that NumPy's legacy generator accepts."""


class LabError(ValueError):
    """A question that the lab cannot answer: the rule, the value seen, the remedy."""


def check_seeds(seeds: int, first_seed: int) -> None:
    """Refuse a number of seeds, or a first seed, that a comparison cannot use."""
    if not _is_whole(seeds) or not 2 <= seeds <= MAX_CAP:
        raise LabError(f"a comparison needs from 2 to {MAX_CAP} seeds; got {seeds!r}: try 128")
    check_range(first_seed, seeds)


def check_range(first_seed: int, seeds: int) -> None:
    """Refuse `seeds` seeds from `first_seed` on if NumPy's generator does not accept them all."""
    if not _is_whole(first_seed) or first_seed < 0 or int(first_seed) + int(seeds) > LAST_SEED + 1:
        raise LabError(
            "seeds must lie from 0 to 2**32 - 1; got a first seed of "
            f"{first_seed!r} and {seeds} seeds: try 0"
        )


def check_apart(first_seed: int, apart: int, seeds: int) -> None:
    """Refuse a second cohort whose seeds, from `apart` on, NumPy's generator does not accept."""
    if apart + seeds > LAST_SEED + 1:
        raise LabError(
            "two cohorts that share no seed must both have seeds from 0 to 2**32 - 1; got "
            f"{seeds} seeds from {first_seed} on and {seeds} from {apart} on: begin earlier"
        )


def check_count(seeds: int) -> None:
    """Refuse a cohort without runs."""
    if not _is_whole(seeds) or seeds < 1:
        raise LabError(f"a cohort needs at least 1 seed; got {seeds!r}: try 16")


def check_error(error: float) -> None:
    """Refuse a probability of a false alarm outside (0, 1)."""
    if not _is_share(error):
        raise LabError(
            f"the probability of a false alarm must lie between 0 and 1; got {error!r}: try 0.05"
        )


def check_relabellings(recorded: int, seeds: int) -> None:
    """Refuse no runs, and more runs than an exact test against `recorded` runs can take."""
    check_count(seeds)
    most = next(n for n in count(1) if comb(recorded + n + 1, recorded) > MAX_RELABELLINGS)
    if seeds > most:
        raise LabError(
            f"an exact test against {recorded} recorded runs takes at most {most} seeds; got "
            f"{seeds}: ask for fewer"
        )


def check_margin(margin: float) -> None:
    """Refuse a margin outside (0, 1)."""
    if not _is_share(margin):
        raise LabError(f"a margin must lie between 0 and 1; got {margin!r}: try 0.05")


def check_named(margins: object) -> None:
    """Refuse margins that are not given in a mapping by name."""
    if not isinstance(margins, Mapping):
        raise LabError(
            "margins of datasets or protocols must be given in a mapping by name; got "
            f"{margins!r}: try Margin(0.2, {{'wine': 0.1}})"
        )


def check_arm(genome: Genome, dataset: str) -> None:
    """Refuse anything but a genome, and an unknown dataset (DataError)."""
    if not isinstance(genome, Genome):
        raise LabError(f"a comparison needs genomes; got {genome!r}: try MATMUL")
    check_name(dataset)


def check_different(arms: Sequence[tuple[Genome, str]], real: bool) -> None:
    """Refuse two arms, or two effects, that train the same runs: they cannot differ."""
    runs = [(expressed(genome, executor(genome, real=real)), dataset) for genome, dataset in arms]
    for i in range(0, len(runs), 2):
        if runs[i] == runs[i + 1]:
            raise LabError(
                f"a comparison needs genomes that train differently; {arms[i][0]} and "
                f"{arms[i + 1][0]} do not: change a gene that acts"
            )
    if runs[:2] == runs[2:]:
        first, second = (f"{arms[i][0]} over {arms[i + 1][0]}" for i in (0, 2))
        raise LabError(
            f"two effects must differ to be compared; {first} and {second} train the same runs "
            "on one dataset: change a gene that acts, or give second_dataset"
        )


def check_effect(effect: tuple[Genome, Genome]) -> None:
    """Refuse anything but a pair of genomes."""
    if not isinstance(effect, (tuple, list)) or len(effect) != 2:
        raise LabError(f"an effect must be a pair of genomes; got {effect}: try (LAYERS, MATMUL)")


def check_doses(genomes: Any, doses: Any) -> None:
    """Refuse anything but at least 3 rising doses, with a genome for each."""
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
    """Refuse genomes that differ in more than one gene, or not at all."""
    genes = {name for a, b in pairwise(genomes) for name in differing(a.expressed(), b.expressed())}
    if len(genes) > 1:
        raise LabError(
            f"a dose-response must vary one gene; the genomes from {genomes[0]} to {genomes[-1]} "
            f"differ in {', '.join(sorted(genes))}: vary one gene only"
        )
    if len({genome.expressed() for genome in genomes}) < len(genomes):
        raise LabError(
            f"a dose-response needs genomes that train differently; of the {len(genomes)} from "
            f"{genomes[0]} to {genomes[-1]} some train the same runs: change their dose"
        )


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_share(value: Any) -> bool:
    """Whether `value` is a number between 0 and 1. A bool is not."""
    share: Any = value if isinstance(value, Real) and not isinstance(value, bool) else 0
    return bool(0 < share < 1)
