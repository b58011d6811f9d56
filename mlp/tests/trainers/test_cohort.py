"""The cohort engine against an independent NumPy trainer, and its runs' independence."""

from __future__ import annotations

import numpy as np
import pytest

from mlp.data import load
from mlp.genome import STRAINS
from mlp.plan import make_plan
from mlp.run import Protocol
from mlp.trainers.cohort import train_cohort


def protocol(steps, every, rate=1e-3):
    return Protocol(name="test", learning_rate=rate, steps=steps, sample_every=every)


class Reference:
    """A run's float64 NumPy twin: one MLP, its gradients and Adam, written for one seed.

    Adam's constants and powers are float32, as TensorFlow's optimizer has them for any variable.
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
        loss = -(np.log(softmax(given)) * target).sum(1).mean()
        delta = (softmax(given) - target) / len(rows)
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
    np.testing.assert_allclose(training.losses, losses, rtol=1e-9)
    for ours, theirs in zip(training.variables, reference.w + reference.b, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)
    assert training.run.validation == tuple(curve)
    assert training.run.test[-1] == reference.correct(plan.split.test)
    assert training.run.saw.first_loss == training.losses[0]
    assert training.run.saw.updates == 200
