"""Manipulation checks: a knockout that did not act, or not alone, is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlp.lab import ManipulationError
from mlp.lab.checks import check_cohorts, check_manipulation
from mlp.species.post.executors import DIRECT, ESTIMATOR
from mlp.species.post.genome import Mlp
from mlp.tests.lab.runs import BASE, a_run, pairs

SHUFFLED = BASE.with_alleles(order="reshuffled")
COVERED = BASE.with_alleles(coverage="all")
RAW = BASE.with_alleles(logits="raw")
GLOROT = BASE.with_alleles(init="glorot_uniform")
ENDS = BASE.with_alleles(reporting="ends")
LAYERS = BASE.with_alleles(dense="layers")


def test_every_gene_of_the_study_is_said_to_act_somewhere():
    assert all(gene.acts_on is not None for gene in Mlp.genes.values())
    assert {name for gene in Mlp.genes.values() for name in gene.saw} == {
        "order",
        "distinct_rows",
        "init",
    }
    assert [n for n, gene in Mlp.genes.items() if gene.silent] == ["dense", "trainer", "reporting"]


@pytest.mark.parametrize(
    ("genome", "saw"),
    [
        (COVERED, {"order": "other", "distinct_rows": 120}),
        (SHUFFLED, {"order": "other"}),
        (RAW, {}),
        (GLOROT, {"init": "other"}),
        (LAYERS, {}),
        (ENDS, {"weights": "same"}),
    ],
)
def test_a_gene_that_acted_alone_passes(genome, saw):
    of_b = {"weights": "same"} if "weights" in saw else {}

    check_manipulation(genome, BASE, pairs(genome, BASE, of_a=saw, of_b=of_b))


@pytest.mark.parametrize(
    ("genome", "saw", "told"),
    [
        (SHUFFLED, {}, "gene 'order' left the rows fed the same in all 8 seeds"),
        (COVERED, {}, "gene 'coverage' left the rows fed the same"),
        (COVERED, {"order": "other"}, "gene 'coverage' left the rows ever seen the same"),
        (GLOROT, {}, "gene 'init' left the initial weights the same"),
        (RAW, {"weights": "same"}, "gene 'logits' left the final weights the same"),
    ],
)
def test_a_gene_that_did_not_act_is_refused(genome, saw, told):
    of_b = {"weights": "same"} if "weights" in saw else {}
    with pytest.raises(ManipulationError, match=told) as refused:
        check_manipulation(genome, BASE, pairs(genome, BASE, of_a=saw, of_b=of_b))
    assert "compare alleles that act here" in str(refused.value)


@pytest.mark.parametrize(
    ("genome", "saw", "told"),
    [
        (RAW, {"order": "other"}, "gene 'logits' may change; the rows fed differ too, at seed 0"),
        (RAW, {"init": "other"}, "gene 'logits' may change; the initial weights differ too"),
        (SHUFFLED, {"order": "other", "init": "other"}, "gene 'order' may .* initial weights"),
        (GLOROT, {"init": "other", "order": "other"}, "gene 'init' may change; the rows fed"),
        (LAYERS, {"init": "other"}, "gene 'dense' may change; the initial weights"),
        (RAW, {"updates": 19}, "gene 'logits' may change; the updates made differ too"),
        (LAYERS, {"first_loss": 1.2}, "gene 'dense' may change; the losses before the first"),
        (ENDS, {"weights": "other"}, "gene 'reporting' may change; the final weights"),
    ],
)
def test_what_no_gene_explains_is_refused(genome, saw, told):
    with pytest.raises(ManipulationError, match=told):
        check_manipulation(genome, BASE, pairs(genome, BASE, of_a=saw))


def test_one_seed_in_which_something_else_changed_is_enough_to_refuse():
    runs = pairs(RAW, BASE)
    runs[5] = pairs(RAW, BASE, 6, of_a={"init": "other"})[5]

    with pytest.raises(ManipulationError, match="at seed 5"):
        check_manipulation(RAW, BASE, runs)


@pytest.mark.parametrize(
    ("genome", "acted"), [(SHUFFLED, {"order": "other"}), (GLOROT, {"init": "other"})]
)
def test_what_a_run_is_given_must_differ_at_every_seed(genome, acted):
    runs = pairs(genome, BASE, of_a=acted)
    runs[5] = pairs(genome, BASE)[5]

    with pytest.raises(ManipulationError, match=r"the same in seed 5 of .*: compare alleles"):
        check_manipulation(genome, BASE, runs)


def test_two_runs_may_end_in_the_same_weights_but_not_all():
    runs = pairs(RAW, BASE, weights="died")
    with pytest.raises(ManipulationError, match="the final weights the same in all 8 seeds"):
        check_manipulation(RAW, BASE, runs)

    runs[5] = pairs(RAW, BASE)[5]
    check_manipulation(RAW, BASE, runs)


def test_what_is_the_same_where_both_diverged_shows_nothing():
    hot = {"weights": "no numbers", "diverged_at": 10}
    runs = pairs(RAW, BASE, **hot)
    with pytest.raises(ManipulationError, match="both arms diverged at all 8 seeds"):
        check_manipulation(RAW, BASE, runs)

    runs[5] = pairs(RAW, BASE, weights="died")[5]
    with pytest.raises(ManipulationError, match="the final weights the same in seed 5"):
        check_manipulation(RAW, BASE, runs)

    runs[5] = pairs(RAW, BASE)[5]
    check_manipulation(RAW, BASE, runs)


def test_modes_of_dropout_that_train_alike_act_where_the_curves_are_sampled():
    """Both drop the same activations while training, and one of them in evaluation too."""
    training = BASE.with_alleles(dropout=0.3, dropout_mode="training")
    always = training.with_alleles(dropout_mode="always")
    runs = pairs(always, training, weights="same")
    with pytest.raises(ManipulationError, match="weights and the curves the same in all 8 seeds"):
        check_manipulation(always, training, runs)

    runs[5] = pairs(always, training, 6, of_a={"right": 45}, weights="same")[5]
    check_manipulation(always, training, runs)


def test_on_the_real_api_each_trainer_trains_its_own():
    fitted = BASE.with_alleles(trainer="estimator")

    def trained_by(a, b):
        return [(replace(x, executor=a), replace(y, executor=b)) for x, y in pairs(fitted, BASE)]

    real = {DIRECT.name, ESTIMATOR.name}
    check_manipulation(fitted, BASE, trained_by("estimator", "direct"), real)
    with pytest.raises(ManipulationError, match="gene 'trainer' left who trained the same"):
        check_manipulation(fitted, BASE, trained_by("direct", "direct"), real)


def test_two_genes_are_named_together():
    both = RAW.with_alleles(dtype="float64")
    with pytest.raises(ManipulationError, match="gene 'dtype' and 'logits' may change"):
        check_manipulation(both, BASE, pairs(both, BASE, of_a={"init": "other"}))


def test_a_diverged_run_may_have_been_fed_less():
    short = {"order": "cut short", "updates": 10, "diverged_at": 10}

    check_manipulation(RAW, BASE, pairs(RAW, BASE, of_a=short))
    with pytest.raises(ManipulationError, match="initial weights"):
        check_manipulation(RAW, BASE, pairs(RAW, BASE, of_a={**short, "init": "other"}))


def test_a_diverged_run_may_end_where_another_sampled_later_goes_on():
    """Sampled at its ends alone, a run that the real API stops goes on to the last update."""
    hot = {"diverged_at": 10}

    check_manipulation(ENDS, BASE, pairs(ENDS, BASE, **hot))
    with pytest.raises(ManipulationError, match="the final weights differ too"):
        check_manipulation(ENDS, BASE, pairs(ENDS, BASE))


@pytest.mark.parametrize("seeds", [[1, 0, 2], [0, 1, 3], [0, 1, 1], [0, 1]], ids=str)
def test_cohorts_are_of_the_same_seeds_each_once(seeds):
    """Their records agree in all that a gene leaves alone: only the seeds tell them apart."""

    def cohort(genome, seeds):
        return [a_run(genome, s, order="one", init="one") for s in seeds]

    check_cohorts(RAW, cohort(RAW, [0, 1, 2]), BASE, cohort(BASE, [0, 1, 2]))
    with pytest.raises(ManipulationError, match=r"each seed once; got \[.*\] of matmul"):
        check_cohorts(RAW, cohort(RAW, seeds), BASE, cohort(BASE, [0, 1, 2]))
    with pytest.raises(ManipulationError, match="each seed once"):
        check_cohorts(RAW, cohort(RAW, [0, 1, 1]), BASE, cohort(BASE, [0, 1, 1]))


@pytest.mark.parametrize(
    ("saw", "what"),
    [
        ({"order": "other"}, "the rows fed"),
        ({"init": "other"}, "the initial weights"),
        ({"updates": 19}, "the updates made"),
        ({"first_loss": 1.2}, "the losses before the first update"),
        ({"first_loss": "a text"}, "the losses before the first update"),
    ],
)
def test_two_executors_of_one_genome_differ_in_nothing_they_are_fed(saw, what):
    check_manipulation(BASE, BASE, pairs(BASE, BASE, of_a={"weights": "rounded otherwise"}))
    with pytest.raises(ManipulationError, match=f"nothing but the executor may change; {what}"):
        check_manipulation(BASE, BASE, pairs(BASE, BASE, of_a=saw))
