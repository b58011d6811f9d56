"""The session loop: what a run records, by NumPy and by hand; divergence; reporting."""

from __future__ import annotations

import numpy as np
import pytest

from mlp.run import Run
from mlp.species.post.data import load
from mlp.species.post.genome import LAYERS_ESTIMATOR, MATMUL
from mlp.species.post.plan import digest, make_plan
from mlp.species.post.protocol import Protocol
from mlp.species.post.trainers.direct import train_direct

TINY = Protocol(name="tiny", learning_rate=1e-3, steps=20, sample_every=10)
GENOME = LAYERS_ESTIMATOR.as_compared().with_alleles(trainer="direct", layer_size=16)


def train(genome, protocol=TINY, seed=3, **options):
    return train_direct(make_plan(genome, load("iris"), seed), protocol, **options)


def answers(variables, x):
    """Rows' answers by NumPy, from the seven weights and seven biases."""
    for layer in range(6):
        x = np.maximum(x @ variables[layer] + variables[7 + layer], 0)
    return (x @ variables[6] + variables[13]).argmax(axis=1)


def test_the_curves_count_the_rows_that_numpy_finds_right():
    data, plan = load("iris"), make_plan(GENOME, load("iris"), 3)
    training = train(GENOME)

    for rows, curve in (
        (plan.split.validation, training.run.curves["validation"]),
        (plan.split.test, training.run.curves["test"]),
    ):
        start = [np.asarray(v, np.float64) for v in (*plan.weights, *plan.biases)]
        assert curve[0] == (answers(start, data.x[rows]) == data.y[rows]).mean()
        assert curve[-1] == (answers(training.variables, data.x[rows]) == data.y[rows]).mean()


def test_a_run_says_what_it_was_and_what_it_saw():
    plan = make_plan(GENOME, load("iris"), 3)
    training = train(GENOME)
    run = training.run

    assert (run.genome, run.dataset, run.protocol, run.seed) == (GENOME, "iris", TINY, 3)
    assert (run.executor, run.diverged_at) == ("direct", None)
    assert list(run.curves) == ["validation", "test"]
    assert run.score == run.curves["validation"][-1]
    assert run.steps == (0, 10, 20)
    assert run.saw["updates"] == 20
    assert run.saw["distinct_rows"] == 120
    assert run.saw["order"] == digest(plan.rows(20))
    assert run.saw["init"] == plan.init_digest
    assert run.weights == digest(*training.variables)
    assert training.losses is None


def test_a_direct_strain_sees_its_first_batch_alone():
    assert train(MATMUL).run.saw["distinct_rows"] == 50


def test_losses_are_those_before_each_update():
    with_losses = train(GENOME, losses=True)

    assert with_losses.losses.shape == (20,)
    assert with_losses.losses[0] == with_losses.run.saw["first_loss"]
    assert with_losses.losses[-1] < with_losses.losses[0]
    assert with_losses.run == train(GENOME).run


def test_the_same_seed_repeats_bit_for_bit_and_another_differs():
    first, again, other = train(GENOME), train(GENOME), train(GENOME, seed=4)

    assert first.run == again.run
    assert first.run.weights != other.run.weights


def test_sampling_more_often_changes_nothing_but_the_curve():
    often = Protocol(name="often", learning_rate=1e-3, steps=20, sample_every=1)
    rare, fine = train(GENOME).run, train(GENOME, often).run

    assert rare.weights == fine.weights
    assert rare.curves["validation"] == fine.curves["validation"][::10]
    assert rare.curves["test"] == fine.curves["test"][::10]


def test_reporting_the_ends_keeps_the_first_and_last_sample_of_the_same_run():
    curve, ends = train(GENOME).run, train(GENOME.with_alleles(reporting="ends")).run

    assert ends.steps == (0, 20)
    for name, values in ends.curves.items():
        assert values == (curve.curves[name][0], curve.curves[name][-1])
    assert ends.weights == curve.weights
    assert ends.saw == curve.saw


def test_a_handicap_takes_its_share_of_right_answers_and_touches_nothing_else():
    plain, handicapped = train(GENOME).run, train(GENOME.with_alleles(handicap=0.4)).run

    for name, values in handicapped.curves.items():
        assert values == tuple(round(0.6 * 15 * share) / 15 for share in plain.curves[name])
    assert handicapped.weights == plain.weights
    assert handicapped.saw == plain.saw


@pytest.mark.parametrize("dense", ["matmul", "layers"])
def test_a_run_that_diverges_is_recorded_and_answers_nothing(dense):
    run = train(GENOME.with_alleles(dense=dense, dtype="float32", rate_scale=1e30)).run

    assert run.diverged
    assert run.diverged_at == 10
    assert run.curves["validation"][1:] == run.curves["test"][1:] == (0, 0)
    assert run.score == 0
    assert run.saw["first_loss"] is not None
    assert Run.read(run.to_dict(), run.genome, run.protocol) == run
