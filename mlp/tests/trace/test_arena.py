"""Copies of arrays in one block of memory, and equality bit for bit."""

import numpy as np
import pytest

from mlp.trace.arena import Arena, same_bits
from mlp.trace.keeper import Keeper

rng = np.random.default_rng(0)
ARRAYS = {
    "floats": rng.normal(size=(7, 5)).astype(np.float32),
    "transposed": rng.normal(size=(7, 5)).T,
    "three axes, swapped": np.swapaxes(rng.normal(size=(2, 3, 4)), 0, 2),
    "every other": rng.normal(size=20)[::2],
    "half": rng.normal(size=3).astype(np.float16),
    "whole numbers": np.arange(5, dtype=np.int64),
    "one number": np.array(3.5),
    "empty": np.empty((0, 4)),
    "bytes": np.arange(3, dtype=np.uint8),
    "objects": np.array([1, "a"], dtype=object),
}


@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize("room", [0, 10_000])
def test_a_copy_is_equal_and_keeps_what_it_was(kind, room):
    array = ARRAYS[kind].copy(order="K")
    arena = Arena()
    arena.reserve(room)
    copy = arena.copy(array)
    assert (copy.dtype, copy.shape) == (array.dtype, array.shape)
    assert not np.shares_memory(copy, array)
    np.testing.assert_array_equal(copy, array)
    array[...] = 0
    np.testing.assert_array_equal(copy, ARRAYS[kind])


def test_the_axes_of_a_copy_have_the_order_in_memory_they_had():
    arena = Arena()
    arena.reserve(10_000)
    for kind in ("transposed", "three axes, swapped"):
        assert np.argsort(arena.copy(ARRAYS[kind]).strides).tolist() == (
            np.argsort(ARRAYS[kind].strides).tolist()
        )


def test_copies_do_not_overlap_and_go_on_when_the_room_is_full():
    arena = Arena()
    arena.reserve(200)
    copies = [arena.copy(np.full(10, float(k))) for k in range(6)]
    for k, copy in enumerate(copies):
        assert set(copy.tolist()) == {float(k)}
    within = [copy.base is not None for copy in copies]  # a view of the block, or memory of its own
    assert within == [True, False, False, False, False, False]


@pytest.mark.parametrize("kind", [kind for kind in ARRAYS if kind != "objects"])
def test_an_array_has_the_bits_of_its_copy(kind):
    array = ARRAYS[kind]
    assert same_bits(array, array.copy(order="K"))
    assert same_bits(array, array.copy(order="C"))
    if array.size:
        other = array.copy(order="K")
        other.flat[-1] += 1
        assert not same_bits(array, other)


def test_bits_tell_what_equality_does_not():
    nan, zero = np.array([np.nan, 1.0]), np.zeros(2)
    assert same_bits(nan, nan.copy())
    assert not same_bits(zero, -zero)
    assert not same_bits(zero, zero.astype(np.float32))
    assert not same_bits(zero, zero[:1])
    assert not same_bits(zero.view(np.int64), zero)
    assert not same_bits(ARRAYS["objects"], ARRAYS["objects"])


def test_elements_are_kept_while_there_is_room_and_summaries_after():
    keeper = Keeper(100)
    first, second, third = (keeper.value(np.full(10, v)) for v in (1.0, 2.0, 3.0))
    assert first.data is not None
    assert second.data is None
    assert second.norm == pytest.approx(2 * np.sqrt(10))
    assert keeper.value(np.zeros(2)).data is not None
    assert keeper.value(third) is third


def test_weights_are_copied_only_where_they_changed():
    keeper = Keeper(10_000)
    weights = {"a": np.zeros(3), "b": np.ones(3)}
    left = keeper.values(keeper.copies(weights))
    weights["b"][0] = 5
    found = keeper.changed(weights, left)
    assert found["a"] is left["a"]
    np.testing.assert_array_equal(found["b"], [5, 1, 1])
