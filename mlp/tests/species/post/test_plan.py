"""Plans against an independent computation: rows per step, initial weights, digests, seeding."""

from __future__ import annotations

import hashlib
from itertools import islice

import numpy as np
import pytest
from scipy import stats

from mlp.species.post.data import load, split
from mlp.species.post.genome import LAYERS, LAYERS_ESTIMATOR, MATMUL, MATMUL_ESTIMATOR, STRAINS
from mlp.species.post.plan import covered_rows, digest, layer_shapes, make_plan, stream

ALL = MATMUL_ESTIMATOR.as_compared()
ORDERS = ("fixed", "shuffled_once", "reshuffled")
COVERAGES = ("first_batch", "all", 0.3, 1.0)


def legacy(*what):
    """NumPy's legacy generator, seeded by the eight words of the SHA-256 of `what`'s repr."""
    words = np.frombuffer(hashlib.sha256(repr(what).encode()).digest(), dtype="<u4")
    return np.random.RandomState([int(word) for word in words])


def expected_batches(genome, dataset, seed):
    """What a run is fed, step by step, written from the reference's words alone."""
    order = np.arange(len(dataset.y))
    np.random.RandomState(42 if genome.split == "42" else seed).shuffle(order)
    k = len(order) // 10
    training = order[2 * k :]
    if genome.coverage == "first_batch":
        training = training[: genome.batch_size]
    elif genome.coverage != "all":
        training = training[: round(genome.coverage * len(training))]
    seeded = 42 if genome.shuffle_seed == "42" else legacy("feeder", seed).randint(2**31)
    generator = np.random.RandomState(seeded)
    epoch = 0
    while True:
        if genome.order == "reshuffled" or (genome.order == "shuffled_once" and epoch == 0):
            shuffled = training[generator.permutation(len(training))]
        elif genome.order == "fixed":
            shuffled = training
        for start in range(0, len(shuffled), genome.batch_size):
            yield shuffled[start : start + genome.batch_size]
        epoch += 1


@pytest.mark.parametrize("shuffle_seed", ["42", "run"])
@pytest.mark.parametrize("coverage", COVERAGES)
@pytest.mark.parametrize("order", ORDERS)
def test_rows_are_those_of_an_independent_computation(order, coverage, shuffle_seed):
    for dataset, batch, seed in (("iris", 50, 0), ("wine", 7, 11), ("iris", 500, 3)):
        for split_allele in ("42", "run"):
            data = load(dataset)
            genome = ALL.with_alleles(
                order=order,
                coverage=coverage,
                shuffle_seed=shuffle_seed,
                split=split_allele,
                batch_size=batch,
            )
            plan = make_plan(genome, data, seed)
            wanted = list(islice(expected_batches(genome, data, seed), 40))

            assert [b.tolist() for b in islice(plan.batches(), 40)] == [b.tolist() for b in wanted]
            for step, fed in zip(wanted, plan.rows(40), strict=True):
                assert fed[: len(step)].tolist() == step.tolist()
                assert (fed[len(step) :] == -1).all()


@pytest.mark.parametrize("name", ["matmul", "layers"])
def test_a_direct_strain_is_fed_its_first_batch_for_ever(name):
    data, genome = load("digits"), STRAINS[name]

    rows = make_plan(genome, data, 7).rows(30)

    first = split(data, 42).training[: genome.batch_size]
    assert (rows == first).all()


@pytest.mark.parametrize("name", ["matmul_estimator", "layers_estimator"])
def test_an_estimator_strain_is_fed_every_row_once_an_epoch_with_a_short_last_batch(name):
    data, genome = load("iris"), STRAINS[name]
    seed = 7 if genome.split == "run" else 42

    rows = make_plan(genome, data, 7).rows(4)

    assert rows.shape == (4, 64)
    assert (rows[[0, 2]] >= 0).all()
    assert ((rows[[1, 3]] >= 0).sum(axis=1) == 120 - 64).all()
    for epoch in (rows[:2], rows[2:]):
        assert sorted(epoch[epoch >= 0]) == sorted(split(data, seed).training)
    assert rows[:2].tolist() != rows[2:].tolist()


