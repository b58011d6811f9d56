"""Genomes: the strains as published, edits of one allele, and what a misspelling is told."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlp.genome import GenomeError, differing
from mlp.species.post.genome import (
    LAYERS,
    LAYERS_ESTIMATOR,
    MATMUL,
    MATMUL_ESTIMATOR,
    STRAINS,
    Mlp,
)

NAMES = ("matmul", "layers", "matmul_estimator", "layers_estimator")
PUBLISHED = {
    "dense": ("matmul", "layers", "matmul", "layers"),
    "init": ("truncated_normal", "glorot_uniform", "truncated_normal", "glorot_uniform"),
    "bias": ("scalar", "unit", "scalar", "unit"),
    "logits": ("softmax", "softmax", "softmax", "raw"),
    "trainer": ("direct", "direct", "estimator", "estimator"),
    "coverage": ("first_batch", "first_batch", "all", "all"),
    "order": ("fixed", "fixed", "reshuffled", "reshuffled"),
    "batch_size": (50, 64, 64, 64),
    "dtype": ("float32", "float32", "float32", "float64"),
    "dropout_mode": ("always", "never", "always", "training"),
    "dropout": (0.0, 0.0, 0.0, 0.0),
    "split": ("42", "42", "run", "42"),
    "init_seed": ("run", "run", "unseeded", "unseeded"),
    "shuffle_seed": ("42", "42", "42", "42"),
    "layer_size": (64, 64, 64, 64),
    "rate_scale": (1.0, 1.0, 1.0, 1.0),
    "reporting": ("curve", "curve", "curve", "curve"),
    "handicap": (0.0, 0.0, 0.0, 0.0),
}
"""The reference's table of genes, one column a strain."""

NUMBERS = {
    "coverage": st.floats(0.01, 1.0),
    "batch_size": st.integers(1, 500),
    "dropout": st.floats(0.0, 0.99),
    "layer_size": st.integers(1, 500),
    "rate_scale": st.floats(1e-3, 1e3),
    "handicap": st.floats(0.0, 0.99),
}
ALLELES = {
    name: st.one_of(
        *([st.sampled_from(g.alleles)] if g.alleles else []),
        *([NUMBERS[name]] if name in NUMBERS else []),
    )
    for name, g in Mlp.genes.items()
}
GENOMES = st.builds(Mlp, **ALLELES)


@pytest.mark.parametrize("name", PUBLISHED)
def test_each_strain_has_the_published_allele(name):
    assert tuple(getattr(STRAINS[s], name) for s in NAMES) == PUBLISHED[name]


def test_the_table_covers_every_gene_and_every_strain():
    assert tuple(PUBLISHED) == tuple(sorted(PUBLISHED, key=list(Mlp.genes).index))
    assert set(PUBLISHED) == set(Mlp.genes) == set(MATMUL.alleles())
    assert tuple(STRAINS) == NAMES
    assert [Mlp.strain(s) for s in NAMES] == [MATMUL, LAYERS, MATMUL_ESTIMATOR, LAYERS_ESTIMATOR]


def test_a_rescue_takes_one_named_allele_of_the_donor():
    rescued = MATMUL.rescue("coverage", donor=MATMUL_ESTIMATOR)

    assert rescued.coverage == "all"
    assert differing(rescued, MATMUL) == ("coverage",)


def test_a_knockout_takes_one_named_allele_of_the_donor():
    knocked_out = LAYERS_ESTIMATOR.knockout("logits", donor=LAYERS)

    assert knocked_out.logits == "softmax"
    assert differing(knocked_out, LAYERS_ESTIMATOR) == ("logits",)


@given(GENOMES, GENOMES, st.sampled_from(list(Mlp.genes)))
def test_taking_an_allele_changes_that_gene_alone_or_is_refused(genome, donor, name):
    if getattr(genome, name) == getattr(donor, name):
        with pytest.raises(GenomeError, match="must change something"):
            genome.rescue(name, donor=donor)
        return
    edited = genome.rescue(name, donor=donor)
    assert edited == genome.knockout(name, donor=donor)
    assert differing(edited, genome) == (name,)
    assert getattr(edited, name) == getattr(donor, name)


