"""The cohort engine: many runs trained at once in one compiled TensorFlow loop.

Arrays are stacked over the cohort: weights [runs, inputs, outputs], biases [runs, 1, 1] or
[runs, 1, outputs], activations [runs, rows, units]. Forward and backward passes are written out as
batched matrix products, batch rows are gathered inside the graph, and one call into TensorFlow
makes thousands of updates and samples the curves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlp.data import Dataset
from mlp.genome import HIDDEN_LAYERS
from mlp.plan import Array, Plan
from mlp.run import Protocol, sampled_steps
from mlp.trainers.training import Training, record

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
"""Adam's constants, as in all four original models.

TensorFlow's `AdamOptimizer` rounds them, the learning rate and the running powers of the betas to
float32 whatever the variables' type; so does the engine.
"""

CHUNK = 2_000
"""Most updates in one call into TensorFlow, unless a curve's samples lie further apart."""

EVALUATION_SEEDS = (100, 200)
"""What is added to a dropout seed for the masks of validation and of test."""


@dataclass(frozen=True)
class Shape:
    """What the plans of one cohort must have in common, and the number of runs: a graph's key."""

    dataset: Dataset
    batch: int
    layer_size: int
    bias: str
    logits: str
    dtype: str
    dropout: float
    dropout_mode: str
    reporting: str

    @classmethod
    def of(cls, plan: Plan) -> Shape:
        """The shape of one plan."""
        genome = plan.genome.expressed()
        return cls(
            plan.dataset,
            plan.batch,
            genome.layer_size,
            genome.bias,
            genome.logits,
            genome.dtype,
            genome.dropout,
            genome.dropout_mode,
            genome.reporting,
        )


def train_cohort(
    plans: Sequence[Plan], protocol: Protocol, *, losses: bool = False
) -> list[Training]:
    """Train `plans` together under `protocol`; the trainings, in the order of `plans`.

    Plans may differ in seed and in what a run is fed: init, coverage, order, split, the seeding
    genes and the rate's scale. A run's result does not depend on the others of its cohort. With
    `losses`, each training has its losses [steps] on each batch before the update.

    Raises:
        ValueError: the plans differ in dataset, shapes, number type, logits, dropout or reporting.
    """
    _check(plans)
    rates = [protocol.learning_rate * plan.genome.rate_scale for plan in plans]
    trainings: dict[int, Training] = {}
    for rate in dict.fromkeys(rates):
        members = [i for i, own in enumerate(rates) if own == rate]
        trained = _train([plans[i] for i in members], protocol, rate, losses)
        trainings.update(zip(members, trained, strict=True))
    return [trainings[i] for i in range(len(plans))]


def _check(plans: Sequence[Plan]) -> None:
    if not plans:
        return
    first = Shape.of(plans[0])
    for plan in plans[1:]:
        other = Shape.of(plan)
        differing = [n for n, v in vars(first).items() if v != getattr(other, n)]
        if differing:
            raise ValueError(
                f"plans of one cohort must have the same {', '.join(vars(first))}; "
                f"{plans[0].genome} and {plan.genome} differ in {', '.join(differing)}: "
                "train them in two cohorts"
            )


def _train(
    plans: Sequence[Plan], protocol: Protocol, rate: float, keep_losses: bool
) -> list[Training]:
    """Train plans of one shape and one learning rate."""
    engine = _engine(Shape.of(plans[0]), len(plans))
    engine.start(plans, rate)
    sampled = sampled_steps(plans[0].genome, protocol)
    pieces = _pieces(protocol.steps, sampled[1] - sampled[0])
    feeds = [plan.chunks(protocol.steps, pieces[0][0]) for plan in plans]
    counts = [engine.evaluate()]
    losses = []
    done = 0
    for length, every in pieces:
        rows = np.stack([next(feed) for feed in feeds], axis=1)
        loss, samples = engine.advance(rows, every)
        losses.append(loss)
        ends = range(done + every, done + length + 1, every)
        counts += [s for end, s in zip(ends, samples, strict=True) if end in sampled]
        done += length
    variables = engine.variables()
    return [
        _record(
            plan,
            protocol,
            np.concatenate(losses)[:, i],
            np.stack(counts)[..., i],
            [v[i] for v in variables],
            keep_losses,
        )
        for i, plan in enumerate(plans)
    ]


