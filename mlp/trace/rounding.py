"""What rounding explains: tolerances from the type, the depth, the sums, and a measured repeat.

A sum of k terms in a type of unit u is off by about u sqrt(k) of its size; L layers of such sums,
there and back, by about 2 L times that (Higham, Accuracy and Stability of Numerical Algorithms,
2002, section 2.8 on the statistical estimate). Four times as much is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlp.trace.record import Trace
from mlp.trace.value import Value, distance

_UNITS = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}


@dataclass(frozen=True)
class Rounding:
    """`unit` is the type's, `relative` what a loss or a gradient may be off by.

    `travel` is the share of the way from the first weights by which later weights may lie apart,
    for later updates to be compared at all: rounding that an optimizer as Adam magnifies.
    """

    unit: float
    relative: float
    travel: float = 1e-3

    def weights(self, value: Value, i: int) -> float:
        """How far a variable before update `i` may lie from its counterpart."""
        return 2 * self.unit * (1 + i) * value.norm


def rounding_of(a: Trace, b: Trace, repeat: Trace | None = None) -> Rounding:
    """The tolerances for two traces; a repeat of one of them can only widen them."""
    unit = max(_unit(a), _unit(b))
    kernels = [v.shape for v in a.trainable if len(v.shape) > 1]
    rows = int(max((*a.log.sizes, *b.log.sizes), default=1))
    widest = max([rows, *[int(np.prod(shape[:-1])) for shape in kernels]])
    relative = 4 * unit * 2 * (len(kernels) + 1) * float(np.sqrt(widest))
    return Rounding(unit, max(relative, 4 * _measured(a, b, repeat)))


def _unit(trace: Trace) -> float:
    """The unit of the coarser of two types: that of the weights and that of predictions."""
    found = [value.dtype for update in trace.updates for value in update.before.values()]
    return max(_UNITS.get(dtype, 0.0) for dtype in ("float64", trace.precision, *found))


def _measured(a: Trace, b: Trace, repeat: Trace | None) -> float:
    """The largest relative difference between the first update of a run and of its repeat."""
    if repeat is None or not repeat.updates:
        return 0.0
    run = a if a.name == repeat.name or b.name != repeat.name else b
    if not run.updates:
        return 0.0
    first, again = run.updates[0], repeat.updates[0]
    gaps = [
        distance(value, again.gradient[name]) / (value.norm or 1.0)
        for name, value in first.gradient.items()
        if name in again.gradient and again.gradient[name].shape == value.shape
    ]
    if first.loss is not None and again.loss is not None:
        gaps.append(abs(first.loss - again.loss) / (abs(first.loss) or 1.0))
    return float(max(gaps, default=0.0))
