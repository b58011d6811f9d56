"""The compiled loop of a cohort: its passes and Adam, and the samples of the curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlp.species.post.genome import HIDDEN_LAYERS
from mlp.species.post.plan import Array, Plan
from mlp.species.post.trainers.cohort.passes import Passes
from mlp.species.post.trainers.cohort.shape import Shape
from mlp.species.post.trainers.kept import Kept

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
"""Adam's constants, as in all four original models.

TensorFlow's `AdamOptimizer` rounds them, the learning rate and the running powers of the betas to
float32 whatever the variables' type; so does the engine.
"""


class Engine:
    """The compiled loop of one shape and number of runs, and its state between calls."""

    def __init__(self, shape: Shape, runs: int) -> None:
        from mlp.species.post.backend import tensorflow as tf

        self.tf, self.shape, self.runs = tf, shape, runs
        self.dtype = tf.as_dtype(shape.dtype)
        data = shape.dataset
        sizes = [data.features, *[shape.layer_size] * HIDDEN_LAYERS, data.classes]
        forms = [(runs, 1, i, o) for i, o in pairwise(sizes)]
        forms += [(runs, 1, 1, 1 if shape.bias == "scalar" else o) for o in sizes[1:]]
        self.state = [[self._variable(form) for form in forms] for _ in range(3)]
        self.powers = [
            tf.Variable(beta, dtype=tf.float32, trainable=False) for beta in (BETA1, BETA2)
        ]
        self.rate = tf.Variable(0.0, dtype=tf.float32, trainable=False)
        self.step = tf.Variable(0, dtype=tf.int32, trainable=False)
        self.seeds = tf.Variable(tf.zeros([runs], tf.int32), trainable=False)
        self.held_out = tf.Variable(tf.zeros([runs, 2 * data.held_out], tf.int32), trainable=False)
        self.passes = Passes(shape, runs, self.seeds, self.step)
        rows = tf.TensorSpec([None, runs, shape.batch], tf.int32)
        self._advance = self._compiled(self._advance_graph, rows)
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

    def advance(self, rows: NDArray[np.int32]) -> Array:
        """Make an update for each of `rows` [updates, runs, batch].

        Returns the losses [updates, runs] on those rows, each before its update.
        """
        return self._advance(self.tf.constant(rows)).numpy()

    def evaluate(self) -> NDArray[np.int64]:
        """A sample [3, runs]: correct of validation, of test, and whether weights are finite."""
        return self._evaluate().numpy()

    def variables(self) -> list[Array]:
        """The weights [runs, inputs, outputs], then the biases [runs, 1, 1 or outputs]."""
        return [variable.numpy()[:, 0] for variable in self.state[0]]

    def _values(self) -> list[Any]:
        return [self.tf.convert_to_tensor(v) for v in self.state[0]]

    def _advance_graph(self, rows: Any) -> Any:
        tf, batch = self.tf, self.shape.batch
        short, length = self.shape.epoch % batch, -(-self.shape.epoch // batch)
        count, before = tf.shape(rows)[0], self.step.read_value()
        full, rest = rows[:, :, None], rows[:, :, None, :short]

        def until(end: Any, fed: Any, i: Any, losses: Any) -> Any:
            """Updates on the batches `fed`, from the i-th up to `end`."""

            def update(i: Any, losses: Any) -> Any:
                done, loss = self._update(fed[i])
                with tf.control_dependencies(done):
                    return i + 1, losses.write(i, loss)

            return tf.while_loop(lambda i, _: i < end, update, (i, losses), parallel_iterations=1)

        def epoch(i: Any, losses: Any) -> Any:
            """What is left of an epoch up to the end: its full batches, then its short one."""
            last = i + (length - 1) - (before + i) % length
            i, losses = until(tf.minimum(last, count), full, i, losses)
            return until(tf.minimum(last + 1, count), rest, i, losses)

        i = tf.constant(0)
        losses = tf.TensorArray(self.dtype, size=count, element_shape=[self.runs])
        if short:
            i, losses = tf.while_loop(
                lambda i, _: i < count, epoch, (i, losses), parallel_iterations=1
            )
        else:
            i, losses = until(count, full, i, losses)
        return losses.stack()

    def _evaluate_graph(self) -> Any:
        tf, rows = self.tf, self.held_out[:, None]
        values = self._values()
        answers = tf.argmax(self.passes.evaluation(values, rows), axis=3, output_type=tf.int32)
        correct = tf.cast(tf.equal(answers, tf.gather(self.passes.labels, rows)), tf.int64)
        finite = [tf.reduce_all(tf.math.is_finite(v), axis=[1, 2, 3]) for v in values]
        halves = tf.reduce_sum(tf.reshape(correct, [self.runs, 2, -1]), axis=2)
        whole = tf.cast(tf.reduce_all(tf.stack(finite), axis=0), tf.int64)
        return tf.concat([tf.transpose(halves), whole[None]], axis=0)

    def _update(self, rows: Any) -> tuple[list[Any], Any]:
        """One update on dataset rows [runs, 1, batch]: its operations, and the losses before it.

        A layer is done with, Adam included, before the one below it begins: what it works on is
        then still in the processor's cache, and no variable is copied for a reader to come.
        """
        tf = self.tf
        values = self._values()
        inputs, logits, masks = self.passes.training(values, rows)
        loss, dz = self.passes.loss(logits, rows)
        adam = self._adam()
        done: list[Any] = []
        for layer in reversed(range(HIDDEN_LAYERS + 1)):
            bias = HIDDEN_LAYERS + 1 + layer
            with tf.control_dependencies(done[-1:]):
                bias_gradient = self.passes.bias_gradient(dz)
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
"""The engine of a shape and a number of runs."""
