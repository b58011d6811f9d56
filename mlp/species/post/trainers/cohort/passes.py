"""The forward and backward passes of a stack of runs, rounded as those of the real API.

Arrays are stacked over the cohort: weights [runs, 1, inputs, outputs], biases [runs, 1, 1, 1] or
[runs, 1, 1, outputs], activations [runs, 1, rows, units]. The second dimension is there because
TensorFlow on a CPU joins a product, a factor and a sum to one operation in four dimensions only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mlp.species.post.genome import HIDDEN_LAYERS
from mlp.species.post.trainers.cohort.shape import Shape

TRAINING_SEED, EVALUATION_SEEDS = 0, (100, 200)
"""What is added to a dropout seed for the masks of training, and of validation and of test."""

LANES = 16
"""Numbers a vector instruction may take at once.

TensorFlow's exponentials and sums round otherwise in the rest of an array, which fills no vector.
"""


class Passes:
    """The graph operations of one shape and number of runs, on the weights that they are given.

    `seeds` [runs] and `step` [] are the variables that dropout's masks are drawn from.
    """

    def __init__(self, shape: Shape, runs: int, seeds: Any, step: Any) -> None:
        from mlp.species.post.backend import tensorflow as tf

        self.tf, self.shape, self.runs, self.seeds, self.step = tf, shape, runs, seeds, step
        self.dtype = tf.as_dtype(shape.dtype)
        self.features = tf.constant(shape.dataset.x, self.dtype)
        self.labels = tf.constant(shape.dataset.y, tf.int32)
        self.one = tf.Variable(1.0, trainable=False) if self.dtype == tf.float32 else None

    def training(self, values: Sequence[Any], rows: Any) -> tuple[list[Any], Any, Any]:
        """Each layer's inputs, logits and masks, of dataset rows [runs, 1, batch]."""
        offsets = () if self.shape.dropout_mode == "never" else (TRAINING_SEED,)
        return self._forward(values, self.tf.gather(self.features, rows), offsets)

    def evaluation(self, values: Sequence[Any], rows: Any) -> Any:
        """The logits of dataset rows [runs, 1, rows], the first half of them of validation."""
        offsets = EVALUATION_SEEDS if self.shape.dropout_mode == "always" else ()
        return self._forward(values, self.tf.gather(self.features, rows), offsets)[1]

    def loss(self, logits: Any, rows: Any) -> tuple[Any, Any]:
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

    def bias_gradient(self, dz: Any) -> Any:
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

    def _masks(self, rows: int, offsets: Sequence[int]) -> Any:
        """Factors [layers, runs, 1, rows, units] of hidden units, for parts of equally many rows.

        The draws are those of `species.post.network`, one for each run and part.
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
