"""Global generators: seeded by the run's seed, and put back after it."""

from __future__ import annotations

import random
import sys

import numpy as np
import pytest

from mlp.lab.generators import derived, seeded
from mlp.tests.lab.processes import needs, said_by


def draw():
    return random.random(), float(np.random.random())


def test_the_same_seed_draws_the_same_and_another_seed_does_not():
    drawn = []
    for seed in (1, 2, 1):
        with seeded(seed):
            drawn.append(draw())

    assert drawn[0] == drawn[2]
    assert drawn[0] != drawn[1]
    assert drawn[0][0] != drawn[0][1], "each library has a seed of its own"


def test_what_others_draw_goes_on_as_if_nothing_had_been():
    random.seed(5)
    np.random.seed(5)
    expected = [draw(), draw()]
    random.seed(5)
    np.random.seed(5)
    found = [draw()]
    with pytest.raises(ZeroDivisionError), seeded(1):
        _ = draw()[0] / 0

    assert [*found, draw()] == expected


def test_seeds_are_derived_by_a_digest_that_is_written_down():
    """Stores hold runs that were seeded so."""
    assert derived(0, "numpy") == 2887067657
    assert derived(100_000, "torch") == 899373442
    assert len({derived(seed, name) for seed in range(100) for name in ("random", "torch")}) == 200


def test_no_framework_is_imported_unless_the_run_is_known_to_need_it():
    said = said_by(
        "import sys; from mlp.lab.generators import seeded\n"
        "with seeded(1, ['pytest']): pass\n"
        "print([n for n in ('numpy', 'torch', 'tensorflow', 'keras') if n in sys.modules])\n"
        "with seeded(1, ['numpy']): a = sys.modules['numpy'].random.random()\n"
        "with seeded(1): print(a == sys.modules['numpy'].random.random())"
    )
    assert said.splitlines() == ["[]", "True"]


TORCH = """
import torch
from mlp.lab.generators import seeded
def of(seed):
    with seeded(seed): return torch.rand(3).tolist()
print(of(1) == of(1), of(1) == of(2))
torch.manual_seed(5); expected = torch.rand(2).tolist()
torch.manual_seed(5); first = torch.rand(1).tolist(); of(1)
print([*first, *torch.rand(1).tolist()] == expected)
"""


@needs("torch")
def test_torch_is_seeded_and_put_back():
    assert said_by(TORCH).splitlines() == ["True False", "True"]


TENSORFLOW = """
import tensorflow as tf, keras
from mlp.lab.generators import seeded
draw = lambda: float(tf.random.normal(()))
layer = lambda: keras.layers.Dense(2)
def of(seed):
    with seeded(seed):
        dense = layer(); dense.build((None, 3))
        shuffled = list(tf.data.Dataset.range(9).shuffle(9).as_numpy_iterator())
        return (draw(), float(keras.random.normal(())), dense.kernel.numpy().tolist(), shuffled)
one, two, again = of(1), of(2), of(1)
print(one == again, [a == b for a, b in zip(one, two)])
tf.random.set_seed(5); expected = [draw(), draw(), draw()]
tf.random.set_seed(5); found = [draw()]; of(1); found += [draw(), draw()]
print(found == expected)
keras.utils.set_random_seed(5); expected = [float(keras.random.normal(())) for _ in range(2)]
keras.utils.set_random_seed(5); found = [float(keras.random.normal(()))]; of(1)
print([*found, float(keras.random.normal(()))] == expected)
"""


@needs("tensorflow")
def test_tensorflow_and_keras_are_seeded_and_put_back():
    assert said_by(TENSORFLOW).splitlines() == [
        "True [False, False, False, False]",
        "True",
        "True",
    ]


def test_libraries_without_a_generator_are_left_alone(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)

    with seeded(1, ["jax", "nowhere"]):
        assert sys.modules["jax"] is None
