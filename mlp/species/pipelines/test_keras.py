"""Keras 3: a GradientTape loop that should do what `fit` does, and does worse."""

from functools import partial
from typing import Literal

import numpy as np
import pytest

from mlp import Genome, Result, digest, gene

tf = pytest.importorskip("tensorflow", reason="pip install tensorflow")
keras = pytest.importorskip("keras", reason="pip install keras")


class Loop(Genome):
    by: Literal["fit", "tape"] = gene("who trains", acts_on="weights")
    from_logits: bool = gene("whether the loss is told that it gets logits", acts_on="weights")
    dropout_acts: bool = gene("whether dropout acts while training", acts_on="weights")

    def train(self, seed: int) -> Result:
        keras.utils.set_random_seed(seed)
        y = (rng := np.random.default_rng(seed)).integers(5, size=700)
        x = rng.normal(size=(700, 20)).astype("float32") + 3 * np.eye(5, 20, dtype="float32")[y]
        init = keras.initializers.GlorotUniform(seed)  # else dropout's seed would move it
        dense = partial(keras.layers.Dense, kernel_initializer=init)
        dropout = keras.layers.Dropout(0.2 * self.dropout_acts)
        net = keras.Sequential([keras.Input((20,)), dense(16, "relu"), dropout, dense(5)])
        first = digest(net)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=self.from_logits)
        adam = keras.optimizers.Adam(0.01)
        if self.by == "fit":
            net.compile(adam, loss, jit_compile=False)
            net.fit(x[:200], y[:200], batch_size=50, epochs=4, verbose=0)
        else:
            tape_loop(net, adam, loss, x[:200], y[:200], rng)
        score = float(np.mean(net(x[200:]).numpy().argmax(1) == y[200:]))
        return Result(score=score, weights=digest(net), saw={"init": first})


def tape_loop(net, adam, loss, x, y, rng):
    adam.build(net.trainable_variables)
    for _ in range(4):
        for rows in np.split(rng.permutation(200), 4):
            with tf.GradientTape() as tape:
                value = loss(y[rows], net(x[rows], training=True))
            adam.apply(tape.gradient(value, net.trainable_variables))


FIT = Loop(by="fit", from_logits=True, dropout_acts=True)
TAPE = Loop(by="tape", from_logits=False, dropout_acts=False)
Loop.name_strains(fit=FIT, tape=TAPE)


def test_the_loop_does_worse_than_fit(lab):
    lab.compare(TAPE, FIT, margin=0.1).assert_worse()


def test_told_of_logits_it_does_as_well(lab):
    lab.compare(TAPE.rescue("from_logits", donor=FIT), FIT, margin=0.1).assert_equivalent()
