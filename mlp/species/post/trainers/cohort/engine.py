"""The compiled loop of a cohort: forward and backward pass, Adam and the samples of the curves.

Arrays are stacked over the cohort: weights [runs, 1, inputs, outputs], biases [runs, 1, 1, 1] or
[runs, 1, 1, outputs], activations [runs, 1, rows, units]. The second dimension is there because
TensorFlow on a CPU joins a product, a factor and a sum to one operation in four dimensions only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlp.species.post.data import Dataset
from mlp.species.post.genome import HIDDEN_LAYERS, Mlp
from mlp.species.post.plan import Array, Plan, covered_rows
from mlp.species.post.trainers.kept import Kept

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
"""Adam's constants, as in all four original models.

TensorFlow's `AdamOptimizer` rounds them, the learning rate and the running powers of the betas to
float32 whatever the variables' type; so does the engine.
"""

TRAINING_SEED, EVALUATION_SEEDS = 0, (100, 200)
"""What is added to a dropout seed for the masks of training, and of validation and of test."""

LANES = 16
"""Numbers a vector instruction may take at once.

TensorFlow's exponentials and sums round otherwise in the rest of an array, which fills no vector.
"""


def expressed_in_engine(genome: Mlp) -> Mlp:
    """`genome` with the genes that cannot act in the engine set to one allele.

    The trainer never acts. The dense operation acts where there is a bias for each unit: it decides
    the order in which the bias's gradient is summed.
    """
    dense = genome.dense if genome.bias == "unit" else "matmul"
    return genome.expressed().with_alleles(dense=dense, trainer="direct")


@dataclass(frozen=True)
class Shape:
    """What the runs of one stack must have in common: with their number, a graph's key.

    `batch` are the rows of a full batch; `epoch` those of an epoch that ends in a short batch, or 0
    where all batches are full.
    """

    dataset: Dataset
    batch: int
    epoch: int
    layer_size: int
    bias: str
    dense: str
    logits: str
    dtype: str
    dropout: float
    dropout_mode: str
    reporting: str

    @classmethod
    def of(cls, genome: Mlp, dataset: Dataset) -> Shape:
        """The shape of the runs of one genome on a dataset."""
        genome = expressed_in_engine(genome)
        covered = covered_rows(genome, dataset)
        batch = min(genome.batch_size, covered)
        return cls(
            dataset,
            batch,
            covered if covered % batch else 0,
            genome.layer_size,
            genome.bias,
            genome.dense,
            genome.logits,
            genome.dtype,
            genome.dropout,
            genome.dropout_mode,
            genome.reporting,
        )


class Engine:
    """The compiled loop of one shape and number of runs, and its state between calls.

    With `losses` it also computes the loss before each update.
    """

    def __init__(self, shape: Shape, runs: int, losses: bool) -> None:
        from mlp.species.post.backend import tensorflow as tf

        self.tf, self.shape, self.runs, self.keep_losses = tf, shape, runs, losses
        self.dtype = tf.as_dtype(shape.dtype)
        data = shape.dataset
        self.features = tf.constant(data.x, self.dtype)
        self.labels = tf.constant(data.y, tf.int32)
        sizes = [data.features, *[shape.layer_size] * HIDDEN_LAYERS, data.classes]
        forms = [(runs, 1, i, o) for i, o in pairwise(sizes)]
        forms += [(runs, 1, 1, 1 if shape.bias == "scalar" else o) for o in sizes[1:]]
        self.state = [[self._variable(form) for form in forms] for _ in range(3)]
        self.powers = [
            tf.Variable(beta, dtype=tf.float32, trainable=False) for beta in (BETA1, BETA2)
        ]
        self.rate = tf.Variable(0.0, dtype=tf.float32, trainable=False)
        self.step = tf.Variable(0, dtype=tf.int32, trainable=False)
        self.one = tf.Variable(1.0, trainable=False) if self.dtype == tf.float32 else None
        self.seeds = tf.Variable(tf.zeros([runs], tf.int32), trainable=False)
        self.held_out = tf.Variable(tf.zeros([runs, 2 * data.held_out], tf.int32), trainable=False)
        batch = [runs, shape.batch]
        self._advance = self._compiled(
            self._advance_graph,
            tf.TensorSpec([None, *batch], tf.int32),
            tf.TensorSpec([], tf.int32),
        )
        self._loss = self._compiled(self._loss_graph, tf.TensorSpec(batch, tf.int32))
        self._evaluate = self._compiled(self._evaluate_graph)

    def _compiled(self, graph: Any, *signature: Any) -> Any:
        function = self.tf.function(graph, input_signature=signature, autograph=False)
        return function.get_concrete_function()

    def _variable(self, form: tuple[int, ...]) -> Any:
        return self.tf.Variable(self.tf.zeros(form, self.dtype), trainable=False)

    def start(self, plans: Sequence[Plan], rate: float) -> None:
        """Take the initial weights, learning rate, held-out rows and seeds of `plans`."""
        initial = zip(*([*p.weights, *p.biases] for p in plans), strict=True)
        for variable, values in zip(self.state[0], initial, strict=True):
            variable.assign(np.stack(values).reshape(variable.shape).astype(self.shape.dtype))
        for variable in self.state[1] + self.state[2]:
            variable.assign(np.zeros(variable.shape, self.shape.dtype))
        self.powers[0].assign(BETA1)
        self.powers[1].assign(BETA2)
        self.rate.assign(rate)
        self.step.assign(0)
        self.seeds.assign([p.dropout_seed for p in plans])
        self.held_out.assign([np.concatenate([p.split.validation, p.split.test]) for p in plans])

    def advance(self, rows: NDArray[np.int32], every: int) -> tuple[Array, NDArray[np.int64]]:
        """Make an update for each of `rows` [updates, runs, batch], sampling after each `every`.

        Returns losses [updates, runs], empty unless they are kept, and samples
        [updates / every, 3, runs].
        """
        losses, samples = self._advance(self.tf.constant(rows), self.tf.constant(every))
        return losses.numpy(), samples.numpy()

    def loss(self, rows: NDArray[np.int32]) -> Array:
        """Losses [runs] on the batches `rows` [runs, batch], as the next update would see them."""
        return self._loss(self.tf.constant(rows)).numpy()

    def evaluate(self) -> NDArray[np.int64]:
        """A sample [3, runs]: correct of validation, of test, and whether weights are finite."""
        return self._evaluate().numpy()

    def variables(self) -> list[Array]:
        """The weights [runs, inputs, outputs], then the biases [runs, 1, 1 or outputs]."""
        return [variable.numpy()[:, 0] for variable in self.state[0]]

    def _loss_graph(self, rows: Any) -> Any:
        _, _, logits, _ = self._training_pass(rows[:, None])
        return self._loss_of(logits, rows)[0]

    def _advance_graph(self, rows: Any, every: Any) -> Any:
        tf, batch = self.tf, self.shape.batch
        short, length = self.shape.epoch % batch, -(-self.shape.epoch // batch)
        count, before = tf.shape(rows)[0], self.step.read_value()
        full, rest = rows[:, :, None], rows[:, :, None, :short]

        def until(end: Any, fed: Any, i: Any, losses: Any) -> Any:
            """Updates on the batches `fed`, from the i-th up to `end`."""

            def update(i: Any, losses: Any) -> Any:
                done, loss = self._update(fed[i])
                with tf.control_dependencies(done):
                    return i + 1, losses.write(i, loss) if self.keep_losses else losses

            return tf.while_loop(lambda i, _: i < end, update, (i, losses), parallel_iterations=1)

        def epoch(end: Any, i: Any, losses: Any) -> Any:
            """What is left of an epoch up to `end`: its full batches, then its short one."""
            last = i + (length - 1) - (before + i) % length
            i, losses = until(tf.minimum(last, end), full, i, losses)
            return until(tf.minimum(last + 1, end), rest, i, losses)

        def interval(i: Any, losses: Any, samples: Any) -> Any:
            end = i + every
            if short:
                i, losses = tf.while_loop(
                    lambda i, _: i < end, partial(epoch, end), (i, losses), parallel_iterations=1
                )
            else:
                i, losses = until(end, full, i, losses)
            with tf.control_dependencies([i]):
                samples = samples.write(i // every - 1, self._evaluate_graph())
            return i, losses, samples

        kept = count if self.keep_losses else 0
        losses = tf.TensorArray(self.dtype, size=kept, element_shape=[self.runs])
        samples = tf.TensorArray(tf.int64, size=count // every, element_shape=[3, self.runs])
        _, losses, samples = tf.while_loop(
            lambda i, *_: i < count,
            interval,
            (tf.constant(0), losses, samples),
            parallel_iterations=1,
        )
        return losses.stack(), samples.stack()

    def _evaluate_graph(self) -> Any:
        tf, rows = self.tf, self.held_out[:, None]
        modes = EVALUATION_SEEDS if self.shape.dropout_mode == "always" else ()
        values = [tf.convert_to_tensor(v) for v in self.state[0]]
        _, logits, _ = self._forward(values, tf.gather(self.features, rows), modes)
        answers = tf.argmax(logits, axis=3, output_type=tf.int32)
        correct = tf.cast(tf.equal(answers, tf.gather(self.labels, rows)), tf.int64)
        finite = [tf.reduce_all(tf.math.is_finite(v), axis=[1, 2, 3]) for v in values]
        halves = tf.reduce_sum(tf.reshape(correct, [self.runs, 2, -1]), axis=2)
        whole = tf.cast(tf.reduce_all(tf.stack(finite), axis=0), tf.int64)
        return tf.concat([tf.transpose(halves), whole[None]], axis=0)

    def _masks(self, rows: int, offsets: Sequence[int]) -> Any:
        """Factors [layers, runs, 1, rows, units] of hidden units, for parts of equally many rows.

        The draws are those of `mlp.network`, one for each run and part.
        """
        tf, units = self.tf, self.shape.layer_size
        part = [HIDDEN_LAYERS, rows // len(offsets), units]
        drawn = [
            tf.raw_ops.StatelessRandomUniform(
                shape=part, seed=tf.stack([self.seeds[run] + offset, self.step])
            )
            for run in range(self.runs)
            for offset in offsets
        ]
        uniform = tf.reshape(tf.stack(drawn), [self.runs, len(offsets), *part])
        keep = uniform >= tf.constant(self.shape.dropout, tf.float32)
        factors = tf.cast(keep, self.dtype) / (1 - self.shape.dropout)
        return tf.reshape(
            tf.transpose(factors, [2, 0, 1, 3, 4]), [HIDDEN_LAYERS, self.runs, 1, rows, units]
        )

    def _forward(
        self, values: Sequence[Any], x: Any, offsets: Sequence[int]
    ) -> tuple[list[Any], Any, Any]:
        """Each layer's inputs, the logits and the dropout masks (None is 1), for seed offsets."""
        tf = self.tf
        inputs = [x]
        masks = self._masks(x.shape[2], offsets) if offsets and self.shape.dropout > 0 else None
        for layer in range(HIDDEN_LAYERS):
            h = tf.nn.relu(self._affine(inputs[-1], values, layer))
            inputs.append(h if masks is None else h * masks[layer])
        return inputs, self._affine(inputs[-1], values, HIDDEN_LAYERS), masks

    def _affine(self, x: Any, values: Sequence[Any], layer: int) -> Any:
        """Product of a layer's inputs and weights, plus its biases: [runs, 1, rows, units].

        With the factor of one between them, TensorFlow on a CPU makes one operation of product and
        sum, for float32, which rounds as the two do if there is a bias for each unit: on some
        processors it does not for a single one. A constant one would be taken out first.
        """
        product, bias = self.tf.matmul(x, values[layer]), values[HIDDEN_LAYERS + 1 + layer]
        if self.one is None:
            return product + bias
        units = [self.runs, 1, 1, product.shape[3]]
        return product * self.one + self.tf.broadcast_to(bias, units)

    def _training_pass(self, rows: Any) -> tuple[list[Any], list[Any], Any, Any]:
        """Parameters, each layer's inputs, logits and masks, on dataset rows [runs, 1, batch]."""
        values = [self.tf.convert_to_tensor(v) for v in self.state[0]]
        offsets = () if self.shape.dropout_mode == "never" else (TRAINING_SEED,)
        return values, *self._forward(values, self.tf.gather(self.features, rows), offsets)

    def _loss_of(self, logits: Any, rows: Any) -> tuple[Any, Any]:
        """Losses [runs], each batch's mean, and their gradient by logits [runs, 1, rows, classes].

        The same operations as those of `tf.losses.sparse_softmax_cross_entropy` and its gradient,
        which averages in float32 for any dtype, so that a run rounds as it does there: differences
        in the last bit grow fast in training.
        """
        tf = self.tf
        double = self.shape.logits == "softmax"
        (given,) = self._by_run(lambda x: [tf.nn.softmax(x)], logits) if double else (logits,)
        losses, gradient = self._by_run(
            lambda x, y: tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(features=x, labels=y),
            given,
            tf.gather(self.labels, rows),
        )
        size = tf.constant(float(logits.shape[2]), tf.float32)
        total = tf.reduce_sum(tf.cast(losses, tf.float32), axis=[1, 2])
        loss = tf.cast(tf.math.divide_no_nan(total, size), self.dtype)
        gradient *= tf.cast(1.0 / size, self.dtype)
        if double:
            gradient = (gradient - tf.reduce_sum(gradient * given, axis=3, keepdims=True)) * given
        return loss, gradient

    def _by_run(self, operation: Callable[..., Sequence[Any]], x: Any, *others: Any) -> list[Any]:
        """The results [runs, 1, rows, ...] of an operation on arrays [runs, 1, rows, ...].

        It is done once for all runs where each run's part of `x` fills whole vectors; else, to
        round as it would for that run alone, once for each.
        """
        tf, (runs, _, rows, columns) = self.tf, x.shape
        parts = 1 if rows * columns % LANES == 0 else runs
        split = [tf.unstack(tf.reshape(a, [parts, -1, *a.shape[3:]])) for a in (x, *others)]
        done = [operation(*part) for part in zip(*split, strict=True)]
        return [
            tf.reshape(tf.stack(results), [runs, 1, rows, *results[0].shape[1:]])
            for results in zip(*done, strict=True)
        ]

    def _update(self, rows: Any) -> tuple[list[Any], Any]:
        """One update on dataset rows [runs, 1, batch]: its operations, and the losses before it.

        A layer is done with, Adam included, before the one below it begins: what it works on is
        then still in the processor's cache, and no variable is copied for a reader to come.
        """
        tf = self.tf
        values, inputs, logits, masks = self._training_pass(rows)
        loss, dz = self._loss_of(logits, rows)
        adam = self._adam()
        done: list[Any] = []
        for layer in reversed(range(HIDDEN_LAYERS + 1)):
            bias = HIDDEN_LAYERS + 1 + layer
            with tf.control_dependencies(done[-1:]):
                bias_gradient = self._bias_gradient(dz)
            with tf.control_dependencies([bias_gradient]):
                gradient = tf.matmul(inputs[layer], dz, transpose_a=True)
            if layer:
                with tf.control_dependencies([gradient]):
                    dh = tf.matmul(dz, values[layer], transpose_b=True)
                if masks is not None:
                    dh = dh * masks[layer - 1]
                dz = tf.raw_ops.ReluGrad(gradients=dh, features=inputs[layer])
            with tf.control_dependencies([dz]):
                done.append(adam(layer, gradient))
            with tf.control_dependencies(done[-1:]):
                done.append(adam(bias, bias_gradient))
        return [*done, *self._count()], loss

    def _bias_gradient(self, dz: Any) -> Any:
        """Sums [runs, 1, 1, 1 or units] of dz [runs, 1, batch, units].

        A product with ones adds the rows one after another, as `BiasAddGrad` does, the gradient of
        `tf.layers.dense`. The gradient of `+` is a sum, which adds them in another order.
        """
        tf, (runs, _, rows, units) = self.tf, dz.shape
        if self.shape.bias == "scalar":
            return tf.reduce_sum(dz, axis=[1, 2, 3], keepdims=True)
        if self.shape.dense == "layers":
            return tf.matmul(tf.ones([runs, 1, 1, rows], dz.dtype), dz)
        if units % LANES == 0:
            return tf.reduce_sum(dz, axis=2, keepdims=True)
        sums = [tf.reduce_sum(own, axis=0) for own in tf.unstack(tf.reshape(dz, [runs, rows, -1]))]
        return tf.reshape(tf.stack(sums), [runs, 1, 1, units])

    def _adam(self) -> Callable[[int, Any], Any]:
        """Adam's operation, fused over all runs, for a parameter's number and its gradient."""
        tf = self.tf
        numbers = [*self.powers, self.rate, *(tf.constant(c) for c in (BETA1, BETA2, EPSILON))]
        names = ["beta1_power", "beta2_power", "lr", "beta1", "beta2", "epsilon"]
        given = {
            name: tf.cast(tf.convert_to_tensor(number), self.dtype)
            for name, number in zip(names, numbers, strict=True)
        }

        def apply(parameter: int, gradient: Any) -> Any:
            value, mean, square = (variables[parameter] for variables in self.state)
            return tf.raw_ops.ResourceApplyAdam(
                var=value.handle, m=mean.handle, v=square.handle, grad=gradient, **given
            )

        return apply

    def _count(self) -> list[Any]:
        """What counts an update: the powers of the betas, and the step."""
        powers = [
            power.assign(power * beta)
            for power, beta in zip(self.powers, (BETA1, BETA2), strict=True)
        ]
        return [*powers, self.step.assign_add(1)]


engine_of = Kept(Engine, most=6)
"""The engine of a shape, a number of runs, and whether losses are kept."""
