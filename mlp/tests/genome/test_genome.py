"""Genomes of a user's species: strains, knockout and rescue, idle genes, genes that go together."""

from __future__ import annotations

from typing import Literal

import pytest

from mlp.genome import Genome, GenomeError, differing, gene
from mlp.genome.gene import Idle


class Net(Genome):
    """A network with a gene of every relation to others."""

    logits: Literal["raw", "softmax"] = gene("what the loss takes", acts_on="weights")
    noise: float = gene("noise on the rows", at_least=0, default=0.0, idle=(lambda g: g.off, 0.0))
    off: bool = gene("whether noise is off", default=False, idle=(lambda g: g.noise == 0.0, False))
    split: Literal["fixed", "run"] = gene(
        "seed of the split", default="fixed", when_compared="run", acts_on="order"
    )
    momentum: float = gene("momentum", at_least=0, below=1, default=0.0, goes_with="optimizer")
    optimizer: Literal["sgd", "adam"] = gene("the optimizer", default="sgd")


class Other(Genome):
    """Another species with a gene of the same name."""

    logits: Literal["raw", "softmax"] = gene("what the loss takes")


FIT, MINE = Net(logits="raw"), Net(logits="softmax", optimizer="adam")
Net.name_strains(fit=FIT, mine=MINE)


def test_strains_have_names_by_which_genomes_near_them_are_told():
    assert Net.strain("fit") is FIT
    assert list(Net.strains) == ["fit", "mine"]
    assert (str(FIT), str(MINE)) == ("fit", "mine")
    assert str(FIT.with_alleles(noise=0.5)) == "fit[noise=0.5]"
    assert str(MINE.as_compared()) == "mine", "as it is compared, it is the same strain"


def test_strains_are_added_and_may_be_named_anew():
    class Own(Genome):
        rate: float = gene("learning rate", default=0.1)

    Own.name_strains(slow=Own())
    Own.name_strains(fast=Own(rate=0.5))

    assert list(Own.strains) == ["slow", "fast"]
    assert "slow" not in Net.strains


@pytest.mark.parametrize("wrong", [Other(logits="raw"), "fit", None, Net])
def test_a_strain_is_one_of_the_species_genomes(wrong):
    with pytest.raises(GenomeError, match="a strain of Net must be one of its genomes; bad is"):
        Net.name_strains(bad=wrong)
    assert "bad" not in Net.strains


def test_an_unknown_strain_or_gene_is_told_those_there_are():
    with pytest.raises(GenomeError, match=r"a strain must be one of fit, mine; got 'fti'; did you"):
        Net.strain("fti")
    with pytest.raises(GenomeError, match=r"a gene must be one of logits, .*did you mean 'logits'"):
        FIT.knockout("logit", donor=MINE)
    with pytest.raises(GenomeError, match="a gene must be one of logits"):
        FIT.with_alleles(logit="raw")


def test_a_knockout_takes_the_failing_allele_and_a_rescue_the_working_one():
    knocked_out, rescued = FIT.knockout("logits", donor=MINE), MINE.rescue("logits", donor=FIT)

    assert differing(knocked_out, FIT) == ("logits",)
    assert differing(rescued, MINE) == ("logits",)
    assert (knocked_out.logits, rescued.logits) == ("softmax", "raw")


@pytest.mark.parametrize("donor", [Other(logits="softmax"), "mine", None, Net])
def test_a_donor_is_of_the_same_species(donor):
    with pytest.raises(
        GenomeError, match=r"a donor must be a genome of Net; got .*: try fit, mine"
    ):
        FIT.knockout("logits", donor=donor)


def test_taking_what_both_have_is_told_where_they_differ():
    with pytest.raises(GenomeError, match=r"both have noise=0\.0: name one of logits, optimizer"):
        FIT.knockout("noise", donor=MINE)
    with pytest.raises(GenomeError, match="nothing, they are the same genome"):
        FIT.knockout("noise", donor=FIT)


def test_a_comparison_gives_both_arms_the_allele_that_a_gene_names():
    assert FIT.as_compared().split == "run"
    assert differing(FIT, FIT.as_compared()) == ("split",)
    assert FIT.as_compared().as_compared() == FIT.as_compared()
    assert Other(logits="raw").as_compared() == Other(logits="raw")


@pytest.mark.parametrize(
    ("alleles", "acting"),
    [
        ({"noise": 0.5}, {"noise": 0.5, "off": False}),
        ({"noise": 0.5, "off": True}, {"noise": 0.0, "off": False}),
        ({"off": True}, {"noise": 0.0, "off": False}),
        ({}, {"noise": 0.0, "off": False}),
    ],
    ids=str,
)
def test_a_gene_that_cannot_act_is_expressed_by_one_allele(alleles, acting):
    expressed = FIT.with_alleles(**alleles).expressed()

    assert {name: getattr(expressed, name) for name in acting} == acting
    assert expressed.expressed() == expressed


def test_a_gene_may_be_idle_for_several_reasons():
    class Twice(Genome):
        rate: float = gene(
            "learning rate",
            default=0.1,
            idle=((lambda g: g.frozen, 0.0), Idle(lambda g: g.steps == 0, 0.0)),
        )
        frozen: bool = gene("whether weights are frozen", default=False)
        steps: int = gene("updates", at_least=0, default=1)

    assert Twice().expressed() == Twice()
    for alleles in ({"frozen": True}, {"steps": 0}):
        one = Twice(**alleles)
        assert one.expressed() == one.with_alleles(rate=0.0)


@pytest.mark.parametrize(
    ("acts_on", "saw", "ends", "silent", "keeps_weights", "answers_alone"),
    [
        (None, (), (), False, False, False),
        ((), (), (), True, False, False),
        ("", (), (), True, False, False),
        ("order", ("order",), (), False, False, False),
        (("order", "weights"), ("order",), ("weights",), False, False, False),
        ("weights", (), ("weights",), False, False, False),
        (("weights", "score"), (), ("weights", "score"), False, False, True),
        ("score", (), ("score",), False, True, True),
        (("curves", "score"), (), ("curves", "score"), False, True, True),
        ("executor", (), (), True, False, False),
        ("report", (), (), True, True, False),
    ],
    ids=str,
)
def test_what_a_gene_acts_on_says_what_must_and_what_may_change(
    acts_on, saw, ends, silent, keeps_weights, answers_alone
):
    class Acting(Genome):
        mode: bool = gene("a mode", acts_on=acts_on)

    one = Acting.gene("mode")

    assert (one.saw, one.ends) == (saw, ends)
    assert (one.silent, one.keeps_weights, one.answers_alone) == (
        silent,
        keeps_weights,
        answers_alone,
    )
