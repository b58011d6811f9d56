"""Which feeder feeds what, under the names that programs know from ``learn_io.data_feeder``."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from mlp.estimator.array_feeder import DataFeeder, FeedDict, checked_batch_size
from mlp.estimator.dask_io import computed
from mlp.estimator.pandas_io import extract_pandas_data, extract_pandas_matrix
from mlp.estimator.streaming_feeder import StreamingDataFeeder

__all__ = [
    "DataFeeder",
    "FeedDict",
    "StreamingDataFeeder",
    "setup_predict_data_feeder",
    "setup_processor_data_feeder",
    "setup_train_data_feeder",
]


def setup_train_data_feeder(
    x: Any,
    y: Any,
    n_classes: Any = None,
    batch_size: int | None = None,
    shuffle: bool = True,
    epochs: int | None = None,
) -> DataFeeder:
    """The feeder for `x` and `y`: streaming for iterators, else over arrays.

    A Dask frame is computed: its rows come into memory. contrib.learn 1.4 had a feeder for Dask,
    which no Estimator could use.

    Raises:
        ValueError: `x` is an iterator and `y` is not, a batch size below 1, or a pandas frame
            that is not numeric.
    """
    if hasattr(x, "__next__"):
        if y is not None and not hasattr(y, "__next__"):
            raise ValueError("Both x and y should be iterators for streaming learning to work.")
        return StreamingDataFeeder(x, y, n_classes, batch_size)
    return DataFeeder(
        computed(x), computed(y), n_classes, batch_size, shuffle=shuffle, epochs=epochs
    )


def setup_predict_data_feeder(x: Any, batch_size: int | None = None) -> Any:
    """Rows of `x` in batches: a list of arrays, or for an iterator of rows an iterator of batches.

    Args:
        x: array, frame, or iterator of rows, each an array or a dict of arrays.
        batch_size: rows of a batch; None is all of them.

    Raises:
        ValueError: a batch size below 1.
    """
    x = extract_pandas_data(computed(x))
    if hasattr(x, "__next__"):
        return _batches(x, batch_size)
    size = checked_batch_size(batch_size, max(len(x), 1))
    if len(x.shape) == 1:
        x = np.reshape(x, (-1, 1))
    return [x[at : at + size] for at in range(0, max(len(x), 1), size)]


def _batches(rows: Iterator[Any], batch_size: int | None) -> Iterator[Any]:
    if batch_size is not None:
        checked_batch_size(batch_size, 1)
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == batch_size:
            yield _matrix(chunk)
            chunk = []
    if chunk:
        yield _matrix(chunk)


def _matrix(rows: list[Any]) -> Any:
    if isinstance(rows[0], dict):
        return {key: np.asarray([row[key] for row in rows]) for key in rows[0]}
    return np.atleast_2d(np.asarray(rows))


def setup_processor_data_feeder(x: Any) -> Any:
    """A frame's values as they are; anything else untouched."""
    return extract_pandas_matrix(x)
