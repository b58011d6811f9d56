"""The same training in JAX, `jit(vmap(scan))`: gathers, Adam and sampled curves included."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from mlp.species.post import Mlp
from mlp.species.post.data import Dataset
from mlp.species.post.plan import make_plan

BETA1, BETA2, EPSILON, RATE = 0.9, 0.999, 1e-8, 1e-3


def _logits(parameters: Any, x: Any) -> Any:
    for w, b in parameters[:-1]:
        x = jax.nn.relu(x @ w + b)
    w, b = parameters[-1]
    return x @ w + b


def trainer(genome: Mlp, data: Dataset, cohort: int) -> Any:
    """A function `train(steps, every)` that trains `cohort` runs, sampling after each `every`."""
    plans = [make_plan(genome, data, seed) for seed in range(cohort)]
    full, short = plans[0].batch, len(plans[0].covered) % plans[0].batch
    features, labels = jnp.asarray(data.x, jnp.float32), jnp.asarray(data.y, jnp.int32)

    def loss(parameters: Any, rows: Any) -> Any:
        given = jax.nn.softmax(_logits(parameters, features[rows]))
        return -jnp.take_along_axis(jax.nn.log_softmax(given), labels[rows][:, None], 1).mean()

    def gradient_of(size: int, parameters: Any, rows: Any) -> Any:
        return jax.grad(loss)(parameters, rows[:size])

    def correct(parameters: Any, rows: Any) -> Any:
        return jnp.sum(jnp.argmax(_logits(parameters, features[rows]), 1) == labels[rows])

    def update(state: Any, batch: Any) -> Any:
        parameters, mean, square, power1, power2 = state
        sizes = [partial(gradient_of, size) for size in (full, short)]
        rows, is_short = batch
        gradient = (
            jax.lax.cond(is_short, sizes[1], sizes[0], parameters, rows)
            if short
            else sizes[0](parameters, rows)
        )
        mean = jax.tree.map(lambda m, g: m + (g - m) * (1 - BETA1), mean, gradient)
        square = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - BETA2), square, gradient)
        size = RATE * jnp.sqrt(1 - power2) / (1 - power1)
        parameters = jax.tree.map(
            lambda p, m, v: p - size * m / (jnp.sqrt(v) + EPSILON), parameters, mean, square
        )
        return (parameters, mean, square, power1 * BETA1, power2 * BETA2), None

    def run(parameters: Any, rows: Any, is_short: Any, validation: Any, test: Any) -> Any:
        def interval(state: Any, batches: Any) -> Any:
            state, _ = jax.lax.scan(update, state, batches)
            return state, (correct(state[0], validation), correct(state[0], test))

        zeros = jax.tree.map(jnp.zeros_like, parameters)
        start = (parameters, zeros, zeros, jnp.float32(BETA1), jnp.float32(BETA2))
        return jax.lax.scan(interval, start, (rows, is_short))[1]

    compiled = jax.jit(jax.vmap(run, in_axes=(0, 0, None, 0, 0)))
    parameters = [
        (jnp.stack([p.weights[i] for p in plans]), jnp.stack([p.biases[i] for p in plans]))
        for i in range(len(plans[0].weights))
    ]
    held_out = [
        jnp.stack([getattr(p.split, part) for p in plans]) for part in ("validation", "test")
    ]

    def train(steps: int, every: int) -> Any:
        rows = np.stack([p.rows(steps).reshape(steps // every, every, -1) for p in plans])
        is_short = jnp.asarray(rows[0, :, :, -1] < 0)
        return jax.block_until_ready(compiled(parameters, jnp.asarray(rows), is_short, *held_out))

    return train
