"""The results of an evaluation: as graph operations, and as a summary on disk."""

from collections.abc import Mapping
from numbers import Number
from typing import Any

import tensorflow.compat.v1 as tf
from google.protobuf.message import DecodeError


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
    """Write the numbers and the serialized summaries of `results` as those of `step`."""
    text = ", ".join(_described(name, value) for name, value in sorted(results.items()))
    tf.logging.info("Saving dict for global step %d: %s", step, text)
    summary = tf.Summary()
    for name, value in results.items():
        if name == "global_step" or value is None:
            continue
        if isinstance(value, Number):
            summary.value.add(tag=name, simple_value=float(value))  # type: ignore[arg-type]
        elif isinstance(value, bytes):
            _merge(summary, name, value)
        else:
            tf.logging.warning(
                "Skipping summary for %s, must be a number or a serialized string of Summary.", name
            )
    writer.add_summary(summary, step)
    writer.flush()


def _described(name: str, value: Any) -> str:
    return f"{name} = {value!s}" if isinstance(value, Number) else f"Type of {name} = {type(value)}"


def _merge(summary: Any, name: str, serialized: bytes) -> None:
    """Add the values of a serialized summary, all under `name`."""
    try:
        found = tf.Summary.FromString(serialized)
    except DecodeError:
        tf.logging.warning("Skipping summary for %s, cannot parse string to Summary.", name)
        return
    for value in found.value:
        value.tag = name
    summary.value.extend(found.value)
