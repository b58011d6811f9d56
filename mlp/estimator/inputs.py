"""From the arguments of `fit`, `evaluate` and `predict` to input and feed functions."""

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

from mlp.estimator.data_feeder import FeedDict, setup_train_data_feeder

InputFn = Callable[[], Any]
FeedFn = Callable[[], FeedDict]


def verify_inputs(
    x: Any, y: Any, input_fn: InputFn | None, feed_fn: FeedFn | None, batch_size: int | None
) -> None:
    """Raise ValueError for inputs that do not go together, as `resolve_inputs` tells."""
    if input_fn is not None:
        if x is not None or y is not None:
            raise ValueError("Can not provide both input_fn and x or y.")
        if batch_size is not None:
            raise ValueError("Can not provide both input_fn and batch_size.")
        return
    if x is None:
        raise ValueError("Either x or input_fn must be provided.")
    if tf.is_tensor(x) or (y is not None and tf.is_tensor(y)):
        raise ValueError("Inputs cannot be tensors. Please provide input_fn.")
    if feed_fn is not None:
        raise ValueError("Can not provide both feed_fn and x or y.")


def resolve_inputs(
    x: Any,
    y: Any,
    input_fn: InputFn | None,
    feed_fn: FeedFn | None,
    batch_size: int | None,
    *,
    training: bool,
) -> tuple[InputFn, FeedFn | None]:
    """The input function given, or one made for `x` and `y`, and what feeds it.

    To train, rows are shuffled and never end; otherwise they come once, in order.

    Raises:
        ValueError: both or neither of `x` and `input_fn`, tensors for `x` or `y`, `feed_fn` with
            `x`, or `batch_size` with `input_fn`.
    """
    verify_inputs(x, y, input_fn, feed_fn, batch_size)
    if input_fn is not None:
        return input_fn, feed_fn
    epochs = None if training else 1
    feeder = setup_train_data_feeder(x, y, None, batch_size, shuffle=training, epochs=epochs)
    return feeder.input_builder, feeder.get_feed_dict_fn()
