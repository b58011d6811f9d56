"""Which mixed cells to train, and how to read each gene's average effect off them.

A cell is the set of genes that have the good allele. A Plackett-Burman design over k genes has N
cells, N the smallest order below of a Hadamard matrix that leaves three cells to check the effects
by. In it each gene has the good allele in half of the cells, and each pair of genes in a quarter of
them. So the effects of all genes are estimated from all cells, each as precisely as if the cells
served it alone.

Orders are taken from the constructions of Paley (1933). Those of Sylvester are avoided: in them
what two genes do together shows up whole as an effect of a third gene. In Paley's it is spread
thinly, and goes into the model of `average_effects` once the two genes are known.

Plackett, R. L. & Burman, J. P. (1946). The design of optimum multifactorial experiments.
Biometrika 33.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mlp.stats.interval import FloatArray

Cell = frozenset[str]

_PALEY_ONE = {12: 11, 20: 19, 24: 23, 32: 31}
_PALEY_TWO = {28: 13, 36: 17}
SPARE = 4
"""Cells beyond the number of genes: one for the mean, three to check the effects by."""

FEW = 4
"""The most genes whose mixed cells are taken from the factorial."""

MOST_TOGETHER = 4
"""The most genes that a model lets act together."""

ORDERS = tuple(sorted((*_PALEY_ONE, *_PALEY_TWO)))
"""Numbers of mixed cells a design may have."""


def mixed_cells(genes: Sequence[str]) -> tuple[Cell, ...]:
    """The cells of the design for these genes, the all-bad cell first.

    For two genes all four cells; for three or four genes half of the factorial, the cells in which
    an even number of genes is good. Deterministic: the same genes get the same cells.
    """
    if len(genes) <= FEW:
        return tuple(c for c in all_cells(genes) if len(c) % 2 == 0 or len(genes) == 2)
    order = next(n for n in ORDERS if n >= len(genes) + SPARE)
    rows = _hadamard(order)
    columns = (rows * rows[:1])[:, 1 : len(genes) + 1]  # the first row is all +1: all bad
    cells = (frozenset(g for g, x in zip(genes, row, strict=True) if x < 0) for row in columns)
    return tuple(cells)


def all_cells(genes: Sequence[str]) -> tuple[Cell, ...]:
    """The 2^k cells of the factorial, the smallest first."""
    subsets = (c for r in range(len(genes) + 1) for c in combinations(genes, r))
    return tuple(map(frozenset, subsets))


def _hadamard(order: int) -> NDArray[np.int64]:
    """A matrix of +-1 whose rows are orthogonal, first column +1."""
    if order in _PALEY_ONE:
        q = _PALEY_ONE[order]
        core = _bordered(_jacobsthal(q), -1)
        matrix = core + np.eye(q + 1, dtype=np.int64)
    else:
        conference = _bordered(_jacobsthal(_PALEY_TWO[order]), 1)
        matrix = np.kron(conference, np.array([[1, 1], [1, -1]]))
        matrix = matrix + np.kron(np.eye(len(conference)), np.array([[1, -1], [-1, -1]]))
    matrix = np.asarray(np.rint(matrix), dtype=np.int64)
    return matrix * matrix[:, :1]


def _jacobsthal(q: int) -> NDArray[np.int64]:
    """Q[i, j]: 0 if i = j, 1 if i - j is a square modulo the prime q, else -1."""
    squares = {x * x % q for x in range(1, q)}
    of = np.array([0, *(1 if d in squares else -1 for d in range(1, q))])
    return np.asarray(of[np.subtract.outer(np.arange(q), np.arange(q)) % q], dtype=np.int64)


def _bordered(core: NDArray[np.int64], sign: int) -> NDArray[np.int64]:
    """The core with a row of ones above it and a column of `sign` to its left."""
    q = len(core)
    matrix = np.zeros((q + 1, q + 1), dtype=np.int64)
    matrix[0, 1:], matrix[1:, 0], matrix[1:, 1:] = 1, sign, core
    return matrix


@lru_cache(maxsize=64)
def effect_weights(
    cells: tuple[Cell, ...], genes: tuple[str, ...], acting: tuple[str, ...]
) -> tuple[FloatArray, FloatArray]:
    """W[gene, cell] and R[cell, cell]: effects are W @ scores, what they leave is R @ scores.

    W has a row of nan for a gene whose effect cannot be told from those of others. The effects are
    those of least squares.

    The model: each gene has an effect, alleles coded as -1/2 and +1/2, and the genes in `acting`
    have effects together, too, if they are at most four. Terms of the highest order are left out
    until all genes' effects can be told from them, at no more than twice the standard error.
    """
    alone = _model(cells, genes, ())
    told_apart, inverse = _inverse(alone, len(genes))
    model, widest = alone, 2 * np.linalg.norm(inverse, axis=1)[1:].max()
    for order in range(len(acting) if len(acting) <= MOST_TOGETHER else 0, 1, -1):
        fuller = _model(cells, genes, acting, order)
        all_apart, full = _inverse(fuller, len(genes))
        if all_apart.all() and np.linalg.norm(full, axis=1)[1 : len(genes) + 1].max() <= widest:
            model, told_apart, inverse = fuller, all_apart, full
            break
    weights = np.where(told_apart[:, None], inverse[1 : len(genes) + 1], np.nan)
    return weights, np.eye(len(cells)) - model @ inverse


def _model(
    cells: Sequence[Cell], genes: Sequence[str], acting: Sequence[str], order: int = 1
) -> FloatArray:
    """Columns: one, the genes, and products of up to `order` acting genes; a row a cell."""
    has = np.array([[g in cell for g in genes] for cell in cells]) - 0.5
    together = [
        np.prod(has[:, [genes.index(g) for g in of]], axis=1) * 2 ** (size - 1)
        for size in range(2, order + 1)
        for of in combinations(acting, size)
    ]
    return np.column_stack([np.ones(len(cells)), has, *together])


def _inverse(model: FloatArray, genes: int) -> tuple[NDArray[np.bool_], FloatArray]:
    """Which genes' effects can be told apart, and the pseudo-inverse of the model."""
    inverse = np.asarray(np.linalg.pinv(model, rcond=1e-9), dtype=np.float64)
    apart = np.abs(inverse @ model - np.eye(model.shape[1])).max(axis=1) < 1e-6
    return apart[1 : genes + 1], inverse
