"""Main effects, interactions and Shapley shares: hand-computed cases and Shapley's laws."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlp.stats import interactions, main_effects, screen_effects, shapley, whole_difference


def subsets(genes):
    return [frozenset(s) for r in range(len(genes) + 1) for s in combinations(genes, r)]


@st.composite
def screens(draw):
    genes = "abcd"[: draw(st.integers(1, 4))]
    seeds = draw(st.integers(1, 5))
    values = st.lists(st.integers(0, 15), min_size=seeds, max_size=seeds)
    return {on: np.array(draw(values)) / 15 for on in subsets(genes)}


def two_genes(none, a, b, both):
    keys = [(), ("a",), ("b",), ("a", "b")]
    return {k: np.array([float(v)]) for k, v in zip(keys, (none, a, b, both), strict=True)}


def test_two_genes_by_hand():
    cells = two_genes(0.2, 0.5, 0.3, 0.9)
    assert main_effects(cells)["a"][0] == pytest.approx((0.3 + 0.6) / 2)
    assert main_effects(cells)["b"][0] == pytest.approx((0.1 + 0.4) / 2)
    assert interactions(cells)["a", "b"][0] == pytest.approx(0.3)
    assert shapley(cells)["a"][0] == pytest.approx(0.45)
    assert shapley(cells)["b"][0] == pytest.approx(0.25)


def test_three_genes_that_must_all_be_there():
    """The unanimity game: nothing works until all three do, so each has a third."""
    cells = {on: np.array([float(len(on) == 3)]) for on in subsets("abc")}
    assert [float(v[0]) for v in shapley(cells).values()] == pytest.approx([1 / 3] * 3)
    assert main_effects(cells)["a"][0] == pytest.approx(1 / 4)
    assert interactions(cells)["a", "b"][0] == pytest.approx(1 / 2)


@given(screens())
def test_efficiency_shares_add_up_seed_by_seed(cells):
    total = np.sum(list(shapley(cells).values()), axis=0)
    assert total == pytest.approx(whole_difference(cells), abs=1e-12)


@given(screens())
def test_dummy_a_gene_that_does_nothing_has_no_share_effect_or_interaction(cells):
    with_dummy = {on | extra: v for on, v in cells.items() for extra in ({"z"}, frozenset())}
    assert shapley(with_dummy)["z"] == pytest.approx(0.0, abs=1e-12)
    assert main_effects(with_dummy)["z"] == pytest.approx(0.0, abs=1e-12)
    for pair, effect in interactions(with_dummy).items():
        if "z" in pair:
            assert effect == pytest.approx(0.0, abs=1e-12)
    for gene, share in shapley(cells).items():
        assert shapley(with_dummy)[gene] == pytest.approx(share, abs=1e-12)


@given(screens())
def test_symmetry_renaming_genes_renames_shares(cells):
    genes = sorted(frozenset().union(*cells))
    renamed = dict(zip(genes, reversed(genes), strict=True))
    swapped = {frozenset(renamed[g] for g in on): v for on, v in cells.items()}
    for gene in genes:
        assert shapley(swapped)[renamed[gene]] == pytest.approx(shapley(cells)[gene], abs=1e-12)


@given(screens())
def test_linearity_shares_of_an_average_are_average_shares(cells):
    squares = {on: v**2 for on, v in cells.items()}
    mixed = {on: (cells[on] + squares[on]) / 2 for on in cells}
    for gene, share in shapley(mixed).items():
        expected = (shapley(cells)[gene] + shapley(squares)[gene]) / 2
        assert share == pytest.approx(expected, abs=1e-12)


def test_additive_genes_have_their_own_effect_and_no_interaction():
    size = {"a": 0.1, "b": 0.2, "c": 0.3}
    cells = {on: np.full(3, sum(size[g] for g in on)) for on in subsets("abc")}
    for gene, effect in size.items():
        assert main_effects(cells)[gene] == pytest.approx(effect)
        assert shapley(cells)[gene] == pytest.approx(effect)
    assert all(np.allclose(v, 0) for v in interactions(cells).values())


def test_screen_intervals_are_simultaneous_and_their_means_add_up():
    rng = np.random.default_rng(0)
    cells = {on: rng.integers(0, 16, 16) / 15 for on in subsets("abc")}
    found = screen_effects(cells, error=0.1)
    shown = 1 + 3 + 3 + 3
    assert found.whole.level == pytest.approx(1 - 0.1 / shown)
    assert found.level == pytest.approx(0.9)
    assert sum(i.mean for i in found.shares.values()) == pytest.approx(found.whole.mean)
    assert set(found.interactions) == {("a", "b"), ("a", "c"), ("b", "c")}


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({}, "at least one gene"),
        ({(): [0.1]}, "at least one gene"),
        ({(): [0.1], ("a",): [0.1], ("b",): [0.1]}, r"4 cells, got 3; \['a', 'b'\] is missing"),
        ({("a", "b"): [0.1], ("b", "a"): [0.1]}, "given once"),
        ({(): [0.1, 0.2], ("a",): [0.1]}, "same seeds"),
        ({(): 0.1, ("a",): 0.1}, "same seeds"),
    ],
)
def test_an_incomplete_screen_is_an_error(cells, message):
    with pytest.raises(ValueError, match=message):
        shapley(cells)
