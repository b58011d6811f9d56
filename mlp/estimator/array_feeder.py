"""``DataFeeder``: arrays in, placeholders and feed dicts out.

Placeholders take NumPy's own types, as in contrib.learn 1.4: float64 stays float64, and a network
built on it trains in float64.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from mlp.estimator.errors import NotAnArrayError
from mlp.estimator.pandas_io import extract_pandas_data, extract_pandas_labels, is_series

FeedDict = dict[Any, Any]

FEEDER_SEED = 42
"""Seed of the generator that shuffles the rows of `fit(x, y)`, whatever the run's seed."""


class DataFeeder:
    """Feeds slices of rows: in order, or in a new permutation each epoch.

    A permutation is consumed in consecutive slices of `batch_size`; the last slice of an epoch is
    short; the next permutation comes from the same generator. Feed dicts are keyed by the names of
    the placeholders: ``input`` and ``output``, or ``input_<key>``.

    Args:
        x: array [rows, ...] or a dict of such; one dimension is fed as [rows, 1].
        y: array [rows], [rows, ...], a list, a dict of arrays, or None; [rows, 1] is fed as [rows].
        n_classes: above 1, labels are fed one-hot, [rows, ..., classes]; 0 or 1 feeds them as
            float32; None as they are. For a dict of labels a dict, of some or all of them.
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
        n_classes: Any = None,
        batch_size: int | None = None,
        shuffle: bool = True,
        random_state: np.random.RandomState | None = None,
        epochs: int | None = None,
    ) -> None:
        self.x = map_values(_checked_features, extract_pandas_data(x))
        self.y = map_values(_as_labels, extract_pandas_labels(y))
        if n_classes is not None and isinstance(self.y, np.ndarray):
            self.y = self.y.astype(np.int64 if n_classes > 1 else np.float32)
        first = next(iter(self.x.values())) if isinstance(self.x, dict) else self.x
        self.rows = int(first.shape[0])
        self.shuffle = shuffle
        self.random_state = np.random.RandomState(FEEDER_SEED)
        if random_state is not None:
            self.random_state = random_state
        self.max_epochs = epochs
        self.epoch = 0
        self.offset = 0
        self.input_dtype = map_values(lambda data: checked_dtype(data.dtype), self.x)
        self.output_dtype = map_values(lambda data: checked_dtype(data.dtype), self.y)
        if isinstance(self.y, dict):
            self.output_dtype |= {key: np.float32 for key in n_classes or () if key in self.y}
        self._place(
            map_values(lambda data: data.shape, self.x),
            map_values(lambda data: data.shape, self.y),
            n_classes,
            checked_batch_size(batch_size, self.rows),
        )
        self.indices = self._order()

    def _place(self, x_shape: Any, y_shape: Any, n_classes: Any, batch_size: int) -> None:
        """Settle what is fed: shapes, classes and rows at a time."""
        self.n_classes = n_classes
        self.batch_size = batch_size
        self.input_shape = map_values(lambda shape: [batch_size, *input_row(shape)], x_shape)
        self.output_shape = map_values(lambda shape: [batch_size, *output_row(shape)], y_shape)
        if isinstance(y_shape, dict):
            for key, shape in self.output_shape.items():
                shape += _class_axis((n_classes or {}).get(key))
        elif y_shape is not None:
            self.output_shape += _class_axis(n_classes)
        self._input_placeholder: Any = None
        self._output_placeholder: Any = None
        self._epoch_placeholder: Any = None

    def _order(self) -> Any:
        return self.random_state.permutation(self.rows) if self.shuffle else np.arange(self.rows)

    def make_epoch_variable(self) -> Any:
        """Add a placeholder that is fed the epoch, [1]."""
        self._epoch_placeholder = tf.placeholder(tf.int32, [1], name="epoch")
        return self._epoch_placeholder

    def input_builder(self) -> tuple[Any, Any]:
        """Add placeholders for x and y to the default graph; that of y is None without labels."""
        self.set_placeholders(
            _placeholder(self.input_shape, self.input_dtype, "input"),
            _placeholder(self.output_shape, self.output_dtype, "output"),
        )
        return self._input_placeholder, self._output_placeholder

    def set_placeholders(self, input_placeholder: Any, output_placeholder: Any) -> None:
        """Feed these; None for y feeds no labels."""
        self._input_placeholder = input_placeholder
        self._output_placeholder = output_placeholder

    def get_feed_params(self) -> dict[str, Any]:
        """Where the feeder is: epoch, offset in it, and rows per slice."""
        return {"epoch": self.epoch, "offset": self.offset, "batch_size": self.batch_size}

    def get_feed_dict_fn(self) -> Callable[[], FeedDict]:
        """A function whose every call feeds the next slice, and raises StopIteration at the end."""
        return self._feed

    def _feed(self) -> FeedDict:
        if self.max_epochs is not None and self.epoch >= self.max_epochs:
            raise StopIteration
        epoch, rows = self.epoch, self.indices[self.offset : self.offset + self.batch_size]
        self.offset += self.batch_size
        if self.offset >= self.rows:
            self.indices = self._order()
            self.offset = 0
            self.epoch += 1
        feed = self._fed(
            map_values(lambda data: np.asarray(data[rows]), self.x),
            map_values(lambda data: np.asarray(data[rows]), self.y),
        )
        if self._epoch_placeholder is not None:
            feed[self._epoch_placeholder.name] = [epoch]
        return feed

    def _fed(self, inputs: Any, outputs: Any) -> FeedDict:
        """A feed dict of arrays [rows, ...], or dicts of arrays, for the placeholders."""
        assert self._input_placeholder is not None, "input_builder must be called before feeding"
        feed: FeedDict = {}
        if isinstance(inputs, dict):
            for key, placeholder in self._input_placeholder.items():
                feed[placeholder.name] = _reshaped(inputs[key], self.input_shape[key])
        else:
            feed[self._input_placeholder.name] = _reshaped(inputs, self.input_shape)
        if isinstance(self._output_placeholder, dict):
            for key, placeholder in self._output_placeholder.items():
                feed[placeholder.name] = _labels(
                    outputs[key],
                    self.output_shape[key],
                    self.output_dtype[key],
                    (self.n_classes or {}).get(key),
                )
        elif self._output_placeholder is not None:
            feed[self._output_placeholder.name] = _labels(
                outputs, self.output_shape, self.output_dtype, self.n_classes
            )
        return feed


def map_values(function: Callable[[Any], Any], data: Any) -> Any:
    """`function` of `data`, of each value of a dict, or None of None."""
    if isinstance(data, dict):
        return {key: function(value) for key, value in data.items()}
    return None if data is None else function(data)


def checked_batch_size(batch_size: int | None, default: int) -> int:
    """`batch_size`, or the default for None; ValueError below 1."""
    if batch_size is None:
        return default
    if batch_size <= 0:
        raise ValueError(f"Invalid batch_size {batch_size}.")
    return batch_size


def checked_dtype(dtype: Any) -> Any:
    """`dtype`, with a warning for float64."""
    if tf.as_dtype(dtype) == tf.float64:
        tf.logging.warning("float64 is not supported by many models, consider casting to float32.")
    return dtype


def input_row(shape: Any) -> list[int]:
    """Shape of a row of features as it is fed, from the shape of all rows."""
    return list(shape[1:]) if len(shape) > 1 else [1]


def output_row(shape: Any) -> list[int]:
    """Shape of a row of labels as it is fed, before classes, from the shape of all rows."""
    row = list(shape[1:])
    return row[1:] if row[:1] == [1] else row


def _class_axis(n_classes: int | None) -> list[int]:
    return [n_classes] if n_classes is not None and n_classes > 1 else []


def _placeholder(shape: Any, dtype: Any, name: str) -> Any:
    if shape is None:
        return None
    if isinstance(shape, dict):
        return {key: _placeholder(shape[key], dtype[key], f"{name}_{key}") for key in shape}
    return tf.placeholder(tf.as_dtype(dtype), [None, *shape[1:]], name=name)


def _reshaped(rows: Any, shape: list[int]) -> Any:
    return rows.reshape(len(rows), *shape[1:])


def _labels(rows: Any, shape: list[int], dtype: Any, n_classes: int | None) -> Any:
    """Labels [rows, ...] as they are fed, one-hot for several classes."""
    if n_classes is None or n_classes <= 1:
        return _reshaped(rows, shape).astype(dtype, copy=False)
    classes = rows.astype(np.int64).reshape(len(rows), *shape[1:-1], 1)
    hot = np.zeros([len(rows), *shape[1:]], dtype)
    np.put_along_axis(hot, classes, 1, axis=-1)
    return hot


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
