"""A JAX pipeline whose whole cohort is one `vmap`, on a CPU or a GPU unchanged."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, Literal

import pytest

from mlp import Genome, Result, digest, gene

jax = pytest.importorskip("jax", reason="pip install jax")
jnp = jax.numpy


class Net(Genome):
    init: Literal["zeros", "he"] = gene("initial weights of the hidden layer", acts_on="init")
    rows: Literal["batches", "first_batch"] = gene("the rows ever fed", acts_on="weights")
    at_once: ClassVar[int] = 256

    def train_cohort(self, seeds: Sequence[int]) -> list[Result]:
        run = jax.jit(jax.vmap(partial(train, self.init, self.rows)))
        scores, *ends = jax.device_get(run(jnp.asarray(seeds, jnp.uint32)))
        first, last = ([digest([w[k] for w in end]) for k in range(len(seeds))] for end in ends)
        each = zip(scores.tolist(), first, last, strict=True)
        return [Result(score=s, weights=w, saw={"init": w0}) for s, w0, w in each]


def train(init: str, rows: str, seed: Any) -> Any:
    keys = jax.random.split(jax.random.key(seed), 4)
    y = jax.random.randint(keys[0], (600,), 0, 4)
    x = jax.random.normal(keys[1], (600, 12)) + 1.5 * jax.nn.one_hot(y, 12)
    w = jax.random.normal(keys[2], (12, 16)) * (0.4 if init == "he" else 0.0)
    first = w, jax.random.normal(keys[3], (16, 4)) * 0.3

    def loss(w: Any, batch: Any) -> Any:
        out = jax.nn.log_softmax(jax.nn.relu(x[batch] @ w[0]) @ w[1])
        return -jnp.take_along_axis(out, y[batch][:, None], 1).mean()

    def update(w: Any, step: Any) -> Any:
        start = 20 * (step % 5) if rows == "batches" else 0
        gradient = jax.grad(loss)(w, start + jnp.arange(20))
        return jax.tree.map(lambda p, g: p - 0.2 * g, w, gradient), None

    last, _ = jax.lax.scan(update, first, jnp.arange(200))
    answers = jnp.argmax(jax.nn.relu(x[100:] @ last[0]) @ last[1], 1)
    return jnp.mean(answers == y[100:]), first, last


GOOD, BAD = Net(init="he", rows="batches"), Net(init="zeros", rows="first_batch")
Net.name_strains(good=GOOD, bad=BAD)


def test_the_first_batch_alone_costs_accuracy(lab):
    lab.compare(GOOD.knockout("rows", donor=BAD), GOOD, margin=0.05).assert_worse()


def test_zeros_do_not_train_at_all(lab):
    lab.compare(GOOD.knockout("init", donor=BAD), GOOD, margin=0.2).assert_worse()
