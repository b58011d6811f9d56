"""What `predict` returns, from the batches a session gives."""

from collections.abc import Iterator
from typing import Any

import numpy as np


def chosen(predictions: Any, outputs: list[str] | None) -> Any:
    """The named `outputs` of a dict of predictions; all predictions for None.

    Raises:
        ValueError: the predictions are not a dict, or none of the names is among them.
    """
    if not outputs:
        return predictions
    if not isinstance(predictions, dict):
        raise ValueError("outputs argument is not valid in case of non-dict predictions.")
    found = {key: value for key, value in predictions.items() if key in outputs}
    if not found:
        raise ValueError(
            f"Expected to run at least one output from {list(predictions)}, provided {outputs}."
        )
    return found


def rows(batches: Iterator[Any]) -> Iterator[Any]:
    """Batches row by row: elements of an array, or dicts of elements."""
    for batch in batches:
        if not isinstance(batch, dict):
            yield from batch
            continue
        for row in range(len(next(iter(batch.values())))):
            yield {key: value[row] for key, value in batch.items()}


def concatenated(batches: Iterator[Any]) -> Any:
    """Batches as one array [rows, ...], or one dict of such."""
    collected = list(batches)
    if isinstance(collected[0], dict):
        return {key: np.concatenate([batch[key] for batch in collected]) for key in collected[0]}
    return np.concatenate(collected)


def first(batches: Iterator[Any]) -> Any:
    """The first batch, None without one; the session behind is closed."""
    try:
        return next(batches, None)
    finally:
        if hasattr(batches, "close"):
            batches.close()