def _pieces(steps: int, every: int) -> list[tuple[int, int]]:
    """Calls that make `steps` updates: (updates of the call, updates between its samples)."""
    most = every * (CHUNK // every) or CHUNK
    lengths = [min(most, steps - start) for start in range(0, steps, most)]
    return [(length, min(every, length)) for length in lengths]


def _record(
    plan: Plan,
    protocol: Protocol,
    losses: NDArray[np.floating],
    counts: NDArray[np.int64],
    variables: Sequence[Array],
    keep_losses: bool,
) -> Training:
    """The training of one run from `losses` [steps] and `counts` [samples, 3].

    The columns of `counts`: correct of validation, of test, and whether the weights are finite.
    """
    sampled = sampled_steps(plan.genome, protocol)
    finite = np.isfinite(losses)
    seen = [bool(finite[:step].all()) for step in sampled]
    lost = [
        step
        for step, ok, sample in zip(sampled, seen, counts, strict=True)
        if not (ok and sample[2])
    ]
    scalar = plan.genome.bias == "scalar"
    weights, biases = variables[: HIDDEN_LAYERS + 1], variables[HIDDEN_LAYERS + 1 :]
    return record(
        plan,
        protocol,
        "cohort",
        validation=counts[:, 0].tolist(),
        test=counts[:, 1].tolist(),
        diverged_at=lost[0] if lost else None,
        updates=protocol.steps,
        first_loss=float(losses[0]),
        variables=[*weights, *(b.reshape(()) if scalar else b.reshape(-1) for b in biases)],
        losses=losses.copy() if keep_losses else None,
    )


@lru_cache(maxsize=8)
def _engine(shape: Shape, runs: int) -> _Engine:
    return _Engine(shape, runs)


class _Engine:
    """The compiled loop of one shape and number of runs, and its state between calls."""

    def __init__(self, shape: Shape, runs: int) -> None:
        import tensorflow as tf

        import mlp.backend  # noqa: F401  (settles which Keras TensorFlow loads)

        self.tf, self.shape, self.runs = tf, shape, runs
        self.dtype = tf.as_dtype(shape.dtype)
        data = shape.dataset
        self.features = tf.constant(data.x, self.dtype)
        self.labels = tf.constant(data.y, tf.int32)
        sizes = [data.features, *[shape.layer_size] * HIDDEN_LAYERS, data.classes]
        forms = [(runs, i, o) for i, o in pairwise(sizes)]
        forms += [(runs, 1, 1 if shape.bias == "scalar" else o) for o in sizes[1:]]
        self.state = [[self._variable(form) for form in forms] for _ in range(3)]
        self.powers = [
            tf.Variable(beta, dtype=tf.float32, trainable=False) for beta in (BETA1, BETA2)
        ]
        self.rate = tf.Variable(0.0, dtype=tf.float32, trainable=False)
        self.step = tf.Variable(0, dtype=tf.int32, trainable=False)
        self.seeds = tf.Variable(tf.zeros([runs], tf.int32), trainable=False)
        self.held_out = tf.Variable(tf.zeros([runs, 2 * data.held_out], tf.int32), trainable=False)
        self._advance = tf.function(
            self._advance_graph,
            input_signature=[
                tf.TensorSpec([None, runs, shape.batch], tf.int32),
                tf.TensorSpec([], tf.int32),
            ],
            autograph=False,
        )
        self._evaluate = tf.function(self._evaluate_graph, input_signature=[], autograph=False)

    def _variable(self, form: tuple[int, ...]) -> Any:
        return self.tf.Variable(self.tf.zeros(form, self.dtype), trainable=False)

    def start(self, plans: Sequence[Plan], rate: float) -> None:
        """Take the initial weights, learning rate, held-out rows and seeds of `plans`."""
        stacked = [np.stack(w) for w in zip(*(p.weights for p in plans), strict=True)]
        stacked += [
            np.stack(b).reshape(len(plans), 1, -1)
            for b in zip(*(p.biases for p in plans), strict=True)
        ]
        for variable, value in zip(self.state[0], stacked, strict=True):
            variable.assign(value.astype(self.shape.dtype))
        for variable in self.state[1] + self.state[2]:
            variable.assign(np.zeros(variable.shape, self.shape.dtype))
        self.powers[0].assign(BETA1)
        self.powers[1].assign(BETA2)
        self.rate.assign(rate)
        self.step.assign(0)
        self.seeds.assign([p.dropout_seed for p in plans])
        self.held_out.assign([np.concatenate([p.split.validation, p.split.test]) for p in plans])

    def advance(
        self, rows: NDArray[np.int32], every: int
    ) -> tuple[NDArray[np.floating], NDArray[np.int64]]:
        """Make an update for each of `rows` [updates, runs, batch], sampling after each `every`.

        Returns losses [updates, runs] and samples [updates / every, 3, runs].
        """
        losses, samples = self._advance(rows, every)
        return losses.numpy(), samples.numpy()

    def evaluate(self) -> NDArray[np.int64]:
        """A sample [3, runs]: correct of validation, of test, and whether weights are finite."""
        return self._evaluate().numpy()

    def variables(self) -> list[Array]:
        """The weights, then the biases, each stacked over the runs."""
        return [variable.numpy() for variable in self.state[0]]

    def _advance_graph(self, rows: Any, every: Any) -> Any:
        tf = self.tf
        count = tf.shape(rows)[0]
        valid = tf.cast(rows >= 0, self.dtype)
        shares = valid / tf.reduce_sum(valid, axis=2, keepdims=True)
        rows = tf.maximum(rows, 0)

        def update(i: Any, losses: Any) -> Any:
            loss = self._update(rows[i], shares[i])
            with tf.control_dependencies([loss]):
                return i + 1, losses.write(i, loss)

        def interval(i: Any, losses: Any, samples: Any) -> Any:
            end = i + every
            i, losses = tf.while_loop(
                lambda i, _: i < end, update, (i, losses), parallel_iterations=1
            )
            with tf.control_dependencies([i]):
                samples = samples.write(i // every - 1, self._evaluate_graph())
            return i, losses, samples

        losses = tf.TensorArray(self.dtype, size=count, element_shape=[self.runs])
        samples = tf.TensorArray(tf.int64, size=count // every, element_shape=[3, self.runs])
        _, losses, samples = tf.while_loop(
            lambda i, *_: i < count,
            interval,
            (tf.constant(0), losses, samples),
            parallel_iterations=1,
        )
        return losses.stack(), samples.stack()

    def _evaluate_graph(self) -> Any:
        tf, rows = self.tf, self.held_out
        modes = EVALUATION_SEEDS if self.shape.dropout_mode == "always" else ()
        values = [tf.convert_to_tensor(v) for v in self.state[0]]
        *_, logits = self._forward(values, tf.gather(self.features, rows), modes)
        answers = tf.argmax(logits, axis=2, output_type=tf.int32)
        correct = tf.cast(tf.equal(answers, tf.gather(self.labels, rows)), tf.int64)
        finite = [tf.reduce_all(tf.math.is_finite(v), axis=[1, 2]) for v in values]
        halves = tf.reduce_sum(tf.reshape(correct, [self.runs, 2, -1]), axis=2)
        whole = tf.cast(tf.reduce_all(tf.stack(finite), axis=0), tf.int64)
        return tf.concat([tf.transpose(halves), whole[None]], axis=0)

    def _masks(self, layer: int, rows: int, offsets: Sequence[int]) -> Any:
        """Factors [runs, rows, units] of a hidden layer's units, for parts of equally many rows."""
        tf, units = self.tf, self.shape.layer_size
        uniform = [
            tf.concat(
                [
                    tf.random.stateless_uniform(
                        [rows // len(offsets), units],
                        seed=tf.stack([self.seeds[run] + offset + layer, self.step]),
                    )
                    for offset in offsets
                ],
                axis=0,
            )
            for run in range(self.runs)
        ]
        keep = tf.stack(uniform) >= tf.constant(self.shape.dropout, tf.float32)
        return tf.cast(keep, self.dtype) / (1 - self.shape.dropout)

    def _forward(self, values: Sequence[Any], x: Any, offsets: Sequence[int]) -> list[Any]:
        """Inputs of each layer, then the logits; dropout acts where there are seed `offsets`."""
        tf = self.tf
        layers = [x]
        for layer in range(HIDDEN_LAYERS + 1):
            z = tf.matmul(layers[-1], values[layer]) + values[HIDDEN_LAYERS + 1 + layer]
            if layer < HIDDEN_LAYERS:
                z = tf.nn.relu(z)
                if offsets and self.shape.dropout > 0:
                    z = z * self._masks(layer, x.shape[1], offsets)
            layers.append(z)
        return layers

    def _loss(self, logits: Any, labels: Any, shares: Any) -> tuple[Any, Any]:
        """Losses [runs] and their gradient with respect to `logits` [runs, batch, classes]."""
        tf = self.tf
        double = self.shape.logits == "softmax"
        given = tf.nn.softmax(logits) if double else logits
        classes = self.shape.dataset.classes
        loss, gradient = tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(
            features=tf.reshape(given, [-1, classes]), labels=tf.reshape(labels, [-1])
        )
        loss = tf.reduce_sum(tf.reshape(loss, shares.shape) * shares, axis=1)
        gradient = tf.reshape(gradient, logits.shape) * shares[:, :, None]
        if double:
            gradient = given * (gradient - tf.reduce_sum(gradient * given, axis=2, keepdims=True))
        return loss, gradient

    def _update(self, rows: Any, shares: Any) -> Any:
        """One update on dataset rows [runs, batch]; the losses [runs] before it."""
        tf, shape = self.tf, self.shape
        x, labels = tf.gather(self.features, rows), tf.gather(self.labels, rows)
        values = [tf.convert_to_tensor(v) for v in self.state[0]]
        offsets = () if shape.dropout_mode == "never" else (0,)
        *layers, logits = self._forward(values, x, offsets)
        loss, dz = self._loss(logits, labels, shares)
        gradients: list[Any] = [None] * len(values)
        axes = [1, 2] if shape.bias == "scalar" else [1]
        for layer in reversed(range(HIDDEN_LAYERS + 1)):
            h = layers[layer]
            gradients[layer] = tf.matmul(h, dz, transpose_a=True)
            gradients[HIDDEN_LAYERS + 1 + layer] = tf.reduce_sum(dz, axis=axes, keepdims=True)
            if layer:
                dh = tf.matmul(dz, values[layer], transpose_b=True)
                if offsets and shape.dropout > 0:
                    dh = dh * self._masks(layer - 1, shape.batch, offsets)
                dz = tf.raw_ops.ReluGrad(gradients=dh, features=h)
        self._apply(gradients)
        return loss

    def _apply(self, gradients: Sequence[Any]) -> None:
        tf = self.tf
        powers = [p.read_value() for p in self.powers]
        numbers = [*powers, self.rate, *(tf.constant(c) for c in (BETA1, BETA2, EPSILON))]
        names = ["beta1_power", "beta2_power", "lr", "beta1", "beta2", "epsilon"]
        given = {k: tf.cast(v, self.dtype) for k, v in zip(names, numbers, strict=True)}
        for value, mean, square, gradient in zip(*self.state, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=value.handle, m=mean.handle, v=square.handle, grad=gradient, **given
            )
        for variable, power, beta in zip(self.powers, powers, (BETA1, BETA2), strict=True):
            variable.assign(power * beta)
        self.step.assign_add(1)