def test_rows_shuffled_once_come_in_the_same_order_each_epoch():
    rows = make_plan(ALL.with_alleles(order="shuffled_once"), load("iris"), 5).rows(6)

    assert rows[:2].tolist() == rows[2:4].tolist() == rows[4:].tolist()


def test_fewer_steps_are_a_prefix_of_more():
    plan = make_plan(ALL, load("iris"), 2)

    assert plan.rows(11).tolist() == plan.rows(30)[:11].tolist()


@pytest.mark.parametrize(
    ("coverage", "batch", "rows"),
    [
        ("all", 50, 120),
        ("first_batch", 50, 50),
        ("first_batch", 500, 120),
        (1.0, 50, 120),
        (0.5, 50, 60),
        (0.25, 50, 30),
        (1e-6, 50, 1),
    ],
)
def test_coverage_is_a_share_of_the_training_rows_and_at_least_one(coverage, batch, rows):
    genome = ALL.with_alleles(coverage=coverage, batch_size=batch)
    plan = make_plan(genome, load("iris"), 1)

    assert covered_rows(genome, load("iris")) == len(plan.covered) == rows
    assert plan.batch == min(batch, rows)
    assert plan.covered.tolist() == plan.split.training[:rows].tolist()


def test_shapes_are_six_hidden_layers_and_a_linear_one():
    assert layer_shapes(MATMUL, load("digits")) == ((64, 64),) * 6 + ((64, 10),)
    small = MATMUL.with_alleles(layer_size=5)
    assert layer_shapes(small, load("wine")) == ((13, 5), *((5, 5),) * 5, (5, 3))


def many_weights(genome):
    data = load("digits")
    return np.concatenate([w.ravel() for s in range(8) for w in make_plan(genome, data, s).weights])


def test_the_truncated_normal_is_one_of_sd_005_cut_at_two_sds():
    values = many_weights(MATMUL)

    assert np.abs(values).max() <= np.float32(0.1)
    assert np.abs(values).max() > 0.0999
    law = stats.truncnorm(-2, 2, scale=0.05)
    assert values.std() == pytest.approx(law.std(), rel=0.01)
    assert values.std() == pytest.approx(0.05 * 0.8796, rel=0.01)
    assert stats.kstest(values[:20_000], law.cdf).pvalue > 1e-3


def test_glorots_uniform_fills_its_limits():
    data = load("digits")
    for layer, (inputs, outputs) in enumerate(layer_shapes(LAYERS, data)):
        values = np.concatenate(
            [make_plan(LAYERS, data, seed).weights[layer].ravel() for seed in range(8)]
        )
        limit = np.sqrt(6 / (inputs + outputs))
        assert np.abs(values).max() <= np.float32(limit)
        assert np.abs(values).max() > 0.99 * limit
        law = stats.uniform(-limit, 2 * limit)
        assert stats.kstest(values[:20_000], law.cdf).pvalue > 1e-3


def test_biases_start_as_published():
    data = load("iris")
    matmul, layers = make_plan(MATMUL, data, 0), make_plan(LAYERS, data, 0)

    assert [b.shape for b in matmul.biases] == [()] * 7
    assert all(b == np.float32(1e-3) for b in matmul.biases)
    assert [b.shape for b in layers.biases] == [(64,)] * 6 + [(3,)]
    assert not np.concatenate(layers.biases).any()
    assert {a.dtype for p in (matmul, layers) for a in p.weights + p.biases} == {
        np.dtype(np.float32)
    }


def same_weights(a, b):
    return all(x.tobytes() == y.tobytes() for x, y in zip(a.weights, b.weights, strict=True))


