"""Checks of what the lab is asked. Each error says the rule, the value seen and the remedy."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from numbers import Integral, Real
from typing import Any

from mlp.errors import UserError
from mlp.genome import Genome, differing
from mlp.genome.species import check_registered

MAX_SEEDS = 100_000
"""The most seeds of a comparison."""

LAST_SEED = 2**32 - 1
"""The largest seed that NumPy's legacy generator accepts."""


class LabError(ValueError, UserError):
    """A question that the lab cannot answer: the rule, the value seen, the remedy."""


def check_seeds(seeds: int, first_seed: int) -> None:
    """Refuse a number of seeds, or a first seed, that a comparison cannot use."""
    if not _is_whole(seeds) or not 2 <= seeds <= MAX_SEEDS:
        raise LabError(f"a comparison needs from 2 to {MAX_SEEDS} seeds; got {seeds!r}: try 128")
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


def check_margin(margin: float, span: float = 1.0) -> None:
    """Refuse a margin outside (0, span), in the user's unit."""
    number = isinstance(margin, Real) and not isinstance(margin, bool)
    if not number or not 0 < margin < span:
        raise LabError(
            f"a margin must lie between 0 and {span:g}; got {margin!r}: try {0.05 * span:g}"
        )


def check_claims(claims: int) -> None:
    """Refuse a number of claims among which no error can be divided."""
    if not _is_whole(claims) or claims < 1:
        raise LabError(
            f"the error is divided among at least 1 claim; got {claims!r}: give the number of "
            "claims that the suite makes"
        )


def check_named(margins: object) -> None:
    """Refuse margins that are not given in a mapping by name."""
    if not isinstance(margins, Mapping):
        raise LabError(
            "margins of datasets or protocols must be given in a mapping by name; got "
            f"{margins!r}: try Margin(0.2, {{'wine': 0.1}})"
        )


def check_genomes(genomes: Sequence[Any]) -> None:
    """Refuse anything but genomes, all of one species that this process knows by its name."""
    if not len(genomes):
        raise LabError("a comparison needs genomes; got none: give at least one")
    for genome in genomes:
        if not isinstance(genome, Genome):
            raise LabError(
                f"a comparison needs genomes; got {genome!r:.60}: declare class Loop(Genome), and "
                "give Loop(...)"
            )
        check_registered(type(genome))
    kinds = list(dict.fromkeys(type(genome) for genome in genomes))
    if len(kinds) > 1:
        raise LabError(
            "a comparison needs genomes of one species; got "
            f"{' and '.join(kind.__qualname__ for kind in kinds)}: make both of one species, with "
            "a gene for each respect in which they differ"
        )


def check_different(genomes: Sequence[Genome], acting: Sequence[tuple[Genome, str]]) -> None:
    """Refuse two arms, or two effects, that train the same runs: they cannot differ.

    `acting` are the genomes as expressed and their datasets, two for each effect.
    """
    for i in range(0, len(acting), 2):
        if acting[i] == acting[i + 1]:
            raise LabError(
                f"a comparison needs genomes that train differently; {genomes[i]} and "
                f"{genomes[i + 1]} do not: change a gene that acts"
            )
    if acting[:2] == acting[2:]:
        first, second = (f"{genomes[i]} over {genomes[i + 1]}" for i in (0, 2))
        raise LabError(
            f"two effects must differ to be compared; {first} and {second} train the same runs "
            "on one dataset: change a gene that acts, or give second_dataset"
        )


def check_effect(effect: tuple[Genome, Genome]) -> None:
    """Refuse anything but a pair of genomes."""
    if not isinstance(effect, (tuple, list)) or len(effect) != 2:
        raise LabError(f"an effect must be a pair of genomes; got {effect}: try (FIT, LOOP)")


def check_doses(genomes: Any, doses: Any) -> None:
    """Refuse anything but at least 3 rising doses, with a genome for each."""
    listed = isinstance(genomes, Collection) and isinstance(doses, Collection)
    numbers = listed and all(isinstance(dose, Real) and abs(dose) != math.inf for dose in doses)
    rising = numbers and all(low < high for low, high in pairwise(doses))
    if not rising or len(doses) < 3 or len(genomes) != len(doses):
        given = f"{len(genomes)} genomes" if isinstance(genomes, Collection) else genomes
        raise LabError(
            "a dose-response needs at least 3 doses, smallest first, and a genome for each; got "
            f"{given} at doses {doses}: give finite numbers in rising order"
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
