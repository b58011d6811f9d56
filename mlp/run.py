"""Protocols (the training budget of a comparison) and runs (the record of one training)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from numbers import Integral, Real
from operator import attrgetter
from typing import Any

from mlp.chosen import one_of
from mlp.genome import Genome


class ProtocolError(ValueError):
    """A protocol that does not exist, or that cannot be run."""


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 0


def _as_float(value: object) -> float:
    """`value` as a float; NaN if it is no number, or too large."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return float("nan")
    try:
        return float(value)
    except OverflowError:
        return float("nan")


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A training budget: Adam's learning rate, the number of updates, and the sampling of curves.

    `steps` is the number of updates. A curve is sampled after every `sample_every` updates.

    Raises:
        ProtocolError: the name is empty, a rate or count is not positive, or `steps` is no multiple
            of `sample_every`.
    """

    name: str
    learning_rate: float
    steps: int
    sample_every: int

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ProtocolError(f"a protocol must have a name; got {self.name!r}: try 'mine'")
        rate = _as_float(self.learning_rate)
        if not 0 < rate < float("inf"):
            raise ProtocolError(
                f"a protocol's learning rate must be a number above 0; got {self.learning_rate!r}: "
                "try 1e-3"
            )
        whole = _is_count(self.steps) and _is_count(self.sample_every)
        if not whole or min(self.steps, self.sample_every) < 1 or self.steps % self.sample_every:
            raise ProtocolError(
                "a protocol's steps must be a positive multiple of sample_every; got "
                f"steps={self.steps!r}, sample_every={self.sample_every!r}: try 2000 and 50"
            )
        object.__setattr__(self, "learning_rate", rate)
        object.__setattr__(self, "steps", int(self.steps))
        object.__setattr__(self, "sample_every", int(self.sample_every))

    @property
    def sampled_steps(self) -> tuple[int, ...]:
        """Numbers of updates after which curves are sampled: 0, sample_every, ..., steps."""
        return tuple(range(0, self.steps + 1, self.sample_every))


PROTOCOLS: Mapping[str, Protocol] = {
    "quick": Protocol(name="quick", learning_rate=1e-3, steps=700, sample_every=50),
    "published": Protocol(name="published", learning_rate=1e-4, steps=20_000, sample_every=200),
}
"""`quick`: the original scripts' default rate, 700 steps. `published`: the post's charts.

700 is the smallest multiple of 100 from 500 on at which, on pilot seeds, every finding and cause
comes out as at 2,000 steps. `hypotheses/README.md` names the one verdict on a single gene that
does not.
"""


def protocol(name: str) -> Protocol:
    """The protocol called `name`.

    Raises:
        ProtocolError: no protocol has this name. The message lists the protocols.
    """
    return one_of("protocol", name, PROTOCOLS, ProtocolError)


@dataclass(frozen=True, kw_only=True)
class Saw:
    """What a run actually saw.

    `distinct_rows` counts the training rows that were fed at least once. `updates` counts the
    updates made. `order` is a SHA-256 digest of the rows fed, step by step. `init` is one of the
    initial weights. `first_loss` is the loss on the first batch before the first update; it is None
    if that loss was not finite.
    """

    distinct_rows: int
    updates: int
    order: str
    init: str
    first_loss: float | None


@dataclass(frozen=True, kw_only=True)
class Run:
    """One genome, dataset, protocol and seed, trained once.

    `validation` and `test` count the rows answered correctly, out of `held_out`, at each of
    `protocol.sampled_steps`. With `reporting="ends"` they hold the first and the last sample only.
    `diverged_at` is the number of updates at which the run was first seen to have diverged, or
    None. From that sample on, its counts are 0. `weights` is a SHA-256 digest of the final
    weights. If a NaN loss stopped Estimator, it is the digest of no bytes. `executor` names who
    trained the run: "direct", "estimator" or "cohort".
    """

    genome: Genome
    dataset: str
    protocol: Protocol
    seed: int
    executor: str
    held_out: int
    validation: tuple[int, ...]
    test: tuple[int, ...]
    diverged_at: int | None
    saw: Saw
    weights: str

    @property
    def diverged(self) -> bool:
        """Whether the loss or the weights became NaN or infinite."""
        return self.diverged_at is not None

    @property
    def final_accuracy(self) -> float:
        """Validation accuracy after the last update, in [0, 1]."""
        return self.validation[-1] / self.held_out

    @property
    def steps(self) -> tuple[int, ...]:
        """Numbers of updates at which `validation` and `test` were sampled."""
        return sampled_steps(self.genome, self.protocol)

    def to_dict(self) -> dict[str, Any]:
        """The run as plain values that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Run:
        """The run that `to_dict` turned into `raw`.

        Raises:
            ValueError: `raw` does not describe a run.
        """
        try:
            values = {f.name: raw[f.name] for f in fields(cls)}
            values["genome"] = Genome(**values["genome"])
            values["protocol"] = Protocol(**values["protocol"])
            values["saw"] = Saw(**values["saw"])
            values["validation"] = tuple(values["validation"])
            values["test"] = tuple(values["test"])
            run = cls(**values)
        except (KeyError, TypeError) as error:
            raise ValueError(f"a stored run must have the fields of Run; got {error}") from None
        _check_types(run)
        _check_curves(run)
        return run


_TEXTS = ("dataset", "executor", "weights", "protocol.name", "saw.order", "saw.init")
_COUNTS = ("seed", "held_out", "saw.distinct_rows", "saw.updates")


def _check_types(run: Run) -> None:
    get = {name: attrgetter(name)(run) for name in (*_TEXTS, *_COUNTS)}
    wrong = [n for n in _TEXTS if not isinstance(get[n], str)]
    wrong += [n for n in _COUNTS if not _is_count(get[n])]
    if run.diverged_at is not None and not _is_count(run.diverged_at):
        wrong.append("diverged_at")
    if run.saw.first_loss is not None and not _is_number(run.saw.first_loss):
        wrong.append("saw.first_loss")
    if wrong:
        raise ValueError(f"a stored run must have values of the right type; {wrong[0]} has another")


def _check_curves(run: Run) -> None:
    every = run.protocol.sample_every if run.genome.reporting == "curve" else run.protocol.steps
    points = run.protocol.steps // every + 1
    if len(run.validation) != points or len(run.test) != points or run.held_out < 1:
        raise ValueError(f"a stored run must have {points} samples of each curve")
    if not all(type(v) is int and 0 <= v <= run.held_out for v in run.validation + run.test):
        raise ValueError("a stored run must count between 0 and held_out correct answers")


def sampled_steps(genome: Genome, protocol: Protocol) -> tuple[int, ...]:
    """Numbers of updates after which a run of `genome` is sampled under `protocol`."""
    steps = protocol.sampled_steps
    return steps if genome.reporting == "curve" else (steps[0], steps[-1])
