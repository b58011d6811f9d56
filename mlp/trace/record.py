"""What a watched program did: a `Trace`, made by a recorder, plain data from then on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mlp.trace.value import Value


@dataclass(frozen=True)
class Variable:
    """A variable of the model; `shape` is channels-last, inputs before outputs, as Keras has it.

    `constants` are those by which the optimizer updates it; empty: those of the trace.
    """

    name: str
    shape: tuple[int, ...]
    trainable: bool = True
    in_optimizer: bool = True
    constants: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Layer:
    """A layer whose behaviour depends on more than its variables, with its settings."""

    name: str
    kind: str
    settings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Batch:
    """One forward pass whose gradient was used. What was not seen is None."""

    x: Value | None = None
    y: Value | None = None
    prediction: Value | None = None
    sample_weight: Value | None = None
    loss: float | None = None
    regularisation: float | None = None
    modes: Mapping[str, bool] = field(default_factory=dict)
    x_rows: np.ndarray | None = None
    y_rows: np.ndarray | None = None
    where: str = ""


@dataclass(frozen=True, eq=False)
class Update:
    """One update of the variables. Arrays are by the name of the variable.

    `gradient` is what the update rule was given, `raw` the norms of what the backward pass left,
    where they were seen apart, `micro` what the gradient had added up to after each but the last
    of several batches. `buffers` are as after the update. `counted` is how many updates the
    optimizer itself counts before this one, `scale` the factor by which AMP scaled the loss.
    `rates` are the learning rates of variables, where they have not all the one `rate`.
    """

    epoch: int
    index: int
    number: int
    batches: tuple[Batch, ...] = ()
    before: Mapping[str, Value] = field(default_factory=dict)
    gradient: Mapping[str, Value] = field(default_factory=dict)
    raw: Mapping[str, float] = field(default_factory=dict)
    micro: tuple[Mapping[str, Value], ...] = ()
    after: Mapping[str, Value] = field(default_factory=dict)
    buffers: Mapping[str, Value] = field(default_factory=dict)
    rate: float | None = None
    where: str = ""
    counted: int | None = None
    scale: float = 1.0
    rates: Mapping[str, float] = field(default_factory=dict)

    @property
    def loss(self) -> float | None:
        """The mean of its batches' losses; None if one was not seen."""
        losses = [batch.loss for batch in self.batches]
        seen = [loss for loss in losses if loss is not None]
        return sum(seen) / len(seen) if seen and len(seen) == len(losses) else None

    @property
    def rows(self) -> np.ndarray | None:
        """Digests of the rows it was computed from, in order; None if one was not seen."""
        return joined_rows([batch.x_rows for batch in self.batches])

    @property
    def targets(self) -> np.ndarray | None:
        """Digests of their targets, likewise."""
        return joined_rows([batch.y_rows for batch in self.batches])


def joined_rows(parts: list[np.ndarray | None]) -> np.ndarray | None:
    """Digests of the rows of several batches, in order; None if those of one were not seen."""
    if len(parts) == 1:
        return parts[0]
    seen = [part for part in parts if part is not None]
    return np.concatenate(seen) if seen and len(seen) == len(parts) else None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Forward passes in a row of which no gradient was used, after so many updates."""

    after: int
    batches: int
    rows: np.ndarray
    modes: Mapping[str, bool] = field(default_factory=dict)
    loss: float | None = None
    where: str = ""


@dataclass(frozen=True, eq=False)
class Log:
    """Each update up to the end of the second epoch: what is cheap enough to see of all.

    `x` and `y` hold the digests of rows and targets of one update after the other, `sizes` says
    how many are of which; `y` is empty where targets were not seen. An unseen loss or rate is NaN.
    """

    epoch: np.ndarray
    sizes: np.ndarray
    x: np.ndarray
    y: np.ndarray
    loss: np.ndarray
    rate: np.ndarray

    def rows(self, epoch: int) -> np.ndarray:
        """The digests of the rows fed in an epoch, in order."""
        return self.x[np.repeat(self.epoch == epoch, self.sizes)]

    def targets(self, epoch: int) -> np.ndarray | None:
        """The digests of their targets; None where they were not seen."""
        if len(self.y) != len(self.x):
            return None
        return self.y[np.repeat(self.epoch == epoch, self.sizes)]


@dataclass(frozen=True, eq=False)
class Trace:
    """What one program did.

    `epochs_ended` says how many of its first two epochs are complete, `final` holds the digests of
    the weights as watching ended, `cut_off` the exception that ended it, if one did. `precision`
    is the coarsest type that predictions are computed in.
    """

    name: str
    framework: str
    optimizer: str
    constants: Mapping[str, float]
    variables: tuple[Variable, ...]
    layers: tuple[Layer, ...]
    updates: tuple[Update, ...]
    evaluations: tuple[Evaluation, ...]
    log: Log
    initial_buffers: Mapping[str, Value] = field(default_factory=dict)
    final: Mapping[str, str] = field(default_factory=dict)
    precision: str = "float32"
    updates_made: int = 0
    epochs_ended: int = 0
    cut_off: str = ""
    notes: tuple[str, ...] = ()

    @property
    def trainable(self) -> tuple[Variable, ...]:
        """The trainable variables, in the model's order."""
        return tuple(variable for variable in self.variables if variable.trainable)

    @property
    def buffers(self) -> tuple[Variable, ...]:
        """What is no parameter and changes nevertheless, as batch normalisation's statistics."""
        return tuple(variable for variable in self.variables if not variable.trainable)

    @property
    def first_weights(self) -> Mapping[str, Value]:
        """The weights before the first update; empty where they were not seen."""
        return self.updates[0].before if self.updates else {}

    def saw(self) -> dict[str, str | int]:
        """What the run saw, by the names that `mlp.Result` uses: for checks that a gene acted.

        `order` is a digest of the rows fed in the first two epochs, update by update, `init` one
        of the initial weights, `distinct_rows` counts those of the first epoch, `updates` all
        updates. What was not seen is left out.
        """
        found: dict[str, str | int] = {"updates": self.updates_made}
        if self.first_weights:
            found["init"] = _digest([v.digest for v in self.first_weights.values()])
        if len(self.log.x):
            fed = [*self.log.sizes.tolist(), *(f"{row:016x}" for row in self.log.x)]
            found |= {"order": _digest(fed), "distinct_rows": len(np.unique(self.log.rows(0)))}
        return found

    @property
    def weights(self) -> str:
        """A digest of the final weights, variable by variable; empty where they were not seen."""
        return _digest(list(self.final.values())) if self.final else ""

    def save(self, path: str | Path) -> Path:
        """Write the trace as one .npz file, which `load` reads."""
        from mlp.trace.file import save

        return save(self, path)


def _digest(parts: list[str] | list[str | int]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
