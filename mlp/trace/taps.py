"""Taps on TensorFlow values: in eager code they are looked at, in a graph an operation does so.

A tap in a graph runs only while it is wanted: it is guarded by a variable that holds the recorder's
level, so that a traced function goes on at nearly its own pace once the watched updates are over.
A tap reads and never returns anything to the program, which therefore computes what it computed.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from mlp.trace.epochs import OFF
from mlp.trace.recorder import Recorder


class Taps:
    """The taps of one model. They outlast a watch, as functions traced during it do."""

    def __init__(self) -> None:
        self.recorder: Recorder | None = None
        self.stash: dict[str, Any] = {}
        self.in_optimizer: set[str] = set()
        self._now = OFF
        self._level = tf.Variable(OFF, trainable=False, dtype=tf.int32, name="watched")
        self._last: tuple[weakref.ref[Any], Any] | None = None

    def set_level(self, level: int | None = None) -> None:
        """Watch at a level from now on; at the recorder's own if none is given."""
        if level is None:
            level = OFF if self.recorder is None else self.recorder.level
        if level != self._now:
            self._now = level
            self._level.assign(level)

    def tap(
        self,
        least: int,
        deliver: Callable[..., None],
        tensors: Sequence[Any],
        variables: Sequence[Any] = (),
    ) -> None:
        """Deliver tensors and the variables' present values, as arrays, where the level is met.

        The arrays are the program's own: what is delivered is copied by whoever keeps it.
        """
        if tf.executing_eagerly():
            if self._now >= least:
                arrays = [_array(tensor) for tensor in tensors]
                deliver(*arrays, *[_array(variable) for variable in variables])
            return

        def run(*arrays: Any) -> Any:
            if self.recorder is not None:
                deliver(*arrays)
            return np.int32(0)

        def seen() -> Any:
            values = [tf.convert_to_tensor(variable) for variable in variables]
            again: dict[Any, Any] = {}
            told = [_again(tf.convert_to_tensor(tensor), again) for tensor in tensors]
            return tf.numpy_function(run, [*told, *values], tf.int32)

        with tf.control_dependencies(self._before_in_graph()):
            level = self._level.read_value()
            done = tf.cond(level >= least, seen, lambda: tf.constant(0))
        self._last = (weakref.ref(done.graph), done.op)

    def _before_in_graph(self) -> list[Any]:
        """The tap before this one, if it is in the same graph: taps run in the program's order."""
        if self._last is None:
            return []
        graph, operation = self._last
        return [operation] if graph() is tf.constant(0).graph else []


_ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "Identity": lambda x: x,
    "Neg": tf.negative,
    "Mul": tf.multiply,
    "RealDiv": tf.divide,
    "Sub": tf.subtract,
    "Add": tf.add,
    "AddV2": tf.add,
    "AddN": lambda *terms: tf.add_n(terms),
}


def _again(tensor: Any, done: dict[Any, Any]) -> Any:
    """A graph's tensor, its last sums and products computed anew.

    TensorFlow's optimizer of graphs rewrites sums and products that have one consumer. A tap would
    be a second one, which would change what the program computes in the last bit.
    """
    key = tensor.ref()
    if key not in done:
        compute = _ELEMENTWISE.get(tensor.op.type)
        if compute is None or len(tensor.op.inputs) == 0:
            done[key] = tensor
        else:
            done[key] = compute(*[_again(term, done) for term in tensor.op.inputs])
    return done[key]


def _array(value: Any) -> Any:
    return tf.convert_to_tensor(value).numpy()
