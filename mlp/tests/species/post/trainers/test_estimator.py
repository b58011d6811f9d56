"""Estimator.fit against the session loop: from one plan, the same weights bit for bit."""

from __future__ import annotations

import dataclasses
import logging

import numpy as np
import pytest

from mlp.estimator import MetricSpec
from mlp.run import Run
from mlp.species.post.backend import tf
from mlp.species.post.data import load
from mlp.species.post.genome import LAYERS_ESTIMATOR, MATMUL_ESTIMATOR
from mlp.species.post.plan import make_plan
from mlp.species.post.protocol import Protocol
from mlp.species.post.trainers import estimator as estimator_trainer
from mlp.species.post.trainers.direct import train_direct
from mlp.species.post.trainers.estimator import PlanError, train_estimator

TINY = Protocol(name="tiny", learning_rate=1e-3, steps=20, sample_every=10)
LAYERS_FORM = LAYERS_ESTIMATOR.as_compared().with_alleles(layer_size=16)
MATMUL_FORM = MATMUL_ESTIMATOR.as_compared().with_alleles(layer_size=16)


def both(genome, seed=3, dataset="iris", protocol=TINY):
    """One plan, trained by `train_op.run` and by `Estimator.fit`."""
    data = load(dataset)
    direct = make_plan(genome.with_alleles(trainer="direct"), data, seed)
    estimator = make_plan(genome.with_alleles(trainer="estimator"), data, seed)
    return (
        train_direct(direct, protocol, losses=True),
        train_estimator(estimator, protocol, losses=True),
    )


def fed(genome):
    return make_plan(genome, load("iris"), 3).rows(20)


@pytest.mark.parametrize(
    ("form", "order", "shuffle_seed", "dropout"),
    [
        (LAYERS_FORM, "fixed", "42", 0.3),
        (LAYERS_FORM, "shuffled_once", "run", 0.0),
        (LAYERS_FORM, "reshuffled", "42", 0.3),
        (LAYERS_FORM, "reshuffled", "run", 0.3),
        (MATMUL_FORM, "fixed", "42", 0.0),
        (MATMUL_FORM, "shuffled_once", "42", 0.3),
        (MATMUL_FORM, "reshuffled", "42", 0.0),
    ],
    ids=str,
)
def test_both_trainers_end_with_the_same_weights(form, order, shuffle_seed, dropout):
    genome = form.with_alleles(order=order, shuffle_seed=shuffle_seed, dropout=dropout)
    assert (fed(genome) < 0).any(), "the last batch of an epoch is short"

    logger = logging.getLogger("tensorflow")
    before = logger.level

    direct, estimator = both(genome)

    assert logger.level == before
    assert direct.run.weights == estimator.run.weights
    for ours, theirs in zip(direct.variables, estimator.variables, strict=True):
        assert ours.tobytes() == theirs.tobytes()
    np.testing.assert_array_equal(direct.losses, estimator.losses)
    same = {"genome": genome, "executor": "any"}
    assert dataclasses.replace(direct.run, **same) == dataclasses.replace(estimator.run, **same)


@pytest.mark.parametrize(
    "edit",
    [
        {"coverage": "first_batch", "order": "fixed", "logits": "softmax", "bias": "scalar"},
        {"coverage": 0.3, "batch_size": 1, "dtype": "float32", "init": "truncated_normal"},
        {"batch_size": 500, "rate_scale": 3.0, "split": "42", "reporting": "ends"},
    ],
    ids=str,
)
def test_both_trainers_agree_whatever_else_differs(edit):
    direct, estimator = both(LAYERS_FORM.with_alleles(**edit))

    assert direct.run.weights == estimator.run.weights
    assert direct.run.saw == estimator.run.saw
    assert (direct.run.executor, estimator.run.executor) == ("direct", "estimator")
    assert direct.run.curves == estimator.run.curves


@pytest.mark.parametrize("dropout_mode", ["training", "always"])
def test_the_curve_ends_at_what_evaluate_answers_from_the_final_checkpoint(
    monkeypatch, dropout_mode
):
    genome = MATMUL_FORM.with_alleles(dropout=0.3, dropout_mode=dropout_mode)
    plan = make_plan(genome, load("digits"), 3)
    x, y = (values[plan.split.validation] for values in (plan.dataset.x, plan.dataset.y))
    answered = {}

    class Evaluated(estimator_trainer.Estimator):
        def fit(self, *args, **kwargs):
            super().fit(*args, **kwargs)
            accuracy = {"accuracy": MetricSpec(metric_fn=tf.metrics.accuracy)}
            answered.update(self.evaluate(x=x, y=y, metrics=accuracy))

    monkeypatch.setattr(estimator_trainer, "Estimator", Evaluated)

    run = train_estimator(plan, TINY).run

    assert answered["accuracy"] == pytest.approx(run.score)
    assert run.score > 0


def test_a_feeder_that_draws_other_rows_than_the_plan_is_caught():
    """The plan is told another covered set than the one the feeder was given."""
    data = load("iris")
    plan = make_plan(LAYERS_FORM, data, 3)
    swapped = np.array(plan.split.training)
    swapped[[0, 1]] = swapped[[1, 0]]

    class Lying(type(plan)):
        def batches(self):
            honest = make_plan(LAYERS_FORM, data, 3).batches()
            trade = {int(swapped[0]): swapped[1], int(swapped[1]): swapped[0]}
            for rows in honest:
                yield np.array([trade.get(int(row), row) for row in rows])

    lying = Lying(**{f.name: getattr(plan, f.name) for f in dataclasses.fields(plan)})
    with pytest.raises(PlanError, match="other rows than its plan's"):
        train_estimator(lying, TINY)


@pytest.mark.parametrize("shuffle_seed", ["42", "run"])
def test_a_run_that_diverges_is_recorded_and_answers_nothing(shuffle_seed):
    genome = LAYERS_FORM.with_alleles(dtype="float32", rate_scale=1e30, shuffle_seed=shuffle_seed)

    direct, estimator = (training.run for training in both(genome))

    for run in (direct, estimator):
        assert run.diverged_at == 10
        assert run.curves["validation"][1:] == run.curves["test"][1:] == (0, 0)
        assert run.score == 0
        assert Run.read(run.to_dict(), run.genome, run.protocol) == run
    assert direct.curves == estimator.curves
    assert direct.saw["first_loss"] == estimator.saw["first_loss"]


@pytest.mark.parametrize("rate_scale", [1e6, 2e7, 1e9], ids=["finite", "infinite", "no number"])
def test_both_trainers_see_a_divergence_at_one_update_whatever_the_loss_is(rate_scale):
    every = dataclasses.replace(TINY, sample_every=1)
    genome = LAYERS_FORM.with_alleles(dtype="float32", rate_scale=rate_scale, layer_size=64)

    direct, estimator = (training.run for training in both(genome, seed=0, protocol=every))

    assert direct.diverged_at in (2, 3)
    assert estimator.diverged_at == direct.diverged_at
    assert estimator.saw == direct.saw
    assert estimator.curves == direct.curves
