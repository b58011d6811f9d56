"""phi_g = sum over S without g of |S|! (k-|S|-1)! / k! * (y(S + g) - y(S)): who did what.

A screen is a full factorial over k genes: `cells` maps each of the 2^k subsets of genes that take
the donor's allele to the accuracies of that cell, `[n]`, one per seed in the same seed order.
Every effect is computed seed by seed, `[n]`, so that `paired_interval` and `sequential` apply to it
as to any difference.

The Shapley share is the one division of the whole difference y(all) - y(none) that adds up
(efficiency), treats equal genes equally (symmetry), gives nothing to a gene that does nothing
(dummy) and is linear in y.

Shapley, L. S. (1953). A value for n-person games. Contributions to the Theory of Games II.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np

from mlp.stats.interval import FloatArray, Interval, check_alpha, paired_interval

Cells = Mapping[frozenset[str], FloatArray]
GenePair = tuple[str, str]


@dataclass(frozen=True)
class ScreenEffects:
    """Effects with simultaneous intervals: all of them hold together with probability `level`."""

    whole: Interval
    main: dict[str, Interval]
    interactions: dict[GenePair, Interval]
    shares: dict[str, Interval]
    level: float


def checked_cells(cells: Mapping[Iterable[str], FloatArray]) -> dict[frozenset[str], FloatArray]:
    """The cells by frozenset of genes; ValueError unless every subset is there, alike in seeds.

    Keys may be any iterable of gene names (a tuple, a frozenset).
    """
    found: dict[frozenset[str], FloatArray] = {}
    for key, values in cells.items():
        on = frozenset([key] if isinstance(key, str) else key)
        if on in found:
            raise ValueError(f"A cell is given once, got {sorted(on)} twice: keep one of them.")
        found[on] = np.asarray(values, dtype=np.float64)
    everything = sorted(frozenset().union(*found)) if found else []
    if not everything:
        raise ValueError("A screen varies at least one gene, got none: name the genes.")
    wanted = [frozenset(s) for r in range(len(everything) + 1) for s in combinations(everything, r)]
    missing = [sorted(s) for s in wanted if s not in found]
    if missing:
        raise ValueError(
            f"A screen of {len(everything)} genes has {len(wanted)} cells, got {len(found)}; "
            f"{missing[0]} is missing: train it."
        )
    shapes = {values.shape for values in found.values()}
    if len(shapes) > 1 or len(next(iter(shapes))) != 1:
        raise ValueError(
            f"All cells hold one accuracy per seed of the same seeds, got shapes {sorted(shapes)}: "
            "pass arrays [n] in one seed order."
        )
    return {on: found[on] for on in wanted}


def genes_of(cells: Cells) -> list[str]:
    """The genes of a screen, sorted."""
    return sorted(frozenset().union(*cells))


def whole_difference(cells: Mapping[Iterable[str], FloatArray]) -> FloatArray:
    """y(all) - y(none), per seed, `[n]`."""
    full = checked_cells(cells)
    return full[frozenset(genes_of(full))] - full[frozenset()]


def main_effects(cells: Mapping[Iterable[str], FloatArray]) -> dict[str, FloatArray]:
    """mean over S without g of y(S + g) - y(S), per gene and seed, `[n]` in [-1, 1]."""
    full = checked_cells(cells)
    return {
        gene: np.mean([full[on | {gene}] - full[on] for on in full if gene not in on], axis=0)
        for gene in genes_of(full)
    }


def interactions(cells: Mapping[Iterable[str], FloatArray]) -> dict[GenePair, FloatArray]:
    """mean over S of y(S+g+h) - y(S+g) - y(S+h) + y(S), per pair and seed, `[n]` in [-2, 2].

    Zero where the two genes act independently; the epistasis of the pair otherwise.
    """
    full = checked_cells(cells)
    return {
        (g, h): np.mean(
            [
                full[on | {g, h}] - full[on | {g}] - full[on | {h}] + full[on]
                for on in full
                if not on & {g, h}
            ],
            axis=0,
        )
        for g, h in combinations(genes_of(full), 2)
    }


def shapley(cells: Mapping[Iterable[str], FloatArray]) -> dict[str, FloatArray]:
    """phi_g, exact, per gene and seed, `[n]` in [-1, 1]; they sum to `whole_difference`."""
    full = checked_cells(cells)
    genes = genes_of(full)
    k = len(genes)
    weight = [factorial(s) * factorial(k - s - 1) / factorial(k) for s in range(k)]
    return {
        gene: np.sum(
            [weight[len(on)] * (full[on | {gene}] - full[on]) for on in full if gene not in on],
            axis=0,
        )
        for gene in genes
    }


def screen_effects(
    cells: Mapping[Iterable[str], FloatArray], *, error: float = 0.05
) -> ScreenEffects:
    """All effects with intervals at error / (number of effects shown): simultaneous, Bonferroni.

    For k genes that number is 1 + 2k + k(k-1)/2: the whole, main effects, shares, interactions.
    """
    check_alpha(error)
    main, pairs, shares = main_effects(cells), interactions(cells), shapley(cells)
    alpha = error / (1 + len(main) + len(shares) + len(pairs))
    return ScreenEffects(
        whole=paired_interval(whole_difference(cells), alpha),
        main={g: paired_interval(d, alpha) for g, d in main.items()},
        interactions={p: paired_interval(d, alpha, span=2.0) for p, d in pairs.items()},
        shares={g: paired_interval(d, alpha) for g, d in shares.items()},
        level=1.0 - error,
    )
