"""``StreamingDataFeeder``: iterators of rows in, placeholders and feed dicts out."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from mlp.estimator.array_feeder import (
    DataFeeder,
    FeedDict,
    checked_batch_size,
    checked_dtype,
    map_values,
)


class StreamingDataFeeder(DataFeeder):
    """Feeds rows as two iterators give them, `batch_size` at a time, to the end of either.

    Args:
        x: iterator of rows, each an array or a dict of arrays.
        y: iterator of labels, each a number, an array, a list of numbers of which the first is
            the label, or a dict of such; or None.
        n_classes: as for `DataFeeder`; above 0, labels that are no dict are fed as float32.
        batch_size: rows per batch; None is 1.

    Raises:
        ValueError: a batch size below 1.
    """

    def __init__(
        self, x: Iterator[Any], y: Iterator[Any] | None, n_classes: Any, batch_size: int | None
    ) -> None:
        first_x = next(x)
        self._rows = itertools.chain([first_x], x)
        self._row_labels: Iterator[Any] | None = None
        first_y = None
        if y is not None:
            labels = (map_values(_first_number, row) for row in y)
            first_y = next(labels)
            self._row_labels = itertools.chain([first_y], labels)
        self.input_dtype = map_values(lambda row: checked_dtype(np.asarray(row).dtype), first_x)
        self.output_dtype = map_values(lambda row: checked_dtype(np.asarray(row).dtype), first_y)
        if first_y is not None and not isinstance(first_y, dict) and n_classes:
            self.output_dtype = np.float32
        self._stopped = False
        self._place(
            map_values(_shape_of_rows, first_x),
            map_values(_shape_of_rows, first_y),
            n_classes,
            checked_batch_size(batch_size, 1),
        )

    def get_feed_params(self) -> dict[str, Any]:
        """Rows per batch."""
        return {"batch_size": self.batch_size}

    def _feed(self) -> FeedDict:
        if self._stopped:
            raise StopIteration
        inputs = list(itertools.islice(self._rows, self.batch_size))
        self._stopped = len(inputs) < self.batch_size
        if not inputs:
            raise StopIteration
        outputs = None
        if self._row_labels is not None:
            outputs = list(itertools.islice(self._row_labels, len(inputs)))
            if len(outputs) < len(inputs):
                raise StopIteration
        return self._fed(_stack(inputs, self.input_dtype), _stack(outputs, self.output_dtype))


def _shape_of_rows(row: Any) -> tuple[int, ...]:
    return (1, *np.shape(row))


def _stack(rows: list[Any] | None, dtype: Any) -> Any:
    if rows is None:
        return None
    if isinstance(dtype, dict):
        return {key: _stack([row[key] for row in rows], dtype[key]) for key in dtype}
    return np.stack([np.asarray(row, dtype) for row in rows])


def _first_number(label: Any) -> Any:
    """The first of a list of numbers; anything else untouched."""
    return label[0] if isinstance(label, list) and label and np.ndim(label[0]) == 0 else label
