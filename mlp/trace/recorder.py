"""The recorder that every adapter feeds, and that a NumPy, JAX or scikit-learn loop feeds by hand.

It sees forward passes, their loss terms and updates, in the order they happen, and groups them:
what was computed from a forward pass before an update belongs to that update; forward passes of
which no gradient was used are evaluation. The first updates of the first two epochs are recorded
in full, of all others up to the end of the second epoch the rows' digests, the loss and the rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mlp.trace.errors import TraceError
from mlp.trace.record import Batch, Evaluation, Layer, Log, Trace, Update, Variable
from mlp.trace.source import users_line
from mlp.trace.value import Value, row_digests

UPDATES = 4
"""Updates recorded in full in each of the first two epochs, unless the caller says otherwise."""

KEEP = 64 * 2**20
"""Bytes of array elements a trace keeps, unless the caller says otherwise; summaries follow."""

MOST_LOGGED = 20_000
"""Updates of which the rows' digests are kept: about 10 MB with batches of 64."""

MOST_EVALUATIONS = 16
OFF, LIGHT, FULL = 0, 1, 2


@dataclass
class _Pending:
    """A forward pass that no update has used yet; `graded` is None where that is not known."""

    batch: Batch
    graded: bool | None = None
    raw: dict[str, Value] = field(default_factory=dict)


