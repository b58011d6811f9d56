"""The first weights of a trace, for another program to begin from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mlp.trace.errors import TraceError
from mlp.trace.record import UNSURE, Trace


def matched(
    start: Trace, shapes: Mapping[str, tuple[int, ...]], trainable: bool, to: str
) -> dict[str, np.ndarray]:
    """The first value of each variable of the trace, by the name of its counterpart in order.

    Args:
        start: the trace.
        shapes: of the other program's variables, by name and in its order.
        trainable: its trainable variables; else its buffers.
        to: its framework.

    Raises:
        TraceError: the trace holds no such values, or they do not fit.
    """
    first = start.first_weights if trainable else start.initial_buffers
    names = [v.name for v in start.variables if v.trainable == trainable and v.name in first]
    if not trainable and not names:
        return {}
    if not names:
        raise TraceError(
            f"start needs a trace that holds the weights before the first update; {start.name} "
            "holds none: record it with watch"
        )
    if to != start.framework and any(v.rows == UNSURE for v in start.variables):
        raise TraceError(
            f"start needs to know how {start.name} flattens its convolution, which it did not see: "
            "copy the weights yourself, and leave start out"
        )
    there = [first[name].shape for name in names]
    if there != list(shapes.values()):
        raise TraceError(
            f"start needs variables of the same shapes in the same order; {start.name} has "
            f"{_list(there)}, the model {_list(shapes.values())}"
        )
    values = [first[name].data for name in names]
    if any(value is None for value in values):
        raise TraceError(
            f"start needs the values of the first weights; {start.name} keeps summaries only: "
            "record it with a larger keep="
        )
    return {name: v for name, v in zip(shapes, values, strict=True) if v is not None}


def _list(shapes: object) -> str:
    told = [str(tuple(shape)) for shape in shapes]  # type: ignore[attr-defined]
    return ", ".join(told[:4]) + (f" and {len(told) - 4} more" if len(told) > 4 else "")
