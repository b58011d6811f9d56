"""What a run saw, as plain values by name: for checks that a manipulation acted, and only it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from mlp.trace.record import Trace, Update


def seen(trace: Trace) -> dict[str, str | int | float]:
    """The values a trace shows, under names that do not change; what was not seen is left out.

    `order`: digest of the rows in the order they were fed, over the first two epochs.
    `rows`: digest of the distinct rows of the first epoch, in no order.
    `distinct_rows`, `batches`, `batch_size`: of the first epoch; its distinct rows, its updates,
    and the rows of its first.
    `targets`: digest of the targets, in the order they were fed.
    `updates`: updates made in all.
    `init`: digest of the weights before the first update.
    `first_loss`, `first_rate`: loss and learning rate of the first update.
    `training`: layers that heed the mode and were in training mode in the first update.
    `evaluated_rows`: rows that were evaluated between the updates, or after them.
    """
    first = trace.updates[0] if trace.updates else Update(0, 0, 0)
    found: dict[str, str | int | float] = {"updates": trace.updates_made}
    rows = trace.log.rows(0)
    if len(rows):
        distinct = np.unique(rows)
        found |= {
            "order": _digest([trace.log.x]),
            "rows": _digest([distinct]),
            "distinct_rows": len(distinct),
            "batches": int((trace.log.epoch == 0).sum()),
            "batch_size": int(trace.log.sizes[0]),
        }
    if len(trace.log.y):
        found["targets"] = _digest([trace.log.y])
    if first.before:
        found["init"] = _digest(v.digest.encode() for v in first.before.values())
    for name, value in (("first_loss", first.loss), ("first_rate", first.rate)):
        if value is not None and np.isfinite(value):
            found[name] = float(value)
    modes = first.batches[-1].modes if first.batches else {}
    if modes:
        found["training"] = sum(modes.values())
    if trace.evaluations:
        found["evaluated_rows"] = sum(len(evaluation.rows) for evaluation in trace.evaluations)
    return found


def _digest(parts: Iterable[np.ndarray | bytes]) -> str:
    told = hashlib.sha256()
    for part in parts:
        told.update(part if isinstance(part, bytes) else part.astype("<u8").tobytes())
    return told.hexdigest()