@given(GENOMES, GENOMES)
def test_taking_every_differing_allele_makes_the_donor(genome, donor):
    edited = genome
    for name in differing(genome, donor):
        edited = edited.rescue(name, donor=donor)
    assert edited == donor
    assert hash(edited) == hash(donor)


@given(GENOMES)
def test_alleles_rebuild_the_genome(genome):
    assert Mlp(**genome.alleles()) == genome
    assert genome.with_alleles(**genome.alleles()) == genome
    assert differing(genome, genome) == ()


@given(GENOMES)
def test_pairing_and_expression_are_idempotent(genome):
    paired, expressed = genome.as_compared(), genome.expressed()

    assert (paired.split, paired.init_seed) == ("run", "run")
    assert set(differing(genome, paired)) <= {"split", "init_seed"}
    assert paired.as_compared() == paired
    assert expressed.expressed() == expressed
    assert set(differing(genome, expressed)) <= {"dropout", "dropout_mode", "shuffle_seed"}


def test_genes_that_cannot_act_are_not_expressed():
    for mode in ("always", "never", "training"):
        still = MATMUL.with_alleles(dropout=0.0, dropout_mode=mode)
        assert still.expressed() == MATMUL.expressed()
    off = MATMUL.with_alleles(dropout=0.4, dropout_mode="never")
    assert off.expressed() == MATMUL.expressed()
    assert MATMUL.with_alleles(shuffle_seed="run").expressed() == MATMUL.expressed()


def test_genes_that_act_are_expressed():
    dropped = MATMUL.with_alleles(dropout=0.4)
    assert dropped.expressed() == dropped
    for order in ("shuffled_once", "reshuffled"):
        shuffled = MATMUL.with_alleles(order=order)
        fed = shuffled.with_alleles(shuffle_seed="run")
        assert shuffled.expressed() != fed.expressed()


@pytest.mark.parametrize("name", NAMES)
def test_a_strain_describes_itself_by_name(name):
    assert str(STRAINS[name]) == name
    assert str(STRAINS[name].as_compared()) == name


def test_a_description_names_the_alleles_that_differ_from_the_nearest_strain():
    assert str(MATMUL.with_alleles(coverage=0.5)) == "matmul[coverage=0.5]"
    edited = LAYERS_ESTIMATOR.with_alleles(dropout=0.2, layer_size=32)
    assert str(edited) == "layers_estimator[dropout=0.2, layer_size=32]"


def test_differing_genes_come_in_field_order():
    edited = MATMUL.with_alleles(rate_scale=2, dense="layers", dropout=0.1)

    assert differing(MATMUL, edited) == ("dense", "dropout", "rate_scale")


def test_whole_and_decimal_forms_of_a_rate_are_one_genome():
    assert MATMUL.with_alleles(rate_scale=2) == MATMUL.with_alleles(rate_scale=2.0)
    assert repr(MATMUL.with_alleles(dropout=0)) == repr(MATMUL)


def test_a_genome_is_frozen():
    with pytest.raises(AttributeError):
        MATMUL.dense = "layers"


@pytest.mark.parametrize("name", ["coverge", "", "batch size", "DENSE", None, 3, ["coverage"]])
def test_an_unknown_gene_is_told_the_genes_there_are(name):
    with pytest.raises(GenomeError) as told:
        Mlp.gene(name)
    assert all(known in str(told.value) for known in Mlp.genes)
    assert f"got {name!r}" in str(told.value)


@pytest.mark.parametrize("edit", ["knockout", "rescue"])
def test_a_misspelt_gene_is_told_the_nearest(edit):
    with pytest.raises(GenomeError, match="did you mean 'coverage'"):
        getattr(MATMUL, edit)("coverge", donor=LAYERS)
    with pytest.raises(GenomeError, match="did you mean 'coverage'"):
        MATMUL.with_alleles(coverge="all")