class Recorder:
    """Records what a program does, between `watch` and the end of its `with`."""

    def __init__(
        self, *, name: str, framework: str = "", updates: int = UPDATES, keep: int = KEEP
    ) -> None:
        if updates < 1:
            raise TraceError(f"updates must be at least 1; got {updates}: give more")
        self.name, self.framework = name, framework
        self.optimizer = ""
        self.constants: dict[str, float] = {}
        self.variables: tuple[Variable, ...] = ()
        self.layers: tuple[Layer, ...] = ()
        self.initial_buffers: dict[str, Value] = {}
        self.final: dict[str, str] = {}
        self.notes: list[str] = []
        self.cut_off = ""
        self.updates_made = 0
        self.forwards = 0
        self._each_epoch, self._room = updates, keep
        self._epoch, self._in_epoch, self._marked, self._ended = 0, 0, False, 0
        self._rows_of_epoch: set[int] = set()
        self._pending: list[_Pending] = []
        self._current: Update | None = None
        self._updates: list[Update] = []
        self._evaluations: list[Evaluation] = []
        self._log: list[tuple[int, np.ndarray, np.ndarray | None, float, float]] = []
        self._closed = False

    @property
    def level(self) -> int:
        """How much of what happens next is recorded: FULL, LIGHT or OFF."""
        if self._closed or self._epoch > 1 or len(self._log) >= MOST_LOGGED:
            return OFF
        return FULL if self._in_epoch < self._each_epoch else LIGHT

    # What adapters tell.

    def value(self, array: Any) -> Value:
        """An array as a value: kept while there is room, summarised from then on."""
        array = np.array(array)
        keep = array.nbytes <= self._room
        if keep:
            self._room -= array.nbytes
        return Value.of(array, keep)

    def values(self, arrays: Mapping[str, Any]) -> dict[str, Value]:
        """Arrays by name as values."""
        return {name: self.value(array) for name, array in arrays.items()}

    def forward(
        self,
        x: Any,
        *,
        prediction: Any = None,
        modes: Mapping[str, bool] | None = None,
        graded: bool | None = None,
        where: str = "",
    ) -> None:
        """The model was called with `x`."""
        self.forwards += 1
        if self.level == OFF:
            return
        seen = None if x is None else np.array(x)
        batch = Batch(
            x=None if seen is None else Value.of(seen),
            x_rows=None if seen is None else row_digests(seen),
            prediction=None if prediction is None else Value.of(np.array(prediction)),
            modes=dict(modes or {}),
            where=where,
        )
        if len(self._pending) > 1 and self._pending[-2].graded is False:
            self._slim(self._pending[-2])
        self._pending.append(_Pending(batch, graded))

    @staticmethod
    def _slim(pending: _Pending) -> None:
        pending.batch = replace(pending.batch, x=None, y=None, prediction=None)

    def graded(self, raw: Mapping[str, Any] | None = None, place: int = -1) -> None:
        """The gradient of a pending forward pass was taken; `raw` is what it added up to."""
        if not self._pending:
            return
        pending = self._pending[place]
        pending.graded = True
        if raw:
            pending.raw = self.values(raw)

    def terms(
        self,
        y: Any = None,
        *,
        loss: Any = None,
        prediction: Any = None,
        sample_weight: Any = None,
        regularisation: Any = None,
        x: Any = None,
    ) -> None:
        """What the loss of the last forward pass was made of."""
        seen: dict[str, Any] = {}
        for key, given in (("x", x), ("y", y)):
            if given is not None:
                seen |= {key: Value.of(np.array(given)), f"{key}_rows": row_digests(given)}
        for key, given in (("prediction", prediction), ("sample_weight", sample_weight)):
            if given is not None:
                seen[key] = Value.of(np.array(given))
        for key, given in (("loss", loss), ("regularisation", regularisation)):
            if given is not None:
                seen[key] = float(np.mean(np.asarray(given, np.float64)))
        if self._pending:
            self._pending[-1].batch = replace(self._pending[-1].batch, **seen)
        elif self._current is not None and self._current.batches:
            self._tell_last(seen)
        elif self.level != OFF:
            self._pending.append(_Pending(Batch(where=users_line(), **seen)))

    def _tell_last(self, seen: dict[str, Any]) -> None:
        """Loss terms told after the update they belong to."""
        assert self._current is not None
        *first, last = self._current.batches
        told = replace(self._current, batches=(*first, replace(last, **seen)))
        if self._updates and self._updates[-1] is self._current:
            self._updates[-1] = told
        self._current = told
        if self._log:
            epoch, x, _, _, rate = self._log[-1]
            loss = float("nan") if told.loss is None else told.loss
            self._log[-1] = (epoch, x, told.targets, loss, rate)

    def begin_update(self, rate: float | None) -> bool:
        """The optimizer is about to update; whether the update is recorded in full."""
        self.updates_made += 1
        if self.level == OFF:
            self._pending.clear()
            return False
        used = [pending for pending in self._pending if pending.graded]
        used = used or [p for p in self._pending if p.graded is None][-1:]
        self._evaluated([p.batch for p in self._pending if p not in used])
        batches = tuple(pending.batch for pending in used)
        update = Update(self._epoch, self._in_epoch, self.updates_made - 1, batches, rate=rate)
        self._infer_epoch(update.rows)
        if self.level == OFF:
            self._pending.clear()
            return False
        full = self.level == FULL
        raw = used[-1].raw if used else {}
        micro = tuple(pending.raw for pending in used) if len(used) > 1 else ()
        self._current = replace(
            update, epoch=self._epoch, index=self._in_epoch, raw=raw, micro=micro
        )
        rows = np.empty(0, np.uint64) if update.rows is None else update.rows
        loss, nan = update.loss, float("nan")
        entry = (self._epoch, rows, update.targets)
        self._log.append((*entry, nan if loss is None else loss, nan if rate is None else rate))
        self._in_epoch += 1
        self._pending.clear()
        if not full:
            self._current = replace(
                self._current, batches=tuple(replace(b, x=None, y=None) for b in batches)
            )
        return full

    def end_update(
        self,
        *,
        before: Mapping[str, Any] | None = None,
        gradient: Mapping[str, Any] | None = None,
        raw: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        buffers: Mapping[str, Any] | None = None,
        where: str = "",
    ) -> None:
        """What `begin_update` announced was done, recorded in full."""
        if self._current is None:
            return
        told = {"before": before, "gradient": gradient, "after": after, "buffers": buffers}
        seen: dict[str, Any] = {key: self.values(arrays or {}) for key, arrays in told.items()}
        if raw:
            seen["raw"] = self.values(raw)
        self._current = replace(self._current, where=where, **seen)
        self._updates.append(self._current)

    def _infer_epoch(self, rows: np.ndarray | None) -> None:
        """Begin an epoch where half of a batch was fed before in this one; marks overrule it."""
        if self._marked or rows is None:
            return
        fed = rows.tolist()
        again = sum(row in self._rows_of_epoch for row in fed)
        if self._in_epoch and 2 * again >= len(fed):
            self._next_epoch()
        self._rows_of_epoch.update(fed)

    def _next_epoch(self) -> None:
        self._ended += 1
        self._epoch += 1
        self._in_epoch = 0
        self._rows_of_epoch = set()

    def _evaluated(self, batches: Sequence[Batch]) -> None:
        if not batches or len(self._evaluations) >= MOST_EVALUATIONS:
            return
        rows = [batch.x_rows for batch in batches if batch.x_rows is not None]
        losses = [batch.loss for batch in batches if batch.loss is not None]
        self._evaluations.append(
            Evaluation(
                after=len(self._log),
                batches=len(batches),
                rows=np.concatenate(rows) if rows else np.empty(0, np.uint64),
                modes=batches[-1].modes,
                loss=sum(losses) / len(losses) if losses else None,
                where=batches[-1].where,
            )
        )

    # What a program tells.

    def epoch(self) -> None:
        """An epoch begins. Without it, an epoch ends where rows are fed again."""
        if self.level == OFF:
            return
        if not self._marked and self._in_epoch and self._epoch == 0:
            self._marked = True
            self._next_epoch()
        elif self._in_epoch:
            self._next_epoch()
        self._marked = True

    def step(
        self,
        x: Any = None,
        y: Any = None,
        loss: Any = None,
        *,
        prediction: Any = None,
        weights: Mapping[str, Any] | Sequence[Any] | None = None,
        gradients: Mapping[str, Any] | Sequence[Any] | None = None,
        after: Mapping[str, Any] | Sequence[Any] | None = None,
        rate: float | None = None,
        training: bool | None = None,
    ) -> None:
        """One step by hand: what `watch` cannot see, or, with `weights`, a whole update.

        Args:
            x: inputs, rows first.
            y: targets, as the loss was given them.
            loss: the loss the gradient was taken of.
            prediction: what the model answered.
            weights: the weights before the update, by name or in order.
            gradients: the gradients, likewise.
            after: the weights after the update, likewise; without it the next step's `weights`.
            rate: the learning rate.
            training: whether the model was in training mode.
        """
        if self.framework != "by hand":
            self.terms(y, loss=loss, prediction=prediction)
            return
        modes = {} if training is None else {"model": training}
        self.forward(x, prediction=prediction, modes=modes, graded=True, where=users_line())
        self.terms(y, loss=loss)
        before = _named(weights)
        if self._updates and not self._updates[-1].after and before:
            self._updates[-1] = replace(self._updates[-1], after=self.values(before))
        if before and not self.variables:
            self.variables = tuple(Variable(n, np.shape(w)) for n, w in before.items())
        if self.begin_update(rate):
            self.end_update(
                before=before, gradient=_named(gradients), after=_named(after), where=users_line()
            )
        if after is not None:
            self.final = {name: Value.of(w).digest for name, w in _named(after).items()}

    def evaluated(self, x: Any, *, loss: Any = None, training: bool | None = None) -> None:
        """Rows on which the model was evaluated by hand."""
        modes = {} if training is None else {"model": training}
        self.forward(x, modes=modes, graded=False, where=users_line())
        self.terms(loss=loss)

    # What is left of it.

    def close(self, cut_off: str = "") -> None:
        """No more is recorded."""
        if self._closed:
            return
        self._evaluated([p.batch for p in self._pending if not p.graded])
        self._pending.clear()
        self.cut_off, self._closed = cut_off, True

    def trace(self) -> Trace:
        """What was recorded so far."""
        unseen = not self._log or any(y is None for _, _, y, _, _ in self._log)
        columns = list(zip(*self._log, strict=True)) or [(), (), (), (), ()]
        joined = [np.concatenate(c) if c else np.empty(0, np.uint64) for c in (columns[1],)]
        targets = np.empty(0, np.uint64) if unseen else np.concatenate(columns[2])
        log = Log(
            epoch=np.array(columns[0], np.int64),
            sizes=np.array([len(rows) for rows in columns[1]], np.int64),
            x=joined[0],
            y=targets,
            loss=np.array(columns[3], np.float64),
            rate=np.array(columns[4], np.float64),
        )
        return Trace(
            name=self.name,
            framework=self.framework,
            optimizer=self.optimizer,
            constants=dict(self.constants),
            variables=self.variables,
            layers=self.layers,
            updates=tuple(self._updates),
            evaluations=tuple(self._evaluations),
            log=log,
            initial_buffers=self.initial_buffers,
            final=dict(self.final),
            updates_made=self.updates_made,
            epochs_ended=self._ended,
            cut_off=self.cut_off,
            notes=tuple(self.notes),
        )

    def saw(self) -> dict[str, Any]:
        """What the run saw, as plain data; see `Trace.saw`."""
        return self.trace().saw()


def _named(arrays: Mapping[str, Any] | Sequence[Any] | None) -> dict[str, Any]:
    if arrays is None:
        return {}
    if isinstance(arrays, Mapping):
        return dict(arrays)
    return {f"variable {place}": array for place, array in enumerate(arrays)}
