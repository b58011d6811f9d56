"""Batches as they become known, and the log that is left of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mlp.trace.record import Batch, Evaluation, Log, Update
from mlp.trace.value import Value, row_digests

UNSEEN = float("nan")


def batch_of(
    x: Any = None,
    y: Any = None,
    prediction: Any = None,
    loss: Any = None,
    sample_weight: Any = None,
    regularisation: Any = None,
    modes: Mapping[str, bool] | None = None,
    where: str = "",
) -> Batch:
    """A batch of which only these are known."""

    def value(array: Any) -> Value | None:
        return None if array is None else Value.of(array)

    def number(array: Any) -> float | None:
        return None if array is None else float(np.mean(np.asarray(array, np.float64)))

    return Batch(
        x=value(x),
        y=value(y),
        prediction=value(prediction),
        sample_weight=value(sample_weight),
        loss=number(loss),
        regularisation=number(regularisation),
        modes=dict(modes or {}),
        where=where,
        x_rows=None if x is None else row_digests(x),
        y_rows=None if y is None else row_digests(y),
    )


def merged(batch: Batch, told: Batch) -> Batch:
    """A batch of which more is known."""
    known = {name: v for name, v in vars(told).items() if v is not None and name != "where"}
    return replace(batch, **{name: v for name, v in known.items() if name != "modes" or v})


def slim(batch: Batch) -> Batch:
    """A batch without its arrays; the rows' digests stay."""
    return replace(batch, x=None, y=None, prediction=None, sample_weight=None)


def evaluation_of(batches: Sequence[Batch], after: int) -> Evaluation:
    """Forward passes of which no gradient was used, after so many updates."""
    rows = [batch.x_rows for batch in batches if batch.x_rows is not None]
    losses = [batch.loss for batch in batches if batch.loss is not None]
    return Evaluation(
        after=after,
        batches=len(batches),
        rows=np.concatenate(rows) if rows else np.empty(0, np.uint64),
        modes=batches[-1].modes,
        loss=sum(losses) / len(losses) if losses else None,
        where=batches[-1].where,
    )


def log_of(updates: Sequence[Update]) -> Log:
    """The log of updates, one row each."""
    rows = [np.empty(0, np.uint64) if u.rows is None else u.rows for u in updates]
    targets = [u.targets for u in updates]
    seen = [t for t in targets if t is not None]
    whole = len(seen) == len(targets) > 0
    return Log(
        epoch=np.array([u.epoch for u in updates], np.int64),
        sizes=np.array([len(r) for r in rows], np.int64),
        x=np.concatenate(rows) if rows else np.empty(0, np.uint64),
        y=np.concatenate(seen) if whole else np.empty(0, np.uint64),
        loss=np.array([UNSEEN if u.loss is None else u.loss for u in updates], np.float64),
        rate=np.array([UNSEEN if u.rate is None else u.rate for u in updates], np.float64),
    )
