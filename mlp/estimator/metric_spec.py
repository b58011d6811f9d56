"""``MetricSpec``, and the metrics of one evaluation as graph operations."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow.compat.v1 as tf

from mlp.estimator.model_fn import argument_names

_LABELS = ("labels", "label", "targets", "target")
_PREDICTIONS = ("predictions", "prediction", "logits", "logit")
_WEIGHTS = ("weights", "weight")


class MetricSpec:
    """Connects a metric function to a model's predictions, labels and weights.

    Args:
        metric_fn: returns a value or a (value, update) pair. Its arguments are found by name:
            labels, label, targets or target; predictions, prediction, logits or logit; weights or
            weight. Unnamed predictions go to the first position that is not the labels'.
        prediction_key: which of a dict of predictions; None needs a tensor or a dict of one.
        label_key: which of a dict of labels, likewise.
        weight_key: which feature holds the weights; None passes no weights.

    Raises:
        ValueError: `metric_fn` has two arguments of one kind, or lacks that of a given key.
    """

    def __init__(
        self,
        metric_fn: Callable[..., Any],
        prediction_key: str | None = None,
        label_key: str | None = None,
        weight_key: str | None = None,
    ) -> None:
        self._name = _function_name(metric_fn)
        self._metric_fn = _by_role(metric_fn, self._name, label_key, weight_key)
        self._prediction_key = prediction_key
        self._label_key = label_key
        self._weight_key = weight_key

    @property
    def prediction_key(self) -> str | None:
        """Key into the predictions."""
        return self._prediction_key

    @property
    def label_key(self) -> str | None:
        """Key into the labels."""
        return self._label_key

    @property
    def weight_key(self) -> str | None:
        """Key into the features."""
        return self._weight_key

    @property
    def metric_fn(self) -> Callable[..., Any]:
        """The metric as a function of keywords `labels`, `predictions` and `weights`."""
        return self._metric_fn

    def __str__(self) -> str:
        return (
            f"MetricSpec(metric_fn={self._name}, prediction_key={self.prediction_key}, "
            f"label_key={self.label_key}, weight_key={self.weight_key})"
        )

    def create_metric_ops(self, inputs: Any, labels: Any, predictions: Any) -> Any:
        """The result of the metric for the keyed members of tensors or dicts of tensors.

        Raises:
            ValueError: a key for what is a single tensor, or no key for a dict of several.
            KeyError: a key that is missing from its dict.
        """
        prediction = _member("prediction", predictions, self.prediction_key)
        label = _member("label", labels, self.label_key)
        weights = inputs[self.weight_key] if self.weight_key else None
        return self.metric_fn(labels=label, predictions=prediction, weights=weights)


def _member(kind: str, tensors: Any, key: str | None) -> Any:
    if key:
        if not isinstance(tensors, dict):
            raise ValueError(
                f"MetricSpec with {kind}_key specified requires {kind}s dict, got {tensors}.\n"
                f"You must not provide a {kind}_key if you only have a single Tensor as {kind}s."
            )
        if key not in tensors:
            raise KeyError(f"Key '{key}' missing from {list(tensors)}.")
        return tensors[key]
    if not isinstance(tensors, dict):
        return tensors
    if len(tensors) != 1:
        raise ValueError(
            f"MetricSpec without specified {kind}_key requires {kind}s tensor or single element "
            f"dict, got {tensors}"
        )
    return next(iter(tensors.values()))


def _by_role(
    metric_fn: Callable[..., Any], name: str, label_key: str | None, weight_key: str | None
) -> Callable[..., Any]:
    arguments = argument_names(metric_fn)
    labels_name = _argument(name, arguments, _LABELS, required=label_key is not None)
    predictions_name = _argument(name, arguments, _PREDICTIONS, required=False)
    weights_name = _argument(name, arguments, _WEIGHTS, required=weight_key is not None)

    def call(*, labels: Any = None, predictions: Any = None, weights: Any = None) -> Any:
        positional: list[Any] = []
        keywords: dict[str, Any] = {}
        if labels_name is not None:
            keywords[labels_name] = labels
        if predictions_name is not None:
            keywords[predictions_name] = predictions
        elif labels_name is not None and labels_name == arguments[0]:
            positional = [keywords.pop(labels_name), predictions]
        else:
            positional = [predictions]
        if weights is not None and weights_name is not None:
            keywords[weights_name] = weights
        return metric_fn(*positional, **keywords)

    return call


def _argument(
    name: str, arguments: tuple[str, ...], candidates: tuple[str, ...], *, required: bool
) -> str | None:
    found = [candidate for candidate in candidates if candidate in arguments]
    if len(found) > 1:
        raise ValueError(
            f"Ambiguous arguments {found} of {name}, must provide only one of {candidates}."
        )
    if required and not found:
        raise ValueError(f"{candidates} missing from {name}({arguments}).")
    return found[0] if found else None


def _function_name(function: Any) -> str:
    if isinstance(function, functools.partial):
        return _function_name(function.func)
    return str(getattr(function, "__name__", function))


def metric_ops(
    metrics: Mapping[Any, Any] | None, features: Any, labels: Any, predictions: Any
) -> dict[str, Any]:
    """The results of `metrics` by name, built in the order of their names.

    Args:
        metrics: a `MetricSpec`, or a function of (predictions, labels), by name, or by (name,
            prediction key) where the predictions are a dict.
        features: tensor or dict of tensors.
        labels: tensor or dict of tensors.
        predictions: tensor or dict of tensors.

    Raises:
        ValueError: a function's key does not suit the predictions.
    """
    only_label = labels
    if isinstance(labels, dict) and len(labels) == 1:
        only_label = next(iter(labels.values()))
    results: dict[str, Any] = {}
    for name, metric in sorted((metrics or {}).items(), key=lambda item: str(item[0])):
        if isinstance(metric, MetricSpec):
            results[name] = metric.create_metric_ops(features, labels, predictions)
            continue
        tf.logging.warning(
            "Please specify metrics using MetricSpec. Using bare functions or (key, fn) tuples is "
            "deprecated."
        )
        if not isinstance(name, tuple):
            if isinstance(predictions, dict):
                raise ValueError(
                    "Metrics passed provide only name, no prediction, but predictions are dict. "
                    f"Metrics: {metrics}, Labels: {only_label}."
                )
            results[name] = metric(predictions, only_label)
            continue
        if len(name) != 2:
            raise ValueError(
                f"Invalid metric for {name}. It returned a tuple with len {len(name)}, expected 2."
            )
        if not isinstance(predictions, dict):
            raise ValueError(
                "Metrics passed provide (name, prediction), but predictions are not dict. "
                f"Metrics: {metrics}, Predictions: {predictions}."
            )
        key = name[1]
        label = labels[key] if isinstance(labels, dict) and key in labels else only_label
        results[name[0]] = metric(predictions[key], label)
    return results
