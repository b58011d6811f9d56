"""First divergence: where two training programs part, step by step.

>>> from mlp.trace import first_divergence, watch
>>> with watch(model, optimizer) as mine: train()
>>> print(first_divergence(mine, "theirs.trace"))
"""

from __future__ import annotations

from mlp.trace.divergence import first_divergence
from mlp.trace.errors import TraceError
from mlp.trace.file import load, save
from mlp.trace.ladder import Divergence
from mlp.trace.page import write_page
from mlp.trace.picture import draw_picture
from mlp.trace.record import Trace
from mlp.trace.watch import record, watch

__all__ = [
    "Divergence",
    "Trace",
    "TraceError",
    "draw_picture",
    "first_divergence",
    "load",
    "record",
    "save",
    "watch",
    "write_page",
]
