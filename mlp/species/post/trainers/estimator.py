"""The study's high-level trainer: `Estimator.fit`, with its own feeder where the plan is its own.

Estimator's feeder draws its rows itself; a hook checks at every step that they are the rows the
plan predicts. A plan the feeder cannot draw (another order or seed) is fed through `input_fn`.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from mlp.estimator import Estimator, ModeKeys, ModelFnOps, RunConfig
from mlp.species.post import network
from mlp.species.post.backend import tf
from mlp.species.post.plan import Plan
from mlp.species.post.protocol import Protocol, sampled_steps
from mlp.species.post.trainers.direct import session_config
from mlp.species.post.trainers.kept import make_room
from mlp.species.post.trainers.training import Training, all_finite, record


class PlanError(RuntimeError):
    """A trainer was fed other rows than its plan's: a defect of the suite, never of a genome."""


def train_estimator(plan: Plan, protocol: Protocol, *, losses: bool = False) -> Training:
    """Execute `plan` by `Estimator.fit`. With `losses`, keep the loss before each update.

    Raises:
        PlanError: Estimator's feeder drew other rows than the plan's.
    """
    make_room()
    watch = _Watch(plan, protocol)
    x, y = plan.dataset.x, plan.dataset.y
    with tempfile.TemporaryDirectory(prefix="mlp-estimator-") as model_dir, _quiet():
        config = RunConfig(
            session_config=session_config(), save_summary_steps=None, log_step_count_steps=None
        )
        estimator = Estimator(watch.model_fn, model_dir=model_dir, config=config)
        try:
            if plan.genome.order == "reshuffled" and plan.genome.shuffle_seed == "42":
                estimator.fit(
                    x=x[plan.covered],
                    y=y[plan.covered],
                    batch_size=plan.genome.batch_size,
                    steps=protocol.steps,
                    monitors=[watch],
                )
            else:
                feeding = _Feeding(plan)
                estimator.fit(
                    input_fn=feeding.input_fn, steps=protocol.steps, monitors=[feeding.hook, watch]
                )
        except tf.train.NanLossDuringTrainingError:
            watch.diverge()
    return record(
        plan,
        protocol,
        "estimator",
        validation=watch.validation,
        test=watch.test,
        diverged_at=watch.diverged_at,
        updates=watch.updates,
        first_loss=watch.losses[0],
        variables=watch.variables,
        losses=np.array(watch.losses) if losses else None,
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep TensorFlow's Python log to errors: what it would warn of here is meant."""
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


class _Feeding:
    """Feeds a plan's rows into placeholders, as an `input_fn` and a feeding hook."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._batches = plan.batches()
        self.hook = tf.train.FeedFnHook(self._feed)

    def input_fn(self) -> tuple[Any, Any]:
        data = self._plan.dataset
        self._features = tf.placeholder(tf.float64, [None, data.features])
        self._labels = tf.placeholder(tf.int64, [None])
        return self._features, self._labels

    def _feed(self) -> dict[Any, Any]:
        rows, data = next(self._batches), self._plan.dataset
        return {self._features: data.x[rows], self._labels: data.y[rows]}


class _Watch(tf.train.SessionRunHook):
    """Builds the plan's model for Estimator, then watches what it is fed and how well it does."""

    def __init__(self, plan: Plan, protocol: Protocol) -> None:
        self._plan, self._protocol = plan, protocol
        self._samples = sampled_steps(plan.genome, protocol)
        self._expected = plan.batches()
        self.validation: list[int] = []
        self.test: list[int] = []
        self.losses: list[float] = []
        self.variables: list[Any] = []
        self.diverged_at: int | None = None

    @property
    def updates(self) -> int:
        """Updates made so far."""
        return len(self.losses)

    def model_fn(self, features: Any, labels: Any, mode: str) -> ModelFnOps:
        training = mode == ModeKeys.TRAIN
        default = network.TRAINING if training else network.VALIDATION
        purpose = tf.placeholder_with_default(np.int32(default), [])
        step = tf.train.get_global_step()
        model = network.build(self._plan, features, labels, purpose=purpose, updates=step)
        train_op = None
        if training:
            optimizer = network.optimizer(self._plan.genome, self._protocol.learning_rate)
            train_op = optimizer.minimize(model.loss, global_step=step)
            self._features, self._labels, self._purpose = features, labels, purpose
            self._model, self._trained = model, network.variables()
        return ModelFnOps(
            mode=mode, predictions=model.predictions, loss=model.loss, train_op=train_op
        )

    def after_create_session(self, session: Any, coord: Any) -> None:  # noqa: ARG002
        self._sample(session)

    def before_run(self, run_context: Any) -> Any:  # noqa: ARG002
        return tf.train.SessionRunArgs([self._model.loss, self._features, self._labels])

    def after_run(self, run_context: Any, run_values: Any) -> None:
        loss, features, labels = run_values.results
        rows, data = next(self._expected), self._plan.dataset
        if not (np.array_equal(features, data.x[rows]) and np.array_equal(labels, data.y[rows])):
            raise PlanError(
                f"step {self.updates + 1} of {self._plan.genome} on {data.name}, seed "
                f"{self._plan.seed}, was fed other rows than its plan's"
            )
        self.losses.append(float(loss))
        if self.updates in self._samples:
            self._sample(run_context.session)
            if self.diverged_at is not None:
                run_context.request_stop()

    def end(self, session: Any) -> None:
        self.variables = session.run(self._trained)

    def diverge(self) -> None:
        """Record a divergence at the next sample."""
        self.diverged_at = min(s for s in self._samples if s >= self.updates)

    def _sample(self, session: Any) -> None:
        if not all_finite(session.run(self._trained)):
            self.diverge()
            return
        held_out = (
            (self.validation, self._plan.split.validation, network.VALIDATION),
            (self.test, self._plan.split.test, network.TEST),
        )
        data = self._plan.dataset
        for curve, rows, purpose in held_out:
            fed = {self._features: data.x[rows], self._labels: data.y[rows], self._purpose: purpose}
            curve.append(int(session.run(self._model.correct, fed)))
