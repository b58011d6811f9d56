"""SHA-256 of arrays, of Keras models and of torch modules; nothing of theirs is imported."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


def digest(*things: Any) -> str:
    """SHA-256 over the values of arrays and models, in the order given.

    A thing is an array or what NumPy makes one of, a Keras model, a torch module or its state
    dict, or a list, tuple or mapping of these. Shapes and number types count, names do not.

    Raises:
        TypeError: something holds no numbers, or all of it is empty.
    """
    import numpy as np  # a tenth of a second, for those who need it

    state, size = hashlib.sha256(), 0
    for array in _arrays(things):
        array = np.ascontiguousarray(array)
        size += array.size
        state.update(repr((array.shape, array.dtype.str)).encode())
        state.update(array.tobytes())
    if not size:
        raise TypeError(
            "a digest is made of numbers; got none: build the model, or give arrays that are not "
            "empty"
        )
    return state.hexdigest()


def _arrays(thing: Any) -> Iterator[np.ndarray]:
    import numpy as np

    if hasattr(thing, "state_dict"):  # a torch module
        thing = thing.state_dict()
    elif hasattr(thing, "get_weights"):  # a Keras model or layer
        thing = thing.get_weights()
    if isinstance(thing, Mapping):
        thing = list(thing.values())
    if isinstance(thing, (list, tuple)) and not all(isinstance(t, (int, float)) for t in thing):
        for each in thing:
            yield from _arrays(each)
        return
    if hasattr(thing, "detach"):
        thing = thing.detach().cpu()
        if str(thing.dtype) == "torch.bfloat16":
            thing = thing.float()
    array = np.asarray(thing)
    odd = array.dtype.kind == "V" and array.dtype.names is None  # JAX's bfloat16 and float8
    if array.dtype.kind not in "biufc" and not odd:
        raise TypeError(
            f"a digest is made of numbers; got {type(thing).__name__}: pass arrays, a Keras model "
            "or a torch module"
        )
    yield array
