"""``tf.contrib.metrics``' names for the streaming metrics that `evaluate` is mostly given.

Each takes (predictions, labels, weights, metrics_collections, updates_collections, name), the
collections being those that its value and its update join, and returns a (value, update) pair, so
each may also be passed to `evaluate` bare.
"""

from typing import Any

import tensorflow.compat.v1 as tf


def streaming_mean(
    values: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Any:
    """Mean of `values` over all batches."""
    return tf.metrics.mean(values, weights, metrics_collections, updates_collections, name)


def streaming_accuracy(
    predictions: Any,
    labels: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Any:
    """Share of rows whose prediction is their label."""
    return tf.metrics.accuracy(
        labels, predictions, weights, metrics_collections, updates_collections, name
    )


def streaming_mean_absolute_error(
    predictions: Any,
    labels: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Any:
    """Mean of |prediction - label|."""
    return tf.metrics.mean_absolute_error(
        labels, predictions, weights, metrics_collections, updates_collections, name
    )


def streaming_mean_squared_error(
    predictions: Any,
    labels: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Any:
    """Mean of (prediction - label) squared."""
    return tf.metrics.mean_squared_error(
        labels, predictions, weights, metrics_collections, updates_collections, name
    )


def streaming_root_mean_squared_error(
    predictions: Any,
    labels: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Any:
    """Root of the mean of (prediction - label) squared."""
    return tf.metrics.root_mean_squared_error(
        labels, predictions, weights, metrics_collections, updates_collections, name
    )


def streaming_precision(
    predictions: Any,
    labels: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Any:
    """Share of rows predicted true that are true."""
    return tf.metrics.precision(
        labels, predictions, weights, metrics_collections, updates_collections, name
    )


def streaming_recall(
    predictions: Any,
    labels: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Any:
    """Share of true rows that are predicted true."""
    return tf.metrics.recall(
        labels, predictions, weights, metrics_collections, updates_collections, name
    )
