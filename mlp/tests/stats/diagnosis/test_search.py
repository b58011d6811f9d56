"""The search finds a minimal set, whatever the order, and spares cells when the order is good."""

from __future__ import annotations

from math import log2

from hypothesis import given
from hypothesis import strategies as st

from mlp.stats.diagnosis.search import minimal_set
from mlp.tests.stats.diagnosis.worlds import genes_of


@st.composite
def questions(draw):
    """Genes in some order, sets any of which closes the gap, and a guess."""
    genes = genes_of(draw(st.integers(2, 32)))
    sets = draw(st.lists(st.sets(st.sampled_from(genes), min_size=1, max_size=4), min_size=1))
    return draw(st.permutations(genes)), sets, draw(st.integers(0, 40))


@given(questions())
def test_what_is_found_closes_and_no_gene_of_it_can_go(question):
    order, sets, guess = question
    asked = []

    def closes(cell):
        asked.append(cell)
        return any(s <= cell for s in sets)

    found = set(minimal_set(frozenset(), order, guess, closes))

    assert found in sets
    assert not any(s < found for s in sets)
    assert len(asked) <= (len(found) + 1) * (2 * log2(len(order)) + 4)


def test_one_suspect_in_its_place_takes_one_cell_beside_bad():
    asked = []

    def closes(cell):
        asked.append(cell)
        return "g05" in cell

    order = ["g05", *(g for g in genes_of(16) if g != "g05")]

    assert minimal_set(frozenset(), order, 1, closes) == ("g05",)
    assert set(asked) == {frozenset(), frozenset({"g05"})}


def test_genes_that_are_rescued_already_count():
    found = minimal_set(frozenset({"a"}), ["c", "b"], 1, lambda cell: {"a", "b"} <= cell)

    assert found == ("b",)