@pytest.mark.parametrize("genome", [*STRAINS.values(), ALL], ids=str)
def test_the_same_seed_repeats_and_another_differs(genome):
    data = load("iris")
    plan, again, other = (make_plan(genome, data, seed) for seed in (3, 3, 4))

    assert same_weights(plan, again)
    assert plan.init_digest == again.init_digest
    assert plan.dropout_seed == again.dropout_seed
    assert plan.rows(20).tolist() == again.rows(20).tolist()
    assert not same_weights(plan, other)
    assert plan.init_digest != other.init_digest
    assert plan.dropout_seed != other.dropout_seed


def test_weights_depend_on_seed_init_and_shapes_alone():
    data = load("iris")
    base = make_plan(ALL, data, 3)
    for edit in (
        {"dense": "layers"},
        {"coverage": 0.5},
        {"order": "fixed"},
        {"batch_size": 7},
        {"logits": "raw"},
        {"bias": "unit"},
        {"dtype": "float64"},
        {"dropout": 0.3},
        {"trainer": "direct"},
        {"shuffle_seed": "run"},
        {"split": "42"},
        {"rate_scale": 3.0},
    ):
        assert same_weights(base, make_plan(ALL.with_alleles(**edit), data, 3)), edit
    for edit in ({"init": "glorot_uniform"}, {"layer_size": 32}, {"init_seed": "unseeded"}):
        other = make_plan(ALL.with_alleles(**edit), data, 3)
        assert other.init_digest != base.init_digest, edit
    assert make_plan(ALL, load("wine"), 3).init_digest != base.init_digest


def test_unseeded_weights_are_shared_with_no_other_genome():
    data = load("iris")
    unseeded = MATMUL_ESTIMATOR
    others = [
        unseeded.with_alleles(**edit)
        for edit in ({"dense": "layers"}, {"coverage": 0.5}, {"logits": "raw"}, {"split": "42"})
    ] + [unseeded.with_alleles(init_seed="run"), LAYERS_ESTIMATOR]

    digests = [make_plan(g, data, 3).init_digest for g in (unseeded, *others)]

    assert len(set(digests)) == len(digests)
    assert make_plan(unseeded, data, 3).init_digest == digests[0]


def test_the_digest_of_the_start_follows_weights_and_biases_alone():
    data = load("iris")
    base = make_plan(ALL, data, 3)
    for edit in ({"coverage": 0.5}, {"dtype": "float64"}, {"dense": "layers"}, {"dropout": 0.1}):
        assert make_plan(ALL.with_alleles(**edit), data, 3).init_digest == base.init_digest, edit
    for edit in ({"bias": "unit"}, {"init": "glorot_uniform"}, {"layer_size": 63}):
        assert make_plan(ALL.with_alleles(**edit), data, 3).init_digest != base.init_digest, edit


def test_a_digest_tells_values_shapes_types_and_order_apart():
    a, b = np.arange(6.0), np.arange(6.0) + 1
    told = [
        digest(a),
        digest(a.reshape(2, 3)),
        digest(a.astype(np.float32)),
        digest(b),
        digest(a, b),
        digest(b, a),
        digest(),
    ]

    assert len(set(told)) == len(told)
    assert digest(a) == digest(a.copy()) == digest(a, dtype=np.float64)
    assert digest(np.arange(12.0)[::2]) == digest(np.arange(0, 12.0, 2))


def test_streams_are_numpys_legacy_generator_seeded_by_a_digest():
    assert stream("x", 1).randint(2**31) == legacy("x", 1).randint(2**31)
    assert stream("x", 1).randint(2**31) != stream("x", 2).randint(2**31)
    assert stream("x", 1).randint(2**31) != stream("y", 1).randint(2**31)
    assert make_plan(MATMUL, load("iris"), 5).dropout_seed == legacy("dropout", 5).randint(2**30)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_refused(seed):
    with pytest.raises(ValueError, match=rf"from 0 to 2\*\*32 - 1; got {seed}"):
        make_plan(MATMUL, load("iris"), seed)


def test_the_largest_seed_is_served():
    assert make_plan(ALL, load("iris"), 2**32 - 1).rows(2).shape == (2, 64)
