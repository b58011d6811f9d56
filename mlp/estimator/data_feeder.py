"""Feeders: arrays or iterators in, placeholders and feed dicts out.

Placeholders take NumPy's own types, as in contrib.learn 1.4: float64 stays float64, and a network
built on it trains in float64.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from mlp.estimator.errors import NotAnArrayError
from mlp.estimator.pandas_io import extract_pandas_data, extract_pandas_labels, is_series

FeedDict = dict[Any, Any]

FEEDER_SEED = 42
"""Seed of the generator that shuffles the rows of `fit(x, y)`, whatever the run's seed."""


def data_feeder(
    x: Any,
    y: Any,
    batch_size: int | None = None,
    shuffle: bool = True,
    epochs: int | None = None,
) -> "DataFeeder | StreamingDataFeeder":
    """The feeder for `x` and `y`: streaming for iterators, else over arrays.

    Raises:
        ValueError: `x` is an iterator and `y` is not, a batch size below 1, or a pandas frame
            that is not numeric.
    """
    if hasattr(x, "__next__"):
        if y is not None and not hasattr(y, "__next__"):
            raise ValueError("Both x and y should be iterators for streaming learning to work.")
        return StreamingDataFeeder(x, y, batch_size)
    return DataFeeder(x, y, batch_size, shuffle=shuffle, epochs=epochs)


class _Placeholders:
    """Placeholders named as contrib.learn names them: ``input``, ``output``, or ``input_<key>``."""

    def __init__(self) -> None:
        self._input: Any = None
        self._output: Any = None

    def build(self, inputs: Any, outputs: Any) -> tuple[Any, Any]:
        """Create placeholders for one (dtype, row shape), a dict of them, or None."""
        self._input, self._output = _placeholder(inputs, "input"), _placeholder(outputs, "output")
        return self._input, self._output

    def feed(self, inputs: Any, outputs: Any) -> FeedDict:
        """A feed dict of arrays, or dicts of arrays, for the placeholders."""
        assert self._input is not None, "input_builder must be called before feeding"
        feed: FeedDict = {}
        for placeholder, value in ((self._input, inputs), (self._output, outputs)):
            if isinstance(placeholder, dict):
                feed.update({placeholder[key]: value[key] for key in placeholder})
            elif placeholder is not None:
                feed[placeholder] = value
        return feed


def _placeholder(spec: Any, name: str) -> Any:
    if spec is None:
        return None
    if isinstance(spec, dict):
        return {key: _placeholder(value, f"{name}_{key}") for key, value in spec.items()}
    dtype, row_shape = spec
    return tf.placeholder(tf.as_dtype(dtype), [None, *row_shape], name=name)


