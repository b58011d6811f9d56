"""The results of an evaluation: as graph operations, and as a summary on disk."""

from collections.abc import Mapping
from numbers import Number
from typing import Any

import tensorflow.compat.v1 as tf


def split_metrics(results: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """One operation that updates all metrics, None if there is nothing to update, and the values.

    Args:
        results: (value, update) pairs, or plain values, by name.
    """
    updates: list[Any] = []
    values: dict[str, Any] = {}
    for name, result in results.items():
        values[name] = result
        if not isinstance(result, (list, tuple)):
            continue
        if len(result) == 2:
            values[name], update = result
            updates.append(update)
        else:
            tf.logging.warning(
                "Ignoring metric %s. It returned a list|tuple with len %d, expected 2.",
                name,
                len(result),
            )
    return (tf.group(*updates) if updates else None), values


def write_results(writer: Any, results: Mapping[str, Any], step: int) -> None:
    """Write the numbers among `results` as the summary of global step `step`."""
    tf.logging.info("Saving dict for global step %d: %s", step, dict(results))
    summary = tf.Summary()
    for name, value in results.items():
        if name == "global_step" or value is None:
            continue
        if not isinstance(value, Number):
            tf.logging.warning("Skipping summary for %s, must be a number.", name)
            continue
        summary.value.add(tag=name, simple_value=float(value))  # type: ignore[arg-type]
    writer.add_summary(summary, step)
    writer.flush()
