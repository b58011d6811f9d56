"""What watching costs: the time of watched steps, and of steps after them, as ratios to unwatched.

Each ratio is the median over repeats of the processor time of the same steps, watched and
unwatched, taken alternately in one process of one thread.
`watched` is of the steps recorded in full, `logged` of those of which rows are digested only,
`after` of those that come when watching is over but the `with` is not.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from typing import Any

import numpy as np

from mlp.trace.errors import TraceError
from mlp.trace.watch import watch

ROWS, BATCH, WIDTH, CLASSES = 3200, 32, 256, 10
FULL = 10
PHASES = {"watched": (0, FULL), "logged": (FULL, 100), "after": (200, 300)}

Steps = tuple[Any, Any, Callable[[int], None]]


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


def _times(steps: Steps, watched: bool, traced: bool) -> list[float]:
    """Seconds of each step of three epochs."""
    model, optimizer, step = steps
    if traced:  # so that what is timed is no tracing
        with watch(model, optimizer):
            step(0)
    found = []
    with watch(model, optimizer, updates=FULL) if watched else nullcontext():
        for k in range(3 * ROWS // BATCH):
            began = time.process_time()
            step(k * BATCH % ROWS)
            found.append(time.process_time() - began)
    return found


def ratios(make: Callable[[], Steps], repeats: int, traced: bool = False) -> dict[str, float]:
    """The time of watched steps over that of unwatched ones, by phase."""
    _times(make(), False, False)  # the first of all is slower
    found: dict[str, list[float]] = {phase: [] for phase in PHASES}
    for _ in range(repeats):
        with_, without = _times(make(), True, traced), _times(make(), False, False)
        for phase, (start, end) in PHASES.items():
            base = without[start + traced : end]
            mean = statistics.median(with_[start + traced : end])
            found[phase].append(mean / statistics.median(base))
    return {phase: statistics.median(values) for phase, values in found.items()}


def measure(repeats: int) -> Iterator[tuple[str, dict[str, float]]]:
    """The ratios of each way of training that is installed."""
    ways: list[tuple[str, str, Callable[[], Steps], bool]] = [
        ("PyTorch loop", "torch", _torch, False),
        ("Keras loop, eager", "keras", lambda: _keras(False), False),
        ("Keras loop, tf.function", "keras", lambda: _keras(True), True),
    ]
    from importlib.util import find_spec

    for name, package, make, traced in ways:
        if find_spec(package) is not None:
            yield name, ratios(make, repeats, traced)
    if not any(find_spec(package) for _, package, _, _ in ways):
        raise TraceError("the cost of watching is measured with Keras or PyTorch: install one")