class DataFeeder:
    """Feeds slices of rows: in order, or in a new permutation each epoch.

    A permutation is consumed in consecutive slices of `batch_size`; the last slice of an epoch is
    short; the next permutation comes from the same generator.

    Args:
        x: array [rows, ...] or a dict of such; one dimension is fed as [rows, 1].
        y: array [rows], [rows, ...], a list, a dict of arrays, or None; [rows, 1] is fed as [rows].
        batch_size: rows per slice; None is all of them.
        shuffle: permute the rows, or keep their order.
        random_state: generator of the permutations; None is `RandomState(42)`.
        epochs: passes over the rows before `StopIteration`; None is no end.

    Raises:
        ValueError: a batch size below 1.
        NotAnArrayError: `x` is not an array, or `y` is neither an array nor a list.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = None,
        shuffle: bool = True,
        random_state: np.random.RandomState | None = None,
        epochs: int | None = None,
    ) -> None:
        self.x = _map(_checked_features, extract_pandas_data(x))
        self.y = _map(_as_labels, extract_pandas_labels(y))
        first = next(iter(self.x.values())) if isinstance(self.x, dict) else self.x
        self.rows = int(first.shape[0])
        self.batch_size = _checked_batch_size(batch_size, self.rows)
        self.shuffle = shuffle
        self.random_state = np.random.RandomState(FEEDER_SEED)
        if random_state is not None:
            self.random_state = random_state
        self.max_epochs = epochs
        self.epoch = 0
        self.offset = 0
        self.indices = self._order()
        self._inputs = _map(lambda data: (_checked_dtype(data.dtype), _input_row(data)), self.x)
        self._outputs = _map(lambda data: (_checked_dtype(data.dtype), _output_row(data)), self.y)
        self._placeholders = _Placeholders()

    def _order(self) -> Any:
        return self.random_state.permutation(self.rows) if self.shuffle else np.arange(self.rows)

    def input_builder(self) -> tuple[Any, Any]:
        """Add placeholders for x and y to the default graph; that of y is None without labels."""
        return self._placeholders.build(self._inputs, self._outputs)

    def get_feed_dict_fn(self) -> Callable[[], FeedDict]:
        """A function whose every call feeds the next slice, and raises StopIteration at the end."""
        return self._feed

    def _feed(self) -> FeedDict:
        if self.max_epochs is not None and self.epoch >= self.max_epochs:
            raise StopIteration
        rows = self.indices[self.offset : self.offset + self.batch_size]
        self.offset += self.batch_size
        if self.offset >= self.rows:
            self.indices = self._order()
            self.offset = 0
            self.epoch += 1
        return self._placeholders.feed(
            _map(lambda data: np.asarray(data[rows]).reshape(len(rows), *_input_row(data)), self.x),
            _map(
                lambda data: np.asarray(data[rows]).reshape(len(rows), *_output_row(data)), self.y
            ),
        )


class StreamingDataFeeder:
    """Feeds rows as two iterators give them, `batch_size` at a time, to the end of either.

    Args:
        x: iterator of rows, each an array or a dict of arrays.
        y: iterator of labels, each a number, an array, a list of numbers of which the first is
            the label, or a dict of such; or None.
        batch_size: rows per batch; None is 1.

    Raises:
        ValueError: a batch size below 1.
    """

    def __init__(self, x: Iterator[Any], y: Iterator[Any] | None, batch_size: int | None) -> None:
        first_x = next(x)
        self._x = itertools.chain([first_x], x)
        self._y: Iterator[Any] | None = None
        self._outputs: Any = None
        if y is not None:
            labels = (_map(_first_number, row) for row in y)
            first_y = next(labels)
            self._y = itertools.chain([first_y], labels)
            self._outputs = _map(lambda row: _stream_spec(row, label=True), first_y)
        self._inputs = _map(lambda row: _stream_spec(row, label=False), first_x)
        self.batch_size = _checked_batch_size(batch_size, 1)
        self._stopped = False
        self._placeholders = _Placeholders()

    def input_builder(self) -> tuple[Any, Any]:
        """Add placeholders for x and y to the default graph; that of y is None without labels."""
        return self._placeholders.build(self._inputs, self._outputs)

    def get_feed_dict_fn(self) -> Callable[[], FeedDict]:
        """A function whose every call feeds the next rows, and raises StopIteration at the end."""
        return self._feed

    def _feed(self) -> FeedDict:
        if self._stopped:
            raise StopIteration
        inputs = list(itertools.islice(self._x, self.batch_size))
        self._stopped = len(inputs) < self.batch_size
        if not inputs:
            raise StopIteration
        outputs = None
        if self._y is not None:
            outputs = list(itertools.islice(self._y, len(inputs)))
            if len(outputs) < len(inputs):
                raise StopIteration
        return self._placeholders.feed(_stack(inputs, self._inputs), _stack(outputs, self._outputs))


def _map(function: Callable[[Any], Any], data: Any) -> Any:
    """`function` of `data`, of each value of a dict, or None of None."""
    if isinstance(data, dict):
        return {key: function(value) for key, value in data.items()}
    return None if data is None else function(data)


def _stack(rows: list[Any] | None, spec: Any) -> Any:
    if rows is None or spec is None:
        return None
    if isinstance(spec, dict):
        return {key: _stack([row[key] for row in rows], spec[key]) for key in spec}
    dtype, row_shape = spec
    return np.stack([np.asarray(row, dtype).reshape(row_shape) for row in rows])


def _stream_spec(row: Any, label: bool) -> tuple[np.dtype[Any], tuple[int, ...]]:
    array = np.asarray(row)
    one_row = array[np.newaxis]
    return _checked_dtype(array.dtype), _output_row(one_row) if label else _input_row(one_row)


def _first_number(label: Any) -> Any:
    """The first of a list of numbers; anything else untouched."""
    return label[0] if isinstance(label, list) and label and np.ndim(label[0]) == 0 else label


def _checked_features(data: Any) -> Any:
    return _checked_array(data, "x")


def _as_labels(data: Any) -> Any:
    return np.array(data) if isinstance(data, list) else _checked_array(data, "y")


def _checked_array(data: Any, name: str) -> Any:
    """`data` if it is an array, the values of a series, else NotAnArrayError."""
    if not hasattr(data, "shape") or not hasattr(data, "dtype"):
        raise NotAnArrayError(
            f"{name} must be an array, a dict of arrays or an iterator, got "
            f"{type(data).__name__}: wrap it in numpy.asarray"
        )
    return data.to_numpy() if is_series(data) else data


def _checked_batch_size(batch_size: int | None, default: int) -> int:
    if batch_size is None:
        return default
    if batch_size <= 0:
        raise ValueError(f"Invalid batch_size {batch_size}.")
    return batch_size


def _checked_dtype(dtype: Any) -> Any:
    if tf.as_dtype(dtype) == tf.float64:
        tf.logging.warning("float64 is not supported by many models, consider casting to float32.")
    return dtype


def _input_row(data: Any) -> tuple[int, ...]:
    return tuple(data.shape[1:]) if len(data.shape) > 1 else (1,)


def _output_row(data: Any) -> tuple[int, ...]:
    row = tuple(data.shape[1:])
    return row[1:] if row[:1] == (1,) else row
