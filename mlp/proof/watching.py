"""What watching costs: `python -m mlp.proof.watching`.

A ratio is the median processor time of watched steps over that of unwatched ones, of one thread
each, run in one process directly before and after the watched ones. This is repeated; the median
ratio, the smallest and the largest are told.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np

from mlp.trace.watch import watch

ROWS, BATCH, WIDTH, CLASSES = 384, 32, 256, 10
EPOCH = ROWS // BATCH
FULL = 8
PHASES = ("recorded in full", "in brief", "watching over")
"""The first updates of the first two epochs, the others of these, and the third epoch."""

Step = Callable[[int], None]
Program = tuple[Any, Any, Step, Step]
"""A model, its optimizer, a step to watch and one that is never watched."""


def _phase(step: int) -> str:
    if step >= 2 * EPOCH:
        return PHASES[2]
    return PHASES[step % EPOCH >= FULL]


def _rows() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 64)).astype(np.float32)
    return x, rng.integers(0, CLASSES, ROWS)


def _keras(compiled: bool) -> Program:
    import keras
    import tensorflow as tf

    with suppress(RuntimeError):  # it is said once, before anything is computed
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    dense = keras.layers.Dense
    model = keras.Sequential(
        [keras.Input((64,)), dense(WIDTH, "relu"), dense(WIDTH, "relu"), dense(CLASSES)]
    )
    optimizer = keras.optimizers.Adam(1e-3)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    x, y = map(tf.constant, _rows())

    def step(xb: Any, yb: Any) -> None:
        with tf.GradientTape() as tape:
            value = loss(yb, model(xb, training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)

    def from_row(made: Callable[[Any, Any], None]) -> Step:
        return lambda at: made(x[at : at + BATCH], y[at : at + BATCH])

    pair = [from_row(tf.function(step) if compiled else step) for _ in range(2)]
    return model, optimizer, pair[0], pair[1]


def pytorch() -> Program:
    import torch
    from torch import nn

    torch.set_num_threads(1)
    model = nn.Sequential(
        *(nn.Linear(64, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU()),
        nn.Linear(WIDTH, CLASSES),
    )
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    x, y = map(torch.from_numpy, _rows())

    def step(at: int) -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x[at : at + BATCH]), y[at : at + BATCH]).backward()
        optimizer.step()

    return model, optimizer, step, step


def _times(step: Step, steps: int) -> list[float]:
    """The seconds that each of so many steps takes."""
    found = []
    for k in range(steps):
        began = time.process_time()
        step(k * BATCH % ROWS)
        found.append(time.process_time() - began)
    return found


def ratios(program: Program, repeats: int) -> dict[str, list[float]]:
    """The time of watched steps over that of unwatched ones, by phase, of each repeat."""
    model, optimizer, watched, unwatched = program
    _times(unwatched, EPOCH)  # the first steps make the optimizer's variables and are slower
    with watch(model, optimizer):
        watched(0)  # a tf.function is traced here, and seen in later watches
    found: dict[str, list[float]] = {phase: [] for phase in PHASES}
    for _ in range(repeats):
        plain = _times(unwatched, EPOCH // 2)
        with watch(model, optimizer, updates=FULL):
            seen = _times(watched, 3 * EPOCH)
        plain += _times(unwatched, EPOCH // 2)
        for phase in PHASES:
            times = [seconds for k, seconds in enumerate(seen) if _phase(k) == phase]
            found[phase].append(median(times) / median(plain))
    return found


def measure(repeats: int) -> Iterator[tuple[str, dict[str, list[float]]]]:
    """The ratios of each way of training, none where its framework is not installed.

    Ways with short steps, whose times vary more, are repeated three times as often.
    """
    ways: list[tuple[str, str, int, Callable[[], Program]]] = [
        ("PyTorch", "torch", 3, pytorch),  # first: with TensorFlow loaded all is slower
        ("Keras, eager", "keras", 1, lambda: _keras(False)),
        ("Keras, tf.function", "keras", 3, lambda: _keras(True)),
    ]
    for name, package, times, make in ways:
        yield name, ratios(make(), times * repeats) if find_spec(package) is not None else {}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m mlp.proof.watching", description=__doc__)
    parser.add_argument("--repeats", type=int, default=7, help="of which the median counts")
    repeats = parser.parse_args(arguments).repeats
    print("time of a step, watched over unwatched: median of the repeats (smallest to largest)")
    print(f"  {'':<20}" + "".join(f"{phase:<20}" for phase in PHASES).rstrip(), flush=True)
    for name, found in measure(repeats):
        cells = (f"{median(r):.2f} ({min(r):.2f} to {max(r):.2f})" for r in found.values())
        told = "".join(f"{cell:<20}" for cell in cells).rstrip() or "not installed"
        print(f"  {name:<20}{told}", flush=True)


if __name__ == "__main__":
    main()
