"""What the lab costs a cohort that is trained by one `vmap`: `python -m mlp.proof.vmap`.

The digits network (six hidden layers of 64, Adam, batches of 64) in JAX, on whatever device JAX
finds, outside any lab and through it. Both are compiled before they are timed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from mlp.genome import Genome, gene
from mlp.lab import Lab

FEATURES, CLASSES, ROWS, HIDDEN, BATCH = 64, 10, 1797, 6, 64


class Vmapped(Genome):
    """The digits network as one JAX program for all seeds."""

    steps: int = gene("updates", at_least=1)
    rate: float = gene("Adam's learning rate", above=0, default=1e-3)

    at_once: ClassVar[int] = 1024

    def train_cohort(self, seeds: Sequence[int]) -> list[float]:
        """The share of rows that each seed's network answers correctly."""
        return train(seeds, self.steps, self.rate)


def train(seeds: Sequence[int], steps: int, rate: float) -> list[float]:
    """Train a run for each seed at once; the scores."""
    import jax.numpy as jnp

    scores = _compiled(len(seeds), steps, rate)(jnp.asarray(seeds, jnp.uint32))
    return [float(score) for score in scores.tolist()]


@cache
def _compiled(_runs: int, steps: int, rate: float) -> Any:
    import jax
    import jax.numpy as jnp

    x, y = _digits()
    sizes = [FEATURES, *[64] * HIDDEN, CLASSES]

    def logits(parameters: Any, rows: Any) -> Any:
        for w, b in parameters[:-1]:
            rows = jax.nn.relu(rows @ w + b)
        w, b = parameters[-1]
        return rows @ w + b

    def loss(parameters: Any, rows: Any) -> Any:
        told = jax.nn.log_softmax(logits(parameters, x[rows]))
        return -jnp.take_along_axis(told, y[rows][:, None], 1).mean()

    def run(seed: Any) -> Any:
        keys = jax.random.split(jax.random.key(seed), len(sizes))
        parameters = [
            (jax.random.normal(key, (i, o)) * (2.0 / i) ** 0.5, jnp.zeros(o))
            for key, i, o in zip(keys[1:], sizes[:-1], sizes[1:], strict=True)
        ]
        batches = jax.random.randint(keys[0], (steps, BATCH), 0, ROWS)

        def update(state: Any, rows: Any) -> Any:
            parameters, mean, square, step = state
            gradient = jax.grad(loss)(parameters, rows)
            mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradient)
            square = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, square, gradient)
            size = rate * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            parameters = jax.tree.map(
                lambda p, m, v: p - size * m / (jnp.sqrt(v) + 1e-8), parameters, mean, square
            )
            return (parameters, mean, square, step + 1), None

        zeros = jax.tree.map(jnp.zeros_like, parameters)
        end, _ = jax.lax.scan(update, (parameters, zeros, zeros, 1.0), batches)
        return jnp.mean(jnp.argmax(logits(end[0], x), 1) == y)

    return jax.jit(jax.vmap(run))


@cache
def _digits() -> tuple[Any, Any]:
    """The digits where scikit-learn is installed; else data of the same shape."""
    import jax.numpy as jnp
    import numpy as np

    try:
        from sklearn.datasets import load_digits

        x, y = load_digits(return_X_y=True)
    except ImportError:
        draw = np.random.default_rng(0)
        y = draw.integers(CLASSES, size=ROWS)
        x = draw.normal(size=(ROWS, FEATURES)) + 3 * np.eye(CLASSES, FEATURES)[y]
    return jnp.asarray(x, jnp.float32), jnp.asarray(y, jnp.int32)


def measure(runs: int, steps: int, rounds: int) -> tuple[float, float]:
    """Seconds of training `runs` runs outside any lab and through it, the least of `rounds`."""
    genome = Vmapped(steps=steps)
    alone, through = [], []
    with tempfile.TemporaryDirectory() as folder:
        for k in range(rounds + 1):
            first = 100_000 * (k + 1)
            began = time.perf_counter()
            train(range(first, first + runs), steps, genome.rate)
            alone.append(time.perf_counter() - began)
            lab = Lab(Path(folder) / f"{k}.sqlite", seeds=max(2, runs), first_seed=first)
            began = time.perf_counter()
            lab.cohort(genome, seeds=runs)
            through.append(time.perf_counter() - began)
            lab.store.close()
    return min(alone[1:]), min(through[1:])


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each number of runs."""
    parser = argparse.ArgumentParser(prog="python -m mlp.proof.vmap", description=__doc__)
    parser.add_argument("--runs", type=int, nargs="+", default=[16, 64, 256, 1024])
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args(arguments)
    import jax

    print(f"{jax.devices()[0].device_kind}, JAX {jax.__version__}, {given.steps:,} steps")
    print("  runs   alone, us a step and run   through the lab   ratio")
    for runs in given.runs:
        alone, through = measure(runs, given.steps, given.rounds)
        unit = 1e6 / runs / given.steps
        print(
            f"{runs:6,}   {alone * unit:24.3f}   {through * unit:15.3f}   {through / alone:5.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
