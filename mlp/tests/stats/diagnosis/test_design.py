"""The mixed cells are balanced, and effects are read off them without bias."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from mlp.stats.diagnosis.design import effect_weights, mixed_cells
from mlp.tests.stats.diagnosis.worlds import genes_of


def signs(cells, genes):
    return np.array([[1 if g in cell else -1 for g in genes] for cell in cells])


@pytest.mark.parametrize("k", range(5, 33))
def test_each_gene_is_good_in_half_of_the_cells_and_each_pair_in_a_quarter(k):
    genes = genes_of(k)
    cells = mixed_cells(genes)
    x = signs(cells, genes)

    assert k + 4 <= len(cells) == len(set(cells)) <= k + 11
    assert not x.sum(axis=0).any()
    assert (x.T @ x == len(cells) * np.eye(k)).all()


def test_two_genes_take_the_factorial_and_three_or_four_half_of_it():
    for k, number in ((2, 4), (3, 4), (4, 8)):
        cells = mixed_cells(genes_of(k))

        assert len(cells) == len(set(cells)) == number
        assert not signs(cells, genes_of(k)).sum(axis=0).any()


def test_no_gene_stands_for_what_two_others_do_together():
    genes = genes_of(15)
    x = signs(mixed_cells(genes), genes)
    together = [x[:, i] * x[:, j] for i, j in combinations(range(15), 2)]

    assert np.abs(np.array(together) @ x).max() < len(x)


@pytest.mark.parametrize("k", [4, 11, 16, 24, 32])
def test_the_effects_of_genes_that_add_up_are_exact(k):
    genes = tuple(genes_of(k))
    cells = (*mixed_cells(genes), frozenset(genes))
    effects = np.linspace(-0.3, 0.3, k)
    means = [sum(e for g, e in zip(genes, effects, strict=True) if g in c) for c in cells]

    weights, left = effect_weights(cells, genes, ())

    assert weights @ means == pytest.approx(effects)
    assert left @ means == pytest.approx(np.zeros(len(cells)), abs=1e-12)


def test_what_acting_genes_do_together_is_kept_from_the_others():
    genes = tuple(genes_of(16))
    cells = (*mixed_cells(genes), frozenset(genes))
    means = [0.3 * ({"g03", "g07"} <= c) for c in cells]
    others = [i for i, g in enumerate(genes) if g not in ("g03", "g07")]

    known, left = effect_weights(cells, genes, ("g03", "g07"))
    unknown, more_left = effect_weights(cells, genes, ())

    assert (known @ means)[others] == pytest.approx(np.zeros(14), abs=1e-12)
    assert np.abs((unknown @ means)[others]).max() > 0.01
    assert np.linalg.norm(left @ means) < 1e-12 < 0.01 < np.linalg.norm(more_left @ means)


def test_an_effect_that_cannot_be_told_from_another_is_no_number():
    genes = ("a", "b", "c")
    always_together = (frozenset(), frozenset("ab"), frozenset("c"), frozenset("abc"))

    weights, _ = effect_weights(always_together, genes, ())

    assert np.isnan(weights[:2]).all()
    assert np.isfinite(weights[2]).all()
