"""Input functions over arrays, frames and generators, through queues that threads fill."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from mlp.estimator.feeding_queue import Source, filled_queue, warn_of_threads
from mlp.estimator.pandas_io import is_frame

InputFn = Callable[[], Any]


def numpy_input_fn(
    x: dict[str, Any],
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool = True,
    queue_capacity: int = 1000,
    num_threads: int = 1,
) -> InputFn:
    """An input function of (dict of features, labels), or of features alone without `y`.

    Shuffled rows start at a random one and leave a queue in random order; a batch may hold rows of
    two epochs. With `num_epochs`, the last batch may be short, and the input ends after it.

    Args:
        x: dict of arrays [rows, ...].
        y: array [rows, ...], or None.
        batch_size: rows of a batch.
        num_epochs: passes over the rows, of each thread; None is no end.
        shuffle: whether to shuffle.
        queue_capacity: rows that the queue holds at most.
        num_threads: threads that fill the queue. Rows keep their order with one only.

    Raises:
        TypeError: `shuffle` is no bool; once called, `x` is no dict.
        ValueError: once called, arrays of different lengths.
    """
    _check_shuffle(shuffle)

    def input_fn() -> Any:
        if not isinstance(x, dict):
            raise TypeError(f"x must be dict; got {type(x).__name__}")
        columns = [x[key] for key in sorted(x)] + ([] if y is None else [y])
        if len({len(column) for column in columns}) != 1:
            shapes = {key: x[key].shape for key in x}
            raise ValueError(
                "Length of tensors in x and y is mismatched. All elements in x and y must have the "
                f"same length.\nShapes in x: {shapes}\n"
                f"Shape for y: {None if y is None else y.shape}\n"
            )
        rows = len(columns[0])
        numbered = [np.arange(rows), *columns]
        warn_of_threads(num_threads, num_epochs, shuffle)
        queue = filled_queue(
            _slices(numbered, batch_size, num_epochs, shuffle, num_threads),
            [column.dtype for column in numbered],
            [column.shape[1:] for column in numbered],
            capacity=queue_capacity,
            shuffle=shuffle,
        )
        _, *tensors = dequeued(queue, batch_size, num_epochs)
        target = None if y is None else tensors.pop()
        return _features(dict(zip(sorted(x), tensors, strict=True)), target)

    return input_fn


def pandas_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool = True,
    queue_capacity: int | None = 1000,
    num_threads: int = 1,
    target_column: str = "target",
) -> InputFn:
    """An input function of (dict of a frame's columns, labels), as `numpy_input_fn` has it.

    Args:
        x: pandas DataFrame.
        y: pandas Series of the same index, or None.
        batch_size: rows of a batch.
        num_epochs: passes over the rows, of each thread; None is no end.
        shuffle: whether to shuffle.
        queue_capacity: rows that the queue holds at most; None is the rows of `x`, or four times
            that to shuffle.
        num_threads: threads that fill the queue. Rows keep their order with one only.
        target_column: a name that no column of `x` has.

    Raises:
        TypeError: `shuffle` is no bool, or `x` no DataFrame.
        ValueError: another index, or a column that is named `target_column`.
    """
    _check_shuffle(shuffle)
    if not is_frame(x):
        raise TypeError(f"x must be a pandas DataFrame; got {type(x).__name__}")
    x = x.copy()
    names = list(x.columns)
    if y is not None:
        if target_column in x:
            raise ValueError(
                f"Cannot use name {target_column} for target column: DataFrame already has a "
                f"column with that name: {x.columns}"
            )
        if not np.array_equal(x.index, y.index):
            raise ValueError(
                "Index for x and y are mismatched.\n"
                f"Index for x: {x.index}\nIndex for y: {y.index}\n"
            )
        x[target_column] = y
    capacity = queue_capacity
    if capacity is None:
        capacity = 4 * len(x) if shuffle else len(x)
    columns = [x.index.to_numpy(), *(x.iloc[:, at].to_numpy() for at in range(x.shape[1]))]

    def input_fn() -> Any:
        warn_of_threads(num_threads, num_epochs, shuffle)
        queue = filled_queue(
            _slices(columns, batch_size, num_epochs, shuffle, num_threads),
            [column.dtype for column in columns],
            [() for _ in columns],
            capacity=capacity,
            shuffle=shuffle,
            min_after_dequeue=int(max(capacity / 4, 1)),
        )
        _, *tensors = dequeued(queue, batch_size, num_epochs)
        target = None if y is None else tensors.pop()
        return _features(dict(zip(names, tensors, strict=True)), target)

    return input_fn


def _check_shuffle(shuffle: Any) -> None:
    if not isinstance(shuffle, bool):
        raise TypeError(f"shuffle must be explicitly set as boolean; got {shuffle}")


def _features(features: dict[str, Any], target: Any) -> Any:
    return features if target is None else (features, target)


def dequeued(queue: Any, batch_size: int, num_epochs: int | None) -> list[Any]:
    """The next rows of a queue; short at its end where it has one."""
    take = queue.dequeue_many if num_epochs is None else queue.dequeue_up_to
    tensors = take(batch_size)
    return tensors if isinstance(tensors, list) else [tensors]


def _slices(
    columns: Sequence[Any], size: int, epochs: int | None, shuffle: bool, threads: int
) -> list[Source]:
    """For each thread, slices of the columns' rows; from a random row on where shuffled."""
    rows = len(columns[0])
    starts = [random.Random().randrange(rows) if shuffle else 0 for _ in range(threads)]
    return [_slice_source(columns, rows, start, size, epochs) for start in starts]


def _slice_source(
    columns: Sequence[Any], rows: int, start: int, size: int, epochs: int | None
) -> Source:
    taken = 0

    def source() -> list[Any]:
        nonlocal taken
        count = size if epochs is None else min(size, epochs * rows - taken)
        if count <= 0:
            raise tf.errors.OutOfRangeError(None, None, f"Already emitted {epochs} epochs.")
        chosen = (start + taken + np.arange(count)) % rows
        taken += count
        return [column[chosen] for column in columns]

    return source
