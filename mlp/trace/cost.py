"""What watching costs: the time of watched steps, and of steps after them, as ratios to unwatched.

A ratio is the median processor time of the same steps, watched over unwatched, run one after the
other in one process, of one thread each. Runs are repeated; the median ratio, the smallest and the
largest are told.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from importlib.util import find_spec
from typing import Any

import numpy as np

from mlp.trace.watch import watch

ROWS, BATCH, WIDTH, CLASSES = 640, 32, 256, 10
EPOCH = ROWS // BATCH
FULL = 8
PHASES = ("recorded in full", "rows only", "watching over")
"""The first updates of the first two epochs, the others of these, and the third epoch."""

Steps = tuple[Any, Any, Callable[[int], None]]


def _phase(step: int) -> str:
    if step >= 2 * EPOCH:
        return PHASES[2]
    return PHASES[step % EPOCH >= FULL]


def _rows() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 64)).astype(np.float32)
    return x, rng.integers(0, CLASSES, ROWS)


def _keras(compiled: bool) -> Steps:
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

    made = tf.function(step) if compiled else step
    return model, optimizer, lambda at: made(x[at : at + BATCH], y[at : at + BATCH])


def _torch() -> Steps:
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

    return model, optimizer, step


def _times(steps: Steps, watched: bool) -> dict[str, float]:
    """The median seconds of a step of each phase."""
    model, optimizer, step = steps
    with watch(model, optimizer) if watched else nullcontext():
        step(0)  # it makes the optimizer's variables, and traces a tf.function
    found: dict[str, list[float]] = {phase: [] for phase in PHASES}
    with watch(model, optimizer, updates=FULL) if watched else nullcontext():
        for k in range(3 * EPOCH):
            began = time.process_time()
            step(k * BATCH % ROWS)
            found[_phase(k)].append(time.process_time() - began)
    return {phase: statistics.median(times) for phase, times in found.items()}


def ratios(make: Callable[[], Steps], repeats: int) -> dict[str, list[float]]:
    """The time of watched steps over that of unwatched ones, by phase, of each repeat."""
    _times(make(), False)  # the first of all is slower
    found: dict[str, list[float]] = {phase: [] for phase in PHASES}
    for repeat in range(repeats):
        order = (False, True) if repeat % 2 else (True, False)
        times = {watched: _times(make(), watched) for watched in order}
        for phase in PHASES:
            found[phase].append(times[True][phase] / times[False][phase])
    return found


def measure(repeats: int) -> Iterator[tuple[str, dict[str, list[float]]]]:
    """The ratios of each way of training, none where its framework is not installed."""
    ways: list[tuple[str, str, Callable[[], Steps]]] = [
        ("Keras, eager", "keras", lambda: _keras(False)),
        ("Keras, tf.function", "keras", lambda: _keras(True)),
        ("PyTorch", "torch", _torch),
    ]
    for name, package, make in ways:
        yield name, ratios(make, repeats) if find_spec(package) is not None else {}
