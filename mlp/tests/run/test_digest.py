"""Digests: the values decide, and what holds no numbers is refused."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import numpy as np
import pytest

from mlp.run import digest


class Keras:
    """What a Keras model or layer has."""

    def __init__(self, *weights):
        self._weights = list(weights)

    def get_weights(self):
        return self._weights


class Torch:
    """What a torch module has, and its tensors."""

    def __init__(self, **tensors):
        self._tensors = tensors

    def state_dict(self):
        return OrderedDict((name, Tensor(value)) for name, value in self._tensors.items())


class Tensor:
    def __init__(self, value, dtype="torch.float32"):
        self.value, self.dtype = value, dtype

    def detach(self):
        return self

    def cpu(self):
        return self

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.value, dtype)


W, B = np.arange(6.0).reshape(2, 3), np.ones(3, np.float32)


def test_a_digest_is_the_sha256_of_shapes_types_and_values():
    state = hashlib.sha256()
    for array in (W, B):
        state.update(repr((array.shape, array.dtype.str)).encode() + array.tobytes())

    assert digest(W, B) == state.hexdigest()


@pytest.mark.parametrize(
    "same",
    [
        (np.asfortranarray(W), B),
        (W[::-1][::-1], B),
        ([W, B],),
        ((W, (B,)),),
        ({"w": W, "b": B},),
        (Keras(W, B),),
        (Torch(w=W, b=B),),
        (Torch(w=W, b=B).state_dict(),),
        (Keras(W), Torch(b=B)),
    ],
    ids=lambda given: type(given[0]).__name__,
)
def test_the_same_values_have_one_digest_whoever_holds_them(same):
    assert digest(*same) == digest(W, B)


@pytest.mark.parametrize(
    "other",
    [
        (B, W),
        (W.T, B),
        (W.reshape(6), B),
        (W.astype(np.float32), B),
        (W + 1e-15, B),
        (W,),
        (W, B, B),
        (np.where(W == 0, -0.0, W), B),
    ],
    ids=range(8),
)
def test_other_values_have_another(other):
    assert digest(*other) != digest(W, B)


def test_numbers_and_lists_of_numbers_are_arrays():
    assert digest([1, 2, 3]) == digest(np.array([1, 2, 3]))
    assert digest(0.5) == digest(np.array(0.5))
    assert digest([True, False]) == digest(np.array([True, False]))


@pytest.mark.parametrize(
    "odd",
    ["weights", None, object(), [W, "b"], {"w": None}, np.array(["a"])],
    ids=lambda odd: type(odd).__name__,
)
def test_what_holds_no_numbers_is_refused(odd):
    with pytest.raises(TypeError, match="a digest is made of numbers; got"):
        digest(odd)


@pytest.mark.parametrize("empty", [(), ([],), ({},), (Keras(),), (Torch(),), (np.zeros((0, 3)),)])
def test_nothing_has_no_digest(empty):
    """A model that was not built has no weights: two of them would be identical."""
    with pytest.raises(TypeError, match="got none: build the model"):
        digest(*empty)


def test_an_empty_array_among_others_counts():
    assert digest(W, np.zeros((0, 3))) != digest(W)


def test_number_types_that_numpy_lends_from_others_have_a_digest():
    odd = pytest.importorskip("ml_dtypes")
    ones = np.ones(3, odd.bfloat16)

    assert digest(ones) == digest(ones.copy())
    assert digest(ones) != digest(2 * ones)


def test_a_model_of_keras_has_that_of_its_weights():
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])

    assert digest(model) == digest(*model.get_weights())
    before = digest(model)
    model.layers[0].set_weights([w + 1 for w in model.layers[0].get_weights()])
    assert digest(model) != before


def test_a_module_of_torch_has_that_of_its_state():
    torch = pytest.importorskip("torch")
    module = torch.nn.Linear(3, 2)

    assert digest(module) == digest(module.state_dict())
    assert digest(module) == digest(module.weight, module.bias)
    assert digest(module.to(torch.bfloat16)) == digest(module.weight.float(), module.bias.float())
