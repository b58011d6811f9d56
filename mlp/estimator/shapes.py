"""The sizes of tensors as TensorFlow 1.4 gave them: a `Dimension`, which has a `.value`."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow.compat.v1 as tf

_lock = threading.Lock()
_users = 0
_switched = False


@contextmanager
def dimensions() -> Iterator[None]:
    """Within, ``tensor.shape[1].value`` is the size, in TensorFlow 2 as it was in 1.4.

    TensorFlow has one switch for the whole process. It is back as it was once the last thread
    leaves.
    """
    global _users, _switched
    with _lock:
        if _users == 0:
            _switched = not isinstance(tf.TensorShape([1])[0], tf.Dimension)
            if _switched:
                tf.disable_v2_tensorshape()
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0 and _switched:
                tf.enable_v2_tensorshape()
