"""The ways to train, each measured alone in a process of one thread.

Each contender trains the same network (six hidden layers of 64 units, batches of 64 from all
training rows, an epoch's last batch being what is left, Adam, float32) and answers for the seconds
of a number of updates. A cost per update is the slope between two numbers of updates, so that
set-up does not count.

Run as `python -m mlp.proof.bench.contenders`, it reads a `Task` as JSON from its arguments, makes
ready, and prints a `Cost` as JSON for every line it reads.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from mlp.species.post import Mlp
from mlp.species.post.data import Dataset, load
from mlp.species.post.genome import LAYERS
from mlp.species.post.plan import layer_shapes, make_plan
from mlp.species.post.protocol import Protocol

SAMPLE_EVERY = 50
"""Updates between samples of the curves, as in the quick protocol."""

THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
ONE_THREAD = {
    **dict.fromkeys(THREAD_COUNTS, "1"),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_PLATFORMS": "cpu",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
"""Environment of a contender's process; it is also pinned to one core where the system can."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is measured: `steps` updates of `cohort` runs on a dataset.

    `core` is the place, among those the process may use, of the core to pin it to; None: it has
    them all.
    """

    contender: str
    dataset: str
    cohort: int
    steps: int
    core: int | None = 0


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Seconds of one update of one run by the processor's clock, of a whole training by the wall's.

    `wall` is that of `cohort` runs of `steps` updates, set-up included but compilation paid.
    """

    update: float
    wall: float


class MissingError(RuntimeError):
    """A contender's library is not installed."""


Timed = Callable[[int], Any]
"""Train for so many updates."""


def genome(trainer: str = "direct") -> Mlp:
    """What every contender trains: the layers strain on all training rows, reshuffled."""
    return LAYERS.with_alleles(coverage="all", order="reshuffled", split="run", trainer=trainer)


def _protocol(steps: int) -> Protocol:
    return Protocol(name="bench", learning_rate=1e-3, steps=steps, sample_every=SAMPLE_EVERY)


def batches(data: Dataset) -> list[int]:
    """Rows of each batch of an epoch."""
    rows, full = data.training_rows, genome().batch_size
    return [min(full, rows - start) for start in range(0, rows, full)]


def flop(data: Dataset) -> float:
    """Floating-point operations of one update of one run, on average: 6 for each weight and row."""
    rows = batches(data)
    return 6 * sum(rows) / len(rows) * sum(i * o for i, o in layer_shapes(genome(), data))


def _engine(data: Dataset, cohort: int) -> Timed:
    from mlp.species.post.trainers.cohort import train_cohort

    return lambda steps: train_cohort(
        [make_plan(genome(), data, seed) for seed in range(cohort)], _protocol(steps)
    )


def _direct(data: Dataset, cohort: int) -> Timed:
    from mlp.species.post.trainers.direct import train_direct

    return lambda steps: [
        train_direct(make_plan(genome(), data, seed), _protocol(steps)) for seed in range(cohort)
    ]


def _alone(data: Dataset, cohort: int) -> Timed:
    """The direct loop as it is run by itself, as the post ran it: on TensorFlow's own threads."""
    from mlp.species.post.backend import tf
    from mlp.species.post.trainers import direct

    for name in THREAD_COUNTS:
        os.environ.pop(name, None)
    direct.session_config = tf.ConfigProto
    return _direct(data, cohort)


def _estimator(data: Dataset, cohort: int) -> Timed:
    from mlp.species.post.trainers.estimator import train_estimator

    plans = [make_plan(genome("estimator"), data, seed) for seed in range(cohort)]
    return lambda steps: [train_estimator(plan, _protocol(steps)) for plan in plans]


