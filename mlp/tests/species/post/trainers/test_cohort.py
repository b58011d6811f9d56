"""The cohort engine against an independent NumPy trainer, and its runs' independence."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from mlp.species.post.data import load
from mlp.species.post.genome import LAYERS, LAYERS_ESTIMATOR, MATMUL, MATMUL_ESTIMATOR, STRAINS
from mlp.species.post.plan import make_plan
from mlp.species.post.protocol import Protocol
from mlp.species.post.trainers import cohort
from mlp.species.post.trainers.cohort import train_cohort


def protocol(steps, every, rate=1e-3):
    return Protocol(name="test", learning_rate=rate, steps=steps, sample_every=every)


class Reference:
    """A run's float64 NumPy twin: one MLP, its gradients and Adam, written for one seed.

    Adam's constants and powers and a row's share of the mean loss are float32, as TensorFlow's
    optimizer and losses have them for any number type; and so are the losses it reports.
    """

    def __init__(self, plan, rate):
        self.plan = plan
        self.rate = np.float32(rate * plan.genome.rate_scale)
        self.powers = np.float32([0.9, 0.999])
        self.w = [w.astype(np.float64) for w in plan.weights]
        self.b = [b.astype(np.float64) for b in plan.biases]
        self.moments = [(np.zeros_like(p), np.zeros_like(p)) for p in self.w + self.b]

    def outputs(self, x):
        inputs = [x]
        for w, b in zip(self.w, self.b, strict=True):
            inputs.append(inputs[-1] @ w + b)
            if len(inputs) <= len(self.w):
                inputs[-1] = np.maximum(inputs[-1], 0)
        return inputs

    def correct(self, rows):
        data = self.plan.dataset
        return int((self.outputs(data.x[rows])[-1].argmax(1) == data.y[rows]).sum())

    def step(self, rows):
        data = self.plan.dataset
        *inputs, z = self.outputs(data.x[rows])
        target = np.eye(data.classes)[data.y[rows]]
        p = softmax(z)
        given = p if self.plan.genome.logits == "softmax" else z
        share = float(np.float32(1) / np.float32(len(rows)))
        loss = -(np.log(softmax(given)) * target).sum() * share
        delta = (softmax(given) - target) * share
        if self.plan.genome.logits == "softmax":
            delta = p * (delta - (delta * p).sum(1, keepdims=True))
        grad_w, grad_b = [None] * 7, [None] * 7
        for layer in range(6, -1, -1):
            grad_w[layer] = inputs[layer].T @ delta
            grad_b[layer] = delta.sum() if self.b[layer].ndim == 0 else delta.sum(0)
            delta = (delta @ self.w[layer].T) * (inputs[layer] > 0)
        self.adam(grad_w + grad_b)
        return loss

    def adam(self, gradients):
        beta1, beta2, epsilon = np.float32([0.9, 0.999, 1e-8]).astype(np.float64)
        power1, power2 = self.powers.astype(np.float64)
        size = float(self.rate) * np.sqrt(1 - power2) / (1 - power1)
        parameters = self.w + self.b
        for i, g in enumerate(gradients):
            m, v = self.moments[i]
            m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
            self.moments[i] = m, v
            parameters[i] = parameters[i] - size * m / (np.sqrt(v) + epsilon)
        self.w, self.b = parameters[:7], parameters[7:]
        self.powers *= np.float32([0.9, 0.999])


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


@pytest.mark.parametrize("dataset", ["iris", "digits"])
@pytest.mark.parametrize("strain", STRAINS)
def test_follows_an_independent_numpy_trainer(strain, dataset):
    genome = STRAINS[strain].with_alleles(dtype="float64")
    plan = make_plan(genome, load(dataset), 3)
    short = (plan.rows(200) < 0).any()
    assert short == (genome.order == "reshuffled")
    training = train_cohort([plan], protocol(200, 50), losses=True)[0]
    reference = Reference(plan, 1e-3)
    losses, curve = [], [reference.correct(plan.split.validation)]
    for step, rows in enumerate(plan.rows(200), 1):
        losses.append(reference.step(rows[rows >= 0]))
        if step % 50 == 0:
            curve.append(reference.correct(plan.split.validation))
    np.testing.assert_allclose(training.losses, losses, rtol=5e-7)
    for ours, theirs in zip(training.variables, reference.w + reference.b, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)
    held_out = plan.dataset.held_out
    assert training.run.curves["validation"] == tuple(right / held_out for right in curve)
    assert training.run.curves["test"][-1] == reference.correct(plan.split.test) / held_out
    assert training.run.saw["first_loss"] == training.losses[0]
    assert training.run.saw["updates"] == 200


def plans(genome, seeds, dataset="iris"):
    return [make_plan(genome, load(dataset), seed) for seed in seeds]


def train(plans, *, steps=60, every=20, **options):
    return train_cohort(plans, protocol(steps, every), **options)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("dataset", ["iris", "digits"])
@pytest.mark.parametrize(("batch", "size"), [(50, 64), (7, 13)])
def test_batches_that_fill_no_vector_round_alike_in_any_cohort(batch, size, dataset, dtype):
    genome = MATMUL_ESTIMATOR.as_compared().with_alleles(
        dtype=dtype, batch_size=batch, layer_size=size, dropout=0.1
    )
    three = plans(genome, range(3), dataset)
    alone = [train([plan])[0].run for plan in three]
    assert [t.run for t in train(three)] == alone


@pytest.mark.parametrize(
    "genome",
    [MATMUL, LAYERS, LAYERS.with_alleles(dense="matmul"), LAYERS_ESTIMATOR],
    ids=str,
)
def test_a_run_is_the_same_bit_for_bit_in_any_cohort(genome):
    sixteen = plans(genome, range(16), "digits")
    together = train(sixteen)
    for places in ([3], [7, 5, 2, 3, 1, 0, 4, 6], range(15, -1, -1)):
        trained = train([sixteen[i] for i in places])
        assert [t.run for t in trained] == [together[i].run for i in places]
    assert len({t.run.weights for t in together}) == 16


def test_genomes_that_differ_in_what_is_fed_share_a_cohort():
    other = LAYERS.with_alleles(init="truncated_normal", split="run")
    fast = LAYERS.with_alleles(rate_scale=10.0)
    mixed = [*plans(LAYERS, [0]), *plans(other, [1]), *plans(fast, [0]), *plans(LAYERS, [2])]
    alone = [train([plan])[0].run for plan in mixed]
    assert [t.run for t in train(mixed)] == alone
    assert [run.genome for run in alone] == [plan.genome for plan in mixed]
    assert alone[0].weights != alone[2].weights


@pytest.mark.parametrize(
    "alleles",
    [
        {"dtype": "float64"},
        {"bias": "scalar"},
        {"dense": "matmul"},
        {"logits": "raw"},
        {"batch_size": 32},
        {"coverage": "all"},
        {"layer_size": 32},
        {"dropout": 0.5, "dropout_mode": "training"},
        {"reporting": "ends"},
    ],
    ids=str,
)
def test_genomes_of_other_shapes_do_not_share_a_cohort(alleles):
    with pytest.raises(ValueError, match="train them in two cohorts"):
        train([*plans(LAYERS, [0]), *plans(LAYERS.with_alleles(**alleles), [0])])


def test_datasets_do_not_share_a_cohort():
    with pytest.raises(ValueError, match="differ in dataset"):
        train([*plans(LAYERS, [0]), *plans(LAYERS, [0], "wine")])


def test_no_plans_no_runs():
    assert train([]) == []


def test_losses_are_kept_only_when_asked_for_and_change_nothing():
    kept, plain = (train(plans(MATMUL, [0]), losses=ask)[0] for ask in (True, False))
    assert kept.losses.shape == (60,)
    assert plain.losses is None
    assert kept.run == plain.run


def test_a_diverged_run_is_recorded_and_disturbs_no_other():
    genome = MATMUL_ESTIMATOR.with_alleles(logits="raw")
    good, bad = plans(genome, range(3)), make_plan(genome, load("iris"), 3)
    for weight in bad.weights:
        weight *= np.float32(1e8)
    trained = train([good[0], bad, *good[1:]], losses=True)
    run = trained[1].run
    assert run.diverged_at in (0, 20)
    assert run.curves["validation"][1:] == run.curves["test"][1:] == (0, 0, 0)
    assert run.saw["updates"] == 60
    calm = [trained[i].run for i in (0, 2, 3)]
    assert calm == [t.run for t in train(good)]
    assert not any(r.diverged for r in calm)


def test_a_huge_rate_is_recorded_as_divergence():
    genome = LAYERS.with_alleles(logits="raw", rate_scale=1e30)
    run = train(plans(genome, [0]))[0].run
    assert run.diverged_at == 20
    assert run.curves["validation"][0] > 0


def test_dropout_acts_when_its_mode_says():
    def at(mode, rate=0.3):
        genome = LAYERS.with_alleles(dropout=rate, dropout_mode=mode)
        return train(plans(genome, [0, 1], "digits"), steps=20, every=20)

    never, training, always = at("never"), at("training"), at("always")
    undropped = train(plans(LAYERS, [0, 1], "digits"), steps=20, every=20)
    assert [t.run.weights for t in never] == [t.run.weights for t in undropped]
    assert [t.run.weights for t in training] == [t.run.weights for t in always]
    assert never[0].run.weights != training[0].run.weights
    assert training[0].run.curves["validation"][0] == never[0].run.curves["validation"][0]
    assert [t.run.curves for t in always] != [t.run.curves for t in training]


def test_dropout_follows_the_masks_of_its_seed():
    import tensorflow as tf

    genome = LAYERS_ESTIMATOR.with_alleles(dropout=0.4)
    plan = make_plan(genome, load("iris"), 5)
    rows = plan.rows(1)[0]
    h = plan.dataset.x[rows]
    uniform = tf.random.stateless_uniform([6, len(rows), 64], [plan.dropout_seed, 0]).numpy()
    for layer, (w, b) in enumerate(zip(plan.weights, plan.biases, strict=True)):
        h = h @ w + b
        if layer < 6:
            h = np.maximum(h, 0) * (uniform[layer] >= np.float32(0.4)) / (1 - 0.4)
    expected = -np.log(softmax(h))[np.arange(len(rows)), plan.dataset.y[rows]].mean()
    first = train([plan], steps=20, every=20)[0].run.saw["first_loss"]
    assert first == pytest.approx(expected, rel=1e-6)


def test_dropout_is_the_same_bit_for_bit_in_any_cohort():
    genome = MATMUL.with_alleles(dropout=0.2)
    five = plans(genome, range(5))
    assert train(five)[4].run == train([five[4]])[0].run


def test_reporting_the_ends_changes_nothing_else():
    curve = train(plans(LAYERS, [0]), every=10)[0].run
    ends = train(plans(LAYERS.with_alleles(reporting="ends"), [0]), every=10)[0].run
    assert len(curve.curves["validation"]) == 7
    for name, values in ends.curves.items():
        assert values == (curve.curves[name][0], curve.curves[name][-1])
    assert ends.weights == curve.weights


def test_long_trainings_are_made_of_several_calls(monkeypatch):
    genome = MATMUL_ESTIMATOR.as_compared().with_alleles(layer_size=8)
    whole = train(plans(genome, [0]))[0].run
    for most in (7, 15, 20, 45):
        monkeypatch.setattr("mlp.species.post.trainers.cohort.CALL", most)
        assert train(plans(genome, [0]))[0].run == whole
    ends = genome.with_alleles(reporting="ends")
    assert train(plans(ends, [0]))[0].run.score == whole.score


def test_importing_the_engine_does_not_import_tensorflow():
    code = "import sys, mlp.species.post.trainers.cohort; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_large_cohort_is_trained_in_several_stacks(monkeypatch):
    five = plans(LAYERS, range(5))
    whole = [t.run for t in train(five)]
    monkeypatch.setitem(cohort.STACK, "float32", 2)
    assert [t.run for t in train(five)] == whole
