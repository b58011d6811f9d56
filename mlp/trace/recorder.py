"""The recorder that every adapter feeds.

It sees forward passes, their loss terms and updates, in the order they happen, and groups them:
what was computed from a forward pass before an update belongs to that update; forward passes of
which no gradient was used are evaluation. The first updates of the first two epochs are recorded
in full, of all others up to the end of the second epoch the rows' digests, the loss and the rate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlp.trace.batch import batch_of, evaluation_of, log_of, merged, slim
from mlp.trace.epochs import FULL, LIGHT, OFF, Epochs
from mlp.trace.errors import TraceError
from mlp.trace.keeper import KEEP, Keeper
from mlp.trace.record import Batch, Evaluation, Layer, Trace, Update, Variable, joined_rows
from mlp.trace.source import users_line
from mlp.trace.value import Value
from mlp.trace.waiting import Pass, Waiting

__all__ = ["FULL", "KEEP", "LIGHT", "OFF", "UPDATES", "Recorder"]

UPDATES = 4
"""Updates recorded in full in each of the first two epochs, unless the caller says otherwise."""

MOST_EVALUATIONS = 16


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
        self.keeper = Keeper(keep)
        self._epochs = Epochs(updates)
        self._waiting = Waiting()
        self._current: Update | None = None
        self._evaluations: list[Evaluation] = []
        self._log: list[Update] = []
        self._unused = 0

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
        self.keeper.expect(2 * self._epochs.full * size)

    def before(self, arrays: Mapping[str, Any]) -> dict[str, Any]:
        """Weights before an update: copied where they are not as the last update left them."""
        left = self.updates[-2].after if len(self.updates) > 1 else {}
        return self.keeper.changed(arrays, left)

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
        batch = batch_of(x=x, prediction=prediction, modes=modes, where=where)
        self._waiting.add(batch, graded)

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
        if self._waiting.tell(told):
            return
        if self._current is not None and self._current.batches:
            *first, last = self._current.batches
            self._amend(replace(self._current, batches=(*first, merged(last, told))))
        elif self.level != OFF:
            self._waiting.add(replace(told, where=users_line()), None)

    def graded_by(self) -> Callable[[], None]:
        """What to call where the gradient of the last forward pass is being taken."""
        return self._waiting.graded_by()

    @property
    def accumulating(self) -> bool:
        """Whether a gradient was taken of which no update was made."""
        return bool(self._waiting.graded)

    def accumulated(self, total: Mapping[str, Any]) -> None:
        """What the gradients have added up to, before another forward pass adds to them."""
        self._waiting.graded[-1].total = total

    def dropped(self) -> None:
        """The gradients of forward passes were zeroed before an update was made of them."""
        self._unused += len(self._waiting.graded)
        self._evaluated([p.batch for p in self._waiting.clear()])

    def begin_update(self, rate: float | None, counted: int | None = None) -> bool:
        """The optimizer is about to update; whether the update is recorded in full.

        Args:
            rate: the learning rate.
            counted: how many updates the optimizer itself counts so far.
        """
        self.updates_made += 1
        self._current = None
        if self.level != OFF:
            used, others = self._waiting.take()
            self._evaluated([p.batch for p in others])
            self._epochs.fed(joined_rows([p.batch.x_rows for p in used]))
            self._begin(used, rate, counted)
        return bool(self.updates) and self.updates[-1] is self._current

    def _begin(self, used: Sequence[Pass], rate: float | None, counted: int | None) -> None:
        """Take up an update, computed from these forward passes; their rows may end an epoch."""
        if self.level == OFF:
            return
        full = self.level == FULL
        self._current = Update(
            epoch=self._epochs.epoch,
            index=self._epochs.index,
            number=self.updates_made - 1,
            batches=tuple(p.batch if full else slim(p.batch) for p in used),
            micro=tuple(self.keeper.values(p.total) for p in used[:-1]) if full else (),
            rate=rate,
            counted=counted,
        )
        self._epochs.updated()
        if full:
            self.updates.append(self._current)
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
        scale: float = 1.0,
        rates: Mapping[str, float] | None = None,
    ) -> None:
        """What `begin_update` announced was done, recorded in full."""
        if self._current is None:
            return
        told = {"before": before, "gradient": gradient, "after": after, "buffers": buffers}
        seen: dict[str, Any] = {key: self.keeper.values(arrays) for key, arrays in told.items()}
        seen |= {"raw": dict(raw or {}), "rates": dict(rates or {})}
        self._amend(replace(self._current, where=where, scale=scale, **seen))

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
            self.dropped()
            if self._unused and not cut_off and self.updates_made:
                self.notes.append(_unused(self.name, self._unused))
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
        """A digest of the final weights; see `Trace.weights`."""
        return self.trace().weights

    def save(self, path: str | Path) -> Path:
        """Write what was recorded so far as one file."""
        return self.trace().save(path)


def _unused(name: str, count: int) -> str:
    passes = "a forward pass" if count == 1 else f"{count} forward passes"
    return (
        f"{name}: of {passes} a gradient was taken and the watched optimizer made no update of it: "
        "another optimizer made it (one made anew in each epoch is not seen), the AMP scaler "
        "skipped the step, or zero_grad() came before it"
    )