@pytest.mark.parametrize("name", ["matmull", "", "MATMUL", None, 3, ["matmul"]])
def test_an_unknown_strain_is_told_the_strains_there_are(name):
    with pytest.raises(GenomeError) as told:
        Mlp.strain(name)
    assert all(known in str(told.value) for known in STRAINS)
    assert f"got {name!r}" in str(told.value)


def test_a_misspelt_strain_is_told_the_nearest():
    with pytest.raises(GenomeError, match="did you mean 'matmul_estimator'"):
        Mlp.strain("matmul_estimater")


@pytest.mark.parametrize(
    ("name", "allele", "listed"),
    [
        ("dense", "matmull", ["'matmul'", "'layers'", "did you mean 'matmul'"]),
        ("dense", None, ["'matmul'", "'layers'"]),
        ("dense", 1, ["'matmul'", "'layers'"]),
        ("logits", "Raw", ["'softmax'", "'raw'", "did you mean 'raw'"]),
        ("dtype", "float16", ["'float32'", "'float64'"]),
        ("split", 42, ["'42'", "'run'"]),
        ("coverage", 0.0, ["'first_batch'", "'all'", "(0, 1]"]),
        ("coverage", 1.01, ["(0, 1]"]),
        ("coverage", float("nan"), ["(0, 1]"]),
        ("batch_size", 0, ["a whole number of at least 1"]),
        ("batch_size", -3, ["a whole number of at least 1"]),
        ("batch_size", 2.0, ["a whole number of at least 1"]),
        ("batch_size", "50", ["a whole number of at least 1"]),
        ("batch_size", True, ["a whole number of at least 1"]),
        ("layer_size", 0, ["a whole number of at least 1"]),
        ("dropout", 1.0, ["[0, 1)"]),
        ("dropout", -0.1, ["[0, 1)"]),
        ("dropout", [0.1], ["[0, 1)"]),
        ("rate_scale", 0, ["a number above 0"]),
        ("rate_scale", float("inf"), ["a number above 0"]),
        ("rate_scale", float("nan"), ["a number above 0"]),
        ("rate_scale", 10**400, ["a number above 0"]),
        ("handicap", 1.0, ["[0, 1)"]),
        ("reporting", "end", ["'curve'", "'ends'", "did you mean 'ends'"]),
    ],
)
def test_a_wrong_allele_is_told_the_gene_its_alleles_and_the_value_seen(name, allele, listed):
    with pytest.raises(GenomeError) as told:
        MATMUL.with_alleles(**{name: allele})
    for words in [f"gene {name!r}", f"got {allele!r}", *listed]:
        assert words in str(told.value)


@pytest.mark.parametrize(
    ("name", "allele", "plain"),
    [
        ("batch_size", np.int64(32), 32),
        ("coverage", np.float64(0.5), 0.5),
        ("rate_scale", np.float32(2), 2.0),
        ("rate_scale", 2, 2.0),
    ],
)
def test_a_number_of_any_kind_becomes_a_plain_one(name, allele, plain):
    found = getattr(MATMUL.with_alleles(**{name: allele}), name)

    assert (found, type(found)) == (plain, type(plain))


@pytest.mark.parametrize("donor", ["layers", None, {}, Mlp])
def test_a_donor_must_be_a_genome(donor):
    with pytest.raises(GenomeError, match="a donor must be a genome of Mlp"):
        MATMUL.rescue("coverage", donor=donor)


def test_taking_an_allele_both_have_is_told_where_they_differ():
    told = re.escape("name one of batch_size")
    with pytest.raises(GenomeError, match=told):
        MATMUL.knockout("dense", donor=MATMUL.with_alleles(batch_size=64))
    with pytest.raises(GenomeError, match="they are the same genome"):
        MATMUL.knockout("dense", donor=MATMUL)
