"""Protocols and runs: what is held equal in a comparison, and what one training leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from numbers import Integral, Real
from operator import attrgetter
from typing import Any

from mlp.chosen import one_of
from mlp.genome import Genome


class ProtocolError(ValueError):
    """A protocol that does not exist or cannot be run."""


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 0


def _as_float(value: object) -> float:
    """`value` as a float; not a number where it is none, or too large for one."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return float("nan")
    try:
        return float(value)
    except OverflowError:
        return float("nan")


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What is held equal: Adam's learning rate, updates, and updates between samples of the curve.

    Raises:
        ProtocolError: no name, a rate or count that is not positive, or `steps` no multiple of
            `sample_every`.
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
        """Update counts after which curves are sampled: 0, sample_every, ..., steps."""
        return tuple(range(0, self.steps + 1, self.sample_every))


PROTOCOLS: Mapping[str, Protocol] = {
    "quick": Protocol(name="quick", learning_rate=1e-3, steps=2_000, sample_every=50),
    "published": Protocol(name="published", learning_rate=1e-4, steps=20_000, sample_every=200),
}
"""`quick`: the original scripts' default rate, 2,000 steps. `published`: the post's charts."""


def protocol(name: str) -> Protocol:
    """The protocol called `name`.

    Raises:
        ProtocolError: there is none; the message lists those there are.
    """
    return one_of("protocol", name, PROTOCOLS, ProtocolError)


@dataclass(frozen=True, kw_only=True)
class Saw:
    """What a run actually saw.

    `distinct_rows` counts training rows fed at least once; `updates` counts updates made;
    `order` and `init` are SHA-256 digests of the rows fed, step by step, and of the initial
    weights; `first_loss` is the loss on the first batch before the first update (None: not finite).
    """

    distinct_rows: int
    updates: int
    order: str
    init: str
    first_loss: float | None


@dataclass(frozen=True, kw_only=True)
class Run:
    """One genome, dataset, protocol and seed, trained once.

    `validation` and `test` are the rows answered correctly, of `held_out`, at each of
    `protocol.sampled_steps`. From the sample at which a run was first seen to have diverged
    (`diverged_at`, an update count; None if it never did) it answers nothing: its counts are 0.
    `weights` is a SHA-256 digest of the final weights; of no bytes where a loss that was no number
    stopped Estimator. `executor` trained it: "direct", "estimator" or "cohort". With
    `reporting="ends"` the counts are those of the first and the last sample alone.
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
        """Whether loss or weights stopped being finite."""
        return self.diverged_at is not None

    @property
    def final_accuracy(self) -> float:
        """Validation accuracy after the last update, in [0, 1]."""
        return self.validation[-1] / self.held_out

    @property
    def steps(self) -> tuple[int, ...]:
        """Update counts at which `validation` and `test` were sampled."""
        return sampled_steps(self.genome, self.protocol)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Run:
        """The run whose `to_dict` is `raw`.

        Raises:
            ValueError: `raw` is not the form of a run.
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
            raise ValueError(f"a stored run must have the fields of Run; {error}") from None
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
        raise ValueError(f"a stored run must have values of the right kind; {wrong[0]} is not")


def _check_curves(run: Run) -> None:
    every = run.protocol.sample_every if run.genome.reporting == "curve" else run.protocol.steps
    points = run.protocol.steps // every + 1
    if len(run.validation) != points or len(run.test) != points or run.held_out < 1:
        raise ValueError(f"a stored run must have {points} samples of each curve")
    if not all(type(v) is int and 0 <= v <= run.held_out for v in run.validation + run.test):
        raise ValueError("a stored run must count between 0 and held_out correct answers")


def sampled_steps(genome: Genome, protocol: Protocol) -> tuple[int, ...]:
    """Update counts after which a run of `genome` is sampled under `protocol`."""
    steps = protocol.sampled_steps
    return steps if genome.reporting == "curve" else (steps[0], steps[-1])
