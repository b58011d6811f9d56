"""The study's low-level trainer: one `train_op.run(feed_dict)` a step in a TensorFlow session."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlp.species.post import network
from mlp.species.post.backend import tf
from mlp.species.post.data import Dataset
from mlp.species.post.genome import Mlp
from mlp.species.post.plan import Plan, make_plan
from mlp.species.post.protocol import Protocol, sampled_steps
from mlp.species.post.trainers.kept import Kept
from mlp.species.post.trainers.training import Training, all_finite, record


def session_config() -> Any:
    """One thread that runs operations one after another: deterministic, one core a worker.

    A thread of TensorFlow's own, as by default: it takes subnormal numbers for 0, which the
    caller's would not, and would be slower for them.
    """
    return tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)


class _Program:
    """The graph and session of one genome: built once, begun anew for each plan."""

    def __init__(self, plan: Plan, rate: float) -> None:
        genome, data = plan.genome, plan.dataset
        self.x, self.y = data.x.astype(genome.dtype), data.y
        self.session = tf.Session(graph=tf.Graph(), config=session_config())
        with self.session.graph.as_default():
            self.features = tf.placeholder(genome.dtype, [None, data.features])
            self.labels = tf.placeholder(tf.int64, [None])
            self.purpose = tf.placeholder_with_default(np.int32(network.TRAINING), [])
            step = tf.train.create_global_step()
            seed = tf.get_variable("dropout_seed", (), tf.int32, trainable=False)
            self.model = network.build(
                plan,
                self.features,
                self.labels,
                purpose=self.purpose,
                updates=step,
                dropout_seed=seed,
            )
            optimizer = network.optimizer(genome, rate)
            self.train_op = optimizer.minimize(self.model.loss, global_step=step)
            self.trained = network.variables()
            self._initial = [v.initial_value for v in (*self.trained, seed)]
            self._initialize = tf.global_variables_initializer()

    def begin(self, plan: Plan) -> None:
        """Set every variable to what the plan starts from."""
        values = (*plan.weights, *plan.biases, plan.dropout_seed)
        self.session.run(self._initialize, dict(zip(self._initial, values, strict=True)))

    def feed(self, rows: Any) -> dict[Any, Any]:
        """A training batch."""
        return {self.features: self.x[rows], self.labels: self.y[rows]}

    def correct(self, rows: Any, purpose: int) -> int:
        """How many of the rows are answered correctly."""
        return int(self.model.correct.eval({**self.feed(rows), self.purpose: purpose}))


def _program(genome: Mlp, dataset: Dataset, rate: float) -> _Program:
    return _Program(make_plan(genome, dataset, 0), rate)


_program_of = Kept(_program, most=4)
"""The program of a genome on a dataset at a protocol's learning rate."""


def train_direct(plan: Plan, protocol: Protocol, *, losses: bool = False) -> Training:
    """Execute `plan` by the session loop. With `losses`, keep the loss before each update."""
    program = _program_of(plan.genome, plan.dataset, protocol.learning_rate)
    model, train_op = program.model, program.train_op
    with program.session.as_default():
        program.begin(plan)
        batches = plan.batches()
        batch = program.feed(next(batches))
        first_loss = model.loss.eval(batch)
        kept: list[Any] = []
        curves: tuple[list[int], list[int]] = ([], [])
        diverged_at, updates = None, 0
        for sample in sampled_steps(plan.genome, protocol):
            while updates < sample:
                if losses:
                    kept.append(model.loss.eval(batch))
                train_op.run(batch)
                updates += 1
                batch = program.feed(next(batches))
            values = program.session.run(program.trained)
            if not all_finite(values):
                diverged_at = sample
                break
            curves[0].append(program.correct(plan.split.validation, network.VALIDATION))
            curves[1].append(program.correct(plan.split.test, network.TEST))
    return record(
        plan,
        protocol,
        "direct",
        validation=curves[0],
        test=curves[1],
        diverged_at=diverged_at,
        updates=updates,
        first_loss=first_loss,
        variables=values,
        losses=np.array(kept) if losses else None,
    )
