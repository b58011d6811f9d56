"""``generator_input_fn``: an input function over the rows that a generator yields."""

from collections.abc import Callable, Container, Iterator, Sequence
from types import FunctionType, GeneratorType
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from mlp.estimator.feeding_queue import Source, filled_queue, warn_of_threads
from mlp.estimator.input_fns import InputFn, dequeued

Generator = Callable[[], Iterator[dict[str, Any]]]


def generator_input_fn(
    x: Generator,
    target_key: str | Container[str] | None = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool = True,
    queue_capacity: int = 1000,
    num_threads: int = 1,
    pad_value: float | None = None,
) -> InputFn:
    """An input function of (dict of features, target), or of features alone without `target_key`.

    The rows are enqueued ``batch_size / keys`` at a time, rounded up, and a last portion that the
    generator cannot fill takes the first rows of another pass. So the rows of an epoch that do not
    divide are followed by some of them again, as in contrib.learn 1.4.

    Args:
        x: generator function whose generator yields one row at a time: a dict of arrays.
        target_key: key, or keys, of the labels; several give a dict of labels.
        batch_size: rows of a batch.
        num_epochs: passes over the rows, of each thread; None or 0 is no end.
        shuffle: whether the rows leave the queue in random order.
        queue_capacity: rows that the queue holds at most.
        num_threads: threads that fill the queue.
        pad_value: fills up the last dimension where it varies from row to row; within a batch of
            several portions, zeros do.

    Raises:
        TypeError: `x` is no generator function of dicts, or `target_key` neither str nor strings.
        KeyError: a key of several in `target_key` that the first row does not have.
    """
    keys = _checked_keys(x)
    targets = _checked_targets(target_key, keys)

    def input_fn() -> Any:
        if shuffle and pad_value is not None:
            raise NotImplementedError(
                "padding and shuffling data at the same time is not implemented"
            )
        first = next(x())
        warn_of_threads(num_threads, num_epochs, shuffle)
        queue = filled_queue(
            [_portions(x, batch_size, num_epochs, pad_value) for _ in range(num_threads)],
            [first[key].dtype for key in keys],
            [first[key].shape for key in keys],
            capacity=queue_capacity,
            shuffle=shuffle,
            padded=pad_value is not None,
        )
        features = dict(zip(keys, dequeued(queue, batch_size, num_epochs), strict=True))
        if not targets:
            return features
        labels = {key: features.pop(key) for key in targets}
        return features, labels if len(labels) > 1 else labels[targets[0]]

    return input_fn


def _checked_keys(x: Any) -> list[str]:
    """The keys of the rows, sorted."""
    if not isinstance(x, FunctionType):
        raise TypeError(f"x must be generator function; got {type(x).__name__}")
    generator = x()
    if not isinstance(generator, GeneratorType):
        raise TypeError(f"x() must be generator; got {type(generator).__name__}")
    row = next(generator)
    if not isinstance(row, dict):
        raise TypeError(f"x() must yield dict; got {type(row).__name__}")
    return sorted(row)


def _checked_targets(target_key: Any, keys: list[str]) -> list[str]:
    if target_key is None:
        return []
    if isinstance(target_key, str):
        return [target_key]
    if not isinstance(target_key, Container):
        raise TypeError(
            f"target_key must be str or Container of str; got {type(target_key).__name__}"
        )
    targets = list(target_key)  # type: ignore[call-overload]
    for key in targets:
        if not isinstance(key, str):
            raise TypeError(f"target_key must be str or Container of str; got {type(key).__name__}")
        if key not in keys:
            raise KeyError(f"target_key not in yielded dict. Expected {keys} keys; got {key}")
    return targets


def _portions(
    generator: Generator, batch_size: int, epochs: int | None, pad_value: float | None
) -> Source:
    """What one thread enqueues: the next rows, of the next pass once the generator has ended."""
    keys = sorted(next(generator()))
    size = -(-batch_size // len(keys))
    rows = generator()
    passes = 0

    def next_row() -> dict[str, Any]:
        nonlocal rows, passes
        row = next(rows, None)
        if row is None:
            passes += 1
            rows = generator()
            row = next(rows)
        for key in keys:
            if key not in row:
                raise KeyError(
                    "key mismatch between dicts emitted by GenFun "
                    f"Expected {keys} keys; got {list(row)}"
                )
        return row

    def source() -> list[Any]:
        if epochs and passes >= epochs:
            raise tf.errors.OutOfRangeError(None, None, f"Already emitted {passes} epochs.")
        portion = [next_row() for _ in range(size)]
        columns = ([row[key] for row in portion] for key in keys)
        return [np.asarray(c) if pad_value is None else _padded(c, pad_value) for c in columns]

    return source


def _padded(arrays: Sequence[Any], value: float) -> Any:
    """Arrays that differ in their last dimension as one, filled up with `value`.

    Raises:
        ValueError: they differ in another dimension.
    """
    if len({array.shape[:-1] if array.ndim else -1 for array in arrays}) > 1:
        raise ValueError("Array shapes must match.")
    if not arrays[0].ndim:
        return np.asarray(arrays)
    longest = max(array.shape[-1] for array in arrays)
    shape = (len(arrays), *arrays[0].shape[:-1], longest)
    result = np.full(shape, value, arrays[0].dtype)
    for row, array in zip(result, arrays, strict=True):
        row[..., : array.shape[-1]] = array
    return result
