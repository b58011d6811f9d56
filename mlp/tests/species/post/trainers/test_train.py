"""The one way in to training: who may train what, and that plain arguments give plain results."""

from __future__ import annotations

import pickle

import pytest

from mlp.species.post.data import DataError, load
from mlp.species.post.genome import LAYERS, MATMUL, MATMUL_ESTIMATOR
from mlp.species.post.plan import make_plan
from mlp.species.post.protocol import Protocol
from mlp.species.post.trainers import EXECUTORS, train

TINY = Protocol(name="tiny", learning_rate=1e-3, steps=20, sample_every=10)
SMALL = MATMUL.as_compared().with_alleles(layer_size=8)


def test_the_executors_are_the_two_trainers_and_the_engine():
    assert EXECUTORS == ("direct", "estimator", "cohort")


@pytest.mark.parametrize("executor", ["Direct", "", "dask"])
def test_an_unknown_executor_is_told_those_there_are(executor):
    with pytest.raises(ValueError, match="direct, estimator, cohort; got"):
        train([SMALL], "iris", TINY, [0], executor)


@pytest.mark.parametrize(
    ("genome", "executor"), [(MATMUL, "estimator"), (MATMUL_ESTIMATOR, "direct")]
)
def test_a_real_trainer_trains_its_own_genomes_alone(genome, executor):
    with pytest.raises(ValueError, match=f"trains genomes with trainer='{executor}' alone"):
        train([genome], "iris", TINY, [0], executor)


def test_genomes_and_seeds_must_pair_up():
    with pytest.raises(ValueError, match=r"shorter|longer"):
        train([SMALL, SMALL], "iris", TINY, [0], "direct")


def test_an_unknown_dataset_and_an_impossible_seed_are_refused_before_training():
    with pytest.raises(DataError, match="got 'irish'"):
        train([SMALL], "irish", TINY, [0], "direct")
    with pytest.raises(ValueError, match="a run's seed must be"):
        train([SMALL], "iris", TINY, [-1], "direct")


@pytest.mark.parametrize("executor", EXECUTORS)
def test_results_come_in_the_order_asked_and_can_be_pickled(executor):
    trainer = executor if executor != "cohort" else "direct"
    genome = SMALL.with_alleles(trainer=trainer)

    results = train([genome, genome], "iris", TINY, [5, 2], executor)

    plans = [make_plan(genome, load("iris"), seed) for seed in (5, 2)]
    assert [result.saw["init"] for result in results] == [plan.init_digest for plan in plans]
    assert pickle.loads(pickle.dumps(results)) == results


def test_no_genomes_give_no_results():
    assert [train([], "iris", TINY, [], executor) for executor in EXECUTORS] == [[], [], []]


def test_the_engine_takes_different_strains_with_one_shape_and_records_what_each_saw():
    genomes = [SMALL, SMALL.with_alleles(order="shuffled_once"), SMALL.with_alleles(rate_scale=9)]

    results = train(genomes, "iris", TINY, [0, 0, 0], "cohort")

    assert results[0].saw["init"] == results[1].saw["init"] == results[2].saw["init"]
    assert results[0].saw["order"] != results[1].saw["order"]
    assert results[0].saw["order"] == results[2].saw["order"]
    assert len({result.weights for result in results}) == 3


def test_the_engine_refuses_two_shapes_in_one_cohort():
    with pytest.raises(ValueError, match="differ in batch, bias"):
        train([MATMUL, LAYERS], "iris", TINY, [0, 0], "cohort")


def test_a_diverged_run_is_recorded_by_the_engine_and_leaves_its_neighbour_alone():
    wild = SMALL.with_alleles(rate_scale=1e30)

    alone = train([SMALL], "iris", TINY, [0], "cohort")[0]
    calm, diverged = train([SMALL, wild], "iris", TINY, [0, 0], "cohort")

    assert diverged.diverged_at == 10
    assert list(diverged.curves["validation"][1:]) == list(diverged.curves["test"][1:]) == [0, 0]
    assert calm == alone
