"""The two ways to write the MLP as a TensorFlow graph.

Both are built of real `tf.compat.v1` graph operations and take any init, bias, loss-input and
dropout allele, so that the dense operation alone can be swapped. Initial values come from a plan.

Dropout follows each hidden ReLU, inverted. The masks of all hidden layers are one draw of
`tf.random.stateless_uniform`, [layers, rows, units], seeded by (`plan.dropout_seed` + an offset for
what is being computed, updates made so far): the same masks whichever trainer executes the plan.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from mlp.species.post.backend import tf
from mlp.species.post.genome import HIDDEN_LAYERS, Mlp
from mlp.species.post.plan import Array, Plan

TRAINING, VALIDATION, TEST = 0, 100, 200
"""Offsets of the dropout seeds: what the network is computing."""


@dataclass(frozen=True, eq=False)
class Network:
    """Graph tensors of one MLP.

    `outputs` [rows, classes] is the last layer; `loss` [] the mean softmax cross-entropy of what
    the genome passes as logits; `predictions` int64 [rows]; `correct` int32 [] the rows whose
    prediction equals the label.
    """

    outputs: Any
    loss: Any
    predictions: Any
    correct: Any


def build(
    plan: Plan,
    features: Any,
    labels: Any,
    *,
    purpose: Any,
    updates: Any,
    dropout_seed: Any = None,
) -> Network:
    """The plan's network over `features` [rows, columns] and `labels` int64 [rows] (or None).

    `purpose` is an int32 scalar tensor, `TRAINING`, `VALIDATION` or `TEST`; `updates` an integer
    scalar tensor, updates made so far; `dropout_seed` an int32 scalar tensor, by default the
    plan's: all three act through dropout alone. Features are cast to the genome's dtype. Without
    labels, `loss` and `correct` are None.
    """
    genome = plan.genome
    seed = plan.dropout_seed if dropout_seed is None else dropout_seed
    dense = _matmul_layer if genome.dense == "matmul" else _dense_layer
    activations = tf.cast(features, genome.dtype)
    factors = _dropout_factors(genome, tf.shape(features)[0], seed, purpose, updates)
    for layer in range(HIDDEN_LAYERS):
        activations = dense(plan, layer, activations, tf.nn.relu)
        if factors is not None:
            activations *= factors[layer]
    outputs = dense(plan, HIDDEN_LAYERS, activations, None)
    predictions = tf.argmax(outputs, axis=1)
    if labels is None:
        return Network(outputs, None, predictions, None)
    logits = tf.nn.softmax(outputs) if genome.logits == "softmax" else outputs
    loss = tf.losses.sparse_softmax_cross_entropy(labels=labels, logits=logits)
    correct = tf.reduce_sum(tf.cast(tf.equal(predictions, labels), tf.int32))
    return Network(outputs, loss, predictions, correct)


def optimizer(genome: Mlp, learning_rate: float) -> Any:
    """Adam as every strain has it: beta1 0.9, beta2 0.999, epsilon 1e-8."""
    return tf.train.AdamOptimizer(learning_rate * genome.rate_scale)


def variables() -> list[Any]:
    """The default graph's seven weights, then its seven biases."""
    found = {v.op.name: v for v in tf.trainable_variables()}
    return [found[f"layer_{i}/{kind}"] for kind in ("kernel", "bias") for i in _layers()]


def _layers() -> range:
    return range(HIDDEN_LAYERS + 1)


def _initial(values: Array) -> Any:
    return tf.constant_initializer(values)


def _matmul_layer(plan: Plan, layer: int, inputs: Any, activation: Any) -> Any:
    with tf.variable_scope(f"layer_{layer}"):
        kernel, bias = plan.weights[layer], plan.biases[layer]
        w = tf.get_variable("kernel", kernel.shape, inputs.dtype, _initial(kernel))
        b = tf.get_variable("bias", bias.shape, inputs.dtype, _initial(bias))
        outputs = tf.matmul(inputs, w) + b
    return outputs if activation is None else activation(outputs)


def _dense_layer(plan: Plan, layer: int, inputs: Any, activation: Any) -> Any:
    kernel, bias = plan.weights[layer], plan.biases[layer]
    per_unit = bias.ndim == 1
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`tf.layers.dense` is deprecated")
        outputs = tf.layers.dense(
            inputs,
            kernel.shape[1],
            activation=activation if per_unit else None,
            use_bias=per_unit,
            kernel_initializer=_initial(kernel),
            bias_initializer=_initial(bias),
            name=f"layer_{layer}",
        )
    if per_unit:
        return outputs
    with tf.variable_scope(f"layer_{layer}"):
        outputs += tf.get_variable("bias", (), inputs.dtype, _initial(bias))
    return outputs if activation is None else activation(outputs)


def _dropout_factors(genome: Mlp, rows: Any, seed: Any, purpose: Any, updates: Any) -> Any:
    """What the units [layers, rows, units] of the hidden layers are multiplied by; None is 1."""
    if genome.dropout == 0.0 or genome.dropout_mode == "never":
        return None
    shape = [HIDDEN_LAYERS, rows, genome.layer_size]

    def drawn() -> Any:
        seeds = tf.stack([seed + purpose, tf.cast(updates, tf.int32)])
        kept = tf.random.stateless_uniform(shape, seeds) >= genome.dropout
        return tf.cast(kept, genome.dtype) / (1.0 - genome.dropout)

    if genome.dropout_mode == "always":
        return drawn()
    return tf.cond(tf.equal(purpose, TRAINING), drawn, lambda: tf.ones(shape, genome.dtype))
