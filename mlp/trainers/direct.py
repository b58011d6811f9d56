"""The study's low-level trainer: one `train_op.run(feed_dict)` a step in a TensorFlow session."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlp import network
from mlp.backend import tf
from mlp.plan import Plan
from mlp.run import Protocol, sampled_steps
from mlp.trainers.training import Training, record


def session_config() -> Any:
    """One thread within and between operations: deterministic, and one core a worker."""
    return tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)


def all_finite(variables: list[Any]) -> Any:
    """Boolean scalar tensor: whether every value of `variables` is finite."""
    return tf.reduce_all([tf.reduce_all(tf.is_finite(v)) for v in variables])


def train_direct(plan: Plan, protocol: Protocol, *, losses: bool = False) -> Training:
    """Execute `plan` by the session loop. With `losses`, keep the loss before each update."""
    genome, data = plan.genome, plan.dataset
    x, y = data.x.astype(genome.dtype), data.y
    with tf.Graph().as_default():
        features = tf.placeholder(genome.dtype, [None, data.features])
        labels = tf.placeholder(tf.int64, [None])
        purpose = tf.placeholder_with_default(np.int32(network.TRAINING), [])
        step = tf.train.create_global_step()
        model = network.build(plan, features, labels, purpose=purpose, updates=step)
        optimizer = network.optimizer(genome, protocol.learning_rate)
        train_op = optimizer.minimize(model.loss, global_step=step)
        trained = network.variables()
        finite = all_finite(trained)

        def feed(rows: Any, what: int = network.TRAINING) -> dict[Any, Any]:
            return {features: x[rows], labels: y[rows], purpose: what}

        with tf.Session(config=session_config()) as session:
            session.run(tf.global_variables_initializer())
            batches = plan.batches()
            batch = feed(next(batches))
            first_loss = model.loss.eval(batch)
            kept: list[Any] = []
            curves: tuple[list[int], list[int]] = ([], [])
            diverged_at, updates = None, 0
            for sample in sampled_steps(genome, protocol):
                while updates < sample:
                    if losses:
                        kept.append(model.loss.eval(batch))
                    train_op.run(batch)
                    updates += 1
                    batch = feed(next(batches))
                if not finite.eval():
                    diverged_at = sample
                    break
                curves[0].append(
                    model.correct.eval(feed(plan.split.validation, network.VALIDATION))
                )
                curves[1].append(model.correct.eval(feed(plan.split.test, network.TEST)))
            values = session.run(trained)
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
