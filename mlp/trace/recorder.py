"""The recorder that every adapter feeds.

It sees forward passes, their loss terms and updates, in the order they happen, and groups them:
what was computed from a forward pass before an update belongs to that update; forward passes of
which no gradient was used are evaluation. The first updates of the first two epochs are recorded
in full, of all others up to the end of the second epoch the rows' digests, the loss and the rate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from mlp.trace.arena import Arena, same_bits
from mlp.trace.batch import batch_of, evaluation_of, log_of, merged, slim
from mlp.trace.epochs import FULL, LIGHT, OFF, Epochs
from mlp.trace.errors import TraceError
from mlp.trace.record import Batch, Evaluation, Layer, Trace, Update, Variable
from mlp.trace.source import users_line
from mlp.trace.value import Value

__all__ = ["FULL", "LIGHT", "OFF", "Recorder"]

UPDATES = 4
"""Updates recorded in full in each of the first two epochs, unless the caller says otherwise."""

KEEP = 64 * 2**20
"""Bytes of array elements a trace keeps, unless the caller says otherwise; summaries follow."""

MOST_EVALUATIONS = 16
MOST_WAITING = 64
"""Forward passes whose arrays wait for an update; of older ones only the rows' digests do."""


@dataclass
class _Pending:
    """A forward pass that no update has used yet; `graded` is None where that is not known."""

    batch: Batch
    graded: bool | None = None
    total: Mapping[str, Any] = field(default_factory=dict)


