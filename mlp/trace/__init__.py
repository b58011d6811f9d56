"""First divergence: where two training programs part, step by step.

>>> from mlp.trace import first_divergence, watch
>>> with watch(model, optimizer) as mine: train()
>>> print(first_divergence(mine, "theirs.trace"))
"""

from __future__ import annotations

from mlp.trace.divergence import Divergence, first_divergence
from mlp.trace.errors import TraceError
from mlp.trace.file import load
from mlp.trace.record import Trace
from mlp.trace.watch import record, watch

__all__ = ["Divergence", "Trace", "TraceError", "first_divergence", "load", "record", "watch"]
