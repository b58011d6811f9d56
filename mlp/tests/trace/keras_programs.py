"""Keras programs that the tests watch: one `fit`, and loops with the mistakes people report."""

import keras
import numpy as np
import tensorflow as tf

from mlp.trace import watch

ROWS, BATCH = 96, 32
rng = np.random.default_rng(0)
X = rng.normal(size=(ROWS, 8)).astype(np.float32)
CLASSES = rng.integers(0, 3, ROWS)
VALUES = rng.normal(size=ROWS).astype(np.float32)
LOGITS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
PROBABILITIES = keras.losses.SparseCategoricalCrossentropy()


def model(outputs=3, *, norm=False, regulariser=None, last=None, dropout=0.0, momentum=0.99):
    keras.utils.set_random_seed(1)
    dense = keras.layers.Dense
    layers = [keras.Input((8,)), dense(16, "relu", kernel_regularizer=regulariser)]
    layers += [keras.layers.BatchNormalization(momentum=momentum)] if norm else []
    layers += [keras.layers.Dropout(dropout)] if dropout else []
    return keras.Sequential([*layers, dense(outputs, last)])


def sgd(**constants):
    return keras.optimizers.SGD(0.1, **constants)


def adam(**constants):
    return keras.optimizers.Adam(0.01, **constants)


def fitted(net, optimizer, loss=LOGITS, *, x=X, y=CLASSES, epochs=2, watched=True, **fit):
    """Train by `fit`, in the order of the rows unless told otherwise."""
    net.compile(optimizer, loss, jit_compile=fit.pop("jit_compile", "auto"))
    options = {"batch_size": BATCH, "epochs": epochs, "shuffle": False, "verbose": 0} | fit
    if not watched:
        net.fit(x, y, **options)
        return None
    with watch(net, name="fit") as trace:
        net.fit(x, y, **options)
    return trace


def steps(net, optimizer, loss=LOGITS, *, use="apply", training=True, penalty=True, trace=None):
    """A hand-written training step."""

    def step(x, y):
        with tf.GradientTape() as tape:
            prediction = net(x, training=training)
            value = loss(y, prediction)
            if penalty and net.losses:
                value = value + sum(net.losses)
        if trace is not None:
            trace.step(x, y, value)
        gradients = tape.gradient(value, net.trainable_variables)
        if use == "apply":
            optimizer.apply(gradients, net.trainable_variables)
        else:
            optimizer.apply_gradients(zip(gradients, net.trainable_variables, strict=True))

    return step


def train(step, net, *, x=X, y=CLASSES, epochs=2, order=None, rows=ROWS):
    """Go through the rows, and evaluate after each epoch."""
    for epoch in range(epochs):
        places = np.arange(rows) if order is None else order(epoch)
        for start in range(0, len(places), BATCH):
            chosen = places[start : start + BATCH]
            step(tf.constant(x[chosen]), tf.constant(y[chosen]))
        net(x[:40], training=False)


def looped(net, optimizer, loss=LOGITS, *, told=True, wrap=None, name="loop", train=train, **kind):
    """Train by a hand-written loop, watched."""
    rows = {key: kind.pop(key) for key in ("x", "y", "epochs", "order", "rows") if key in kind}
    with watch(net, optimizer, name=name) as trace:
        step = steps(net, optimizer, loss, trace=trace if told else None, **kind)
        train(wrap(step) if wrap else step, net, **rows)
    return trace