class Recorder:
    """Records what a program does, between `watch` and the end of its `with`."""

    def __init__(
        self, *, name: str, framework: str, updates: int = UPDATES, keep: int = KEEP
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
        self.precision = "float32"
        self.updates_made = 0
        self.forwards = 0
        self.updates: list[Update] = []
        self.reach: Callable[[Sequence[str], Sequence[Any]], None] = self.stepped
        """How the values given to `step` become arrays; an adapter that must, puts its own here."""
        self._epochs, self._room, self._arena = Epochs(updates), keep, Arena()
        self._pending: list[_Pending] = []
        self._current: Update | None = None
        self._evaluations: list[Evaluation] = []
        self._log: list[Update] = []

    # What a program tells.

    def epoch(self) -> None:
        """An epoch begins. Without it, an epoch ends where rows are fed again."""
        self._epochs.mark()

    def step(
        self, x: Any = None, y: Any = None, loss: Any = None, *, prediction: Any = None
    ) -> None:
        """What a hand-written loop gives neither to the model nor to the optimizer.

        Args:
            x: inputs, rows first.
            y: targets, as the loss was given them.
            loss: the loss the gradient was taken of.
            prediction: what the loss was given as predictions.
        """
        told = {"x": x, "y": y, "loss": loss, "prediction": prediction}
        given = {name: value for name, value in told.items() if value is not None}
        self.reach(tuple(given), list(given.values()))

    def stepped(self, names: Sequence[str], arrays: Sequence[Any]) -> None:
        """What `step` was given, as arrays."""
        told = dict(zip(names, arrays, strict=True))
        if self.forwards:  # then the model has seen the inputs as the program gave them
            told.pop("x", None)
        self.terms(**told)

    # What adapters tell, in arrays that nobody writes to any more.

    @property
    def level(self) -> int:
        """How much of what happens next is recorded: FULL, LIGHT or OFF."""
        return self._epochs.level

    def expect(self, size: int) -> None:
        """Each update recorded in full will be told by copies of so many bytes."""
        self._arena.reserve(min(2 * self._epochs.full * size, self._room, KEEP))

    def copies(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Copies of arrays that the program goes on to write to."""
        return {name: self._arena.copy(array) for name, array in arrays.items()}

    def before(self, arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Weights before an update: copied where they are not as the last update left them."""
        left = self.updates[-2].after if len(self.updates) > 1 else {}
        held: dict[str, Any] = {}
        for name, array in arrays.items():
            value = left.get(name)
            known = value is not None and value.data is not None and same_bits(value.data, array)
            held[name] = value if known else self._arena.copy(array)
        return held

    def value(self, array: Any) -> Value:
        """An array, not copied, as a value: kept while there is room, summarised from then on."""
        if isinstance(array, Value):
            return array
        array = np.asarray(array)
        keep = array.nbytes <= self._room
        if keep:
            self._room -= array.nbytes
        return Value.of(array, keep)

    def values(self, arrays: Mapping[str, Any] | None) -> dict[str, Value]:
        """Arrays by name as values."""
        return {name: self.value(array) for name, array in (arrays or {}).items()}

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
        batch = replace(batch_of(x=x, prediction=prediction), modes=dict(modes or {}), where=where)
        self._pending.append(_Pending(batch, graded))
        past = self._pending[-2:-1] if graded is False else self._pending[:-MOST_WAITING][-1:]
        for pending in past:
            if pending.graded is not True:
                pending.batch = slim(pending.batch)

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
        told = batch_of(x, y, prediction, loss, sample_weight, regularisation)
        if self._pending:
            self._pending[-1].batch = merged(self._pending[-1].batch, told)
        elif self._current is not None and self._current.batches:
            *first, last = self._current.batches
            self._amend(replace(self._current, batches=(*first, merged(last, told))))
        elif self.level != OFF:
            self._pending.append(_Pending(replace(told, where=users_line())))

    def graded_by(self) -> Callable[[], None]:
        """What to call where the gradient of the last forward pass is being taken."""
        pending = self._pending[-1]

        def taken() -> None:
            pending.graded = True

        return taken

    @property
    def accumulating(self) -> bool:
        """Whether a gradient was taken of which no update was made."""
        return any(pending.graded for pending in self._pending)

    def accumulated(self, total: Mapping[str, Any]) -> None:
        """What the gradients have added up to, before another forward pass adds to them."""
        graded = [pending for pending in self._pending if pending.graded]
        if graded:
            graded[-1].total = total

    def begin_update(self, rate: float | None) -> bool:
        """The optimizer is about to update; whether the update is recorded in full."""
        self.updates_made += 1
        self._current = None
        if self.level != OFF:
            used = [pending for pending in self._pending if pending.graded]
            used = used or [p for p in self._pending if p.graded is None][-1:]
            self._evaluated([p.batch for p in self._pending if p not in used])
            update = Update(0, 0, self.updates_made - 1, tuple(p.batch for p in used), rate=rate)
            self._epochs.fed(update.rows)
            self._begin(update, [p.total for p in used[:-1]])
        self._pending.clear()
        return bool(self.updates) and self.updates[-1] is self._current

    def _begin(self, update: Update, totals: list[Mapping[str, Any]]) -> None:
        level = self.level
        if level == OFF:
            return
        update = replace(update, epoch=self._epochs.epoch, index=self._epochs.index)
        self._epochs.updated()
        if level == FULL:
            self._current = replace(update, micro=tuple(map(self.values, totals)))
            self.updates.append(self._current)
        else:
            self._current = replace(update, batches=tuple(map(slim, update.batches)))
        self._log.append(self._current)

    def end_update(
        self,
        *,
        before: Mapping[str, Any] | None = None,
        gradient: Mapping[str, Any] | None = None,
        raw: Mapping[str, float] | None = None,
        after: Mapping[str, Any] | None = None,
        buffers: Mapping[str, Any] | None = None,
        where: str = "",
    ) -> None:
        """What `begin_update` announced was done, recorded in full."""
        if self._current is None:
            return
        told = {"before": before, "gradient": gradient, "after": after, "buffers": buffers}
        seen: dict[str, Any] = {key: self.values(arrays) for key, arrays in told.items()}
        self._amend(replace(self._current, where=where, raw=dict(raw or {}), **seen))

    def _amend(self, update: Update) -> None:
        """Put an update in the place of the one made last, of which it says more."""
        if self.updates and self.updates[-1] is self._current:
            self.updates[-1] = update
        else:
            update = replace(update, batches=tuple(map(slim, update.batches)))
        self._log[-1] = self._current = update

    def _evaluated(self, batches: Sequence[Batch]) -> None:
        if batches and len(self._evaluations) < MOST_EVALUATIONS:
            self._evaluations.append(evaluation_of(batches, len(self._log)))

    # What is left of it.

    def close(self, cut_off: str = "") -> None:
        """No more is recorded."""
        if not self._epochs.closed:
            self._evaluated([p.batch for p in self._pending if not p.graded])
            self._pending.clear()
            self.cut_off, self._epochs.closed = cut_off, True

    def trace(self) -> Trace:
        """What was recorded so far."""
        ended = self._epochs.epoch + bool(self._epochs.closed and not self.cut_off)
        return Trace(
            name=self.name,
            framework=self.framework,
            optimizer=self.optimizer,
            constants=dict(self.constants),
            variables=self.variables,
            layers=self.layers,
            updates=tuple(self.updates),
            evaluations=tuple(self._evaluations),
            log=log_of(self._log),
            initial_buffers=dict(self.initial_buffers),
            final=dict(self.final),
            precision=self.precision,
            updates_made=self.updates_made,
            epochs_ended=ended,
            cut_off=self.cut_off,
            notes=tuple(self.notes),
        )

    def saw(self) -> dict[str, str | int]:
        """What the run saw, by name; see `Trace.saw`."""
        return self.trace().saw()

    @property
    def weights(self) -> str:
        """A digest of the final weights."""
        return self.trace().weights

    def save(self, path: str | Path) -> Path:
        """Write what was recorded so far as one file."""
        return self.trace().save(path)
