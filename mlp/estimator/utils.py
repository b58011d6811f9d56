"""Serving inputs, as ``learn.utils`` had them: to build them. Export itself is not here."""

import collections
from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

InputFnOps = collections.namedtuple("InputFnOps", ["features", "labels", "default_inputs"])
"""What a serving input function returns: features, labels (None) and the placeholders to feed."""


def build_parsing_serving_input_fn(
    feature_spec: dict[str, Any], default_batch_size: int | None = None
) -> Callable[[], InputFnOps]:
    """An input function that is fed serialized ``tf.Example``s, and parses them by the spec."""

    def input_fn() -> InputFnOps:
        examples = tf.placeholder(tf.string, [default_batch_size], name="input_example_tensor")
        features = tf.parse_example(examples, feature_spec)
        return InputFnOps(features, None, {"examples": examples})

    return input_fn


def build_default_serving_input_fn(
    features: dict[str, Any], default_batch_size: int | None = None
) -> Callable[[], InputFnOps]:
    """An input function that is fed features like these tensors."""

    def input_fn() -> InputFnOps:
        placeholders = {
            key: tf.placeholder(
                tensor.dtype,
                [default_batch_size, *tensor.shape.as_list()[1:]],
                name=tensor.op.name,
            )
            for key, tensor in features.items()
        }
        return InputFnOps(placeholders, None, placeholders)

    return input_fn