def _mlpclassifier(data: Dataset, cohort: int) -> Timed:
    try:
        from sklearn.neural_network import MLPClassifier
    except ImportError:
        raise MissingError("scikit-learn is not installed") from None
    rows = make_plan(genome(), data, 0).covered
    x, y = data.x[rows].astype(np.float32), data.y[rows]
    epoch = len(batches(data))

    def fit(steps: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for seed in range(cohort):
                MLPClassifier(
                    [genome().layer_size] * 6,
                    batch_size=genome().batch_size,
                    alpha=0.0,
                    max_iter=max(1, round(steps / epoch)),
                    n_iter_no_change=steps,
                    random_state=seed,
                ).fit(x, y)

    return fit


def _sgemm(data: Dataset, cohort: int) -> Timed:
    """NumPy's BLAS at an update's three products of each layer, the first's input's included."""
    draw = np.random.RandomState(0)

    def products(rows: int) -> list[tuple[Any, Any, Any]]:
        made = []
        for inputs, outputs in layer_shapes(genome(), data):
            x, w, dz = (
                draw.standard_normal(form).astype(np.float32)
                for form in ((rows, inputs), (inputs, outputs), (rows, outputs))
            )
            made += [(x, w, dz.copy()), (dz, w.T, x.copy()), (x.T, dz, w.copy())]
        return made

    of = {rows: products(rows) for rows in set(batches(data))}
    epoch = [of[rows] for rows in batches(data)]

    def multiply(steps: int) -> None:
        for step in range(steps * cohort):
            for left, right, out in epoch[step % len(epoch)]:
                np.matmul(left, right, out=out)

    return multiply


def _matmul(data: Dataset, cohort: int) -> Timed:
    """The same products by TensorFlow, stacked over the cohort, in a compiled loop."""
    from mlp.species.post.backend import tf

    forms, epoch = layer_shapes(genome(), data), batches(data)

    def body(i: Any, x: Any, w: Any, dz: Any) -> Any:
        """Each product takes the place of the factor of its shape, so that none can be saved."""
        return (
            i + 1,
            [tf.matmul(c, b, transpose_b=True) for b, c in zip(w, dz, strict=True)],
            [tf.matmul(a, c, transpose_a=True) for a, c in zip(x, dz, strict=True)],
            [tf.matmul(a, b) for a, b in zip(x, w, strict=True)],
        )

    @tf.function(autograph=False)
    def multiply(steps: Any, rows: int) -> Any:
        x, w, dz = (
            [tf.random.stateless_normal([cohort, *form(i, o)], [0, 0]) for i, o in forms]
            for form in (
                lambda i, _: (rows, i),
                lambda i, o: (i, o),
                lambda _, o: (rows, o),
            )
        )
        start = (tf.constant(0), x, w, dz)
        return tf.while_loop(lambda i, *_: i < steps, body, start, parallel_iterations=1)[1:]

    def of_epochs(steps: int) -> None:
        for rows in set(epoch):
            multiply(tf.constant(steps * epoch.count(rows) // len(epoch)), rows)

    return of_epochs


def _jax(data: Dataset, cohort: int) -> Timed:
    try:
        from mlp.proof.bench.jax_baseline import trainer
    except ImportError:
        raise MissingError("JAX is not installed") from None
    return partial(trainer(genome(), data, cohort), every=SAMPLE_EVERY)


CONTENDERS: dict[str, Callable[[Dataset, int], Timed]] = {
    "sgemm": _sgemm,
    "matmul": _matmul,
    "direct": _direct,
    "estimator": _estimator,
    "mlpclassifier": _mlpclassifier,
    "jax": _jax,
    "engine": _engine,
    "alone": _alone,
}
"""Name to what prepares it for a dataset and number of runs."""


def prepare(task: Task, clock: Callable[[], float] = time.process_time) -> Callable[[], Cost]:
    """What measures `task` in this process each time it is called; all is compiled before.

    Raises:
        MissingError: the contender's library is not installed.
    """
    train = CONTENDERS[task.contender](load(task.dataset), task.cohort)
    short = task.steps // 4 // SAMPLE_EVERY * SAMPLE_EVERY
    if short < 1:
        raise ValueError(f"a measurement needs at least {4 * SAMPLE_EVERY} steps; got {task.steps}")

    def measure() -> Cost:
        spent = {}
        for steps in (short, task.steps):
            wall, start = time.perf_counter(), clock()
            train(steps)
            spent[steps], wall = clock() - start, time.perf_counter() - wall
        slope = (spent[task.steps] - spent[short]) / (task.steps - short) / task.cohort
        if slope <= 0:
            raise ValueError(
                f"more steps must take longer; {task.steps} took no longer than {short}: give more"
            )
        return Cost(update=slope, wall=wall)

    for steps in (short, task.steps):
        train(steps)
    return measure


def main(argument: str) -> None:
    """Print {"missing": why} or {} for the task in `argument`, then its cost for each line read."""
    task = Task(**json.loads(argument))
    answers, sys.stdout = sys.stdout, sys.stderr
    if task.core is not None and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[task.core % len(cores)]})
    try:
        measure = prepare(task)
    except MissingError as why:
        print(json.dumps({"missing": str(why)}), file=answers, flush=True)
        return
    print("{}", file=answers, flush=True)
    for _ in sys.stdin:
        print(json.dumps(asdict(measure())), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
