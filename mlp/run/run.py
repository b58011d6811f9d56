"""A run: one genome, dataset, protocol and seed, trained once, as it is kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from mlp.genome import Genome, species_name
from mlp.run.protocol import Protocol
from mlp.run.result import Result, Seen


@dataclass(frozen=True, kw_only=True)
class Run:
    """One genome, dataset, protocol and seed, trained once.

    `score` is in [0, 1]; 0 where the run diverged. `curves` maps a name to the values at each of
    `steps`. `diverged_at` is the step at which the run was first seen to have diverged, -1 where
    that is not known, None where it did not. `saw` maps names to what the run saw. `weights` is the
    digest of the final weights, "" where it was not recorded. `executor` names who trained the run.
    `dataset` is "" where the species has none.
    """

    genome: Genome
    dataset: str
    protocol: Protocol
    seed: int
    executor: str
    score: float
    curves: Mapping[str, tuple[float, ...]]
    steps: tuple[int, ...]
    diverged_at: int | None
    saw: Mapping[str, Seen]
    weights: str

    @property
    def diverged(self) -> bool:
        """Whether the run diverged: it answers nothing, and counts so."""
        return self.diverged_at is not None

    @classmethod
    def of(
        cls,
        result: Result,
        *,
        genome: Genome,
        dataset: str,
        protocol: Protocol,
        seed: int,
        executor: str,
    ) -> Run:
        """The run that ended in `result`."""
        at = result.diverged_at if result.diverged_at is not None or not result.diverged else -1
        return cls(
            genome=genome,
            dataset=dataset,
            protocol=protocol,
            seed=seed,
            executor=executor,
            score=result.score,
            curves={name: tuple(curve) for name, curve in result.curves.items()},
            steps=tuple(result.steps),
            diverged_at=at,
            saw=dict(result.saw),
            weights=result.weights,
        )

    def under(self, genome: Genome, protocol: Protocol) -> Run:
        """This run, of a genome that expresses the same and a protocol of the same values."""
        run = copy(self)  # several times as fast as `replace`, and claims share thousands of runs
        vars(run).update(genome=genome, protocol=protocol)
        return run

    def to_dict(self) -> dict[str, Any]:
        """The run as plain values that JSON can hold; what is not finite in a curve is None."""
        return {
            "species": species_name(type(self.genome)),
            "genome": self.genome.alleles(),
            "dataset": self.dataset,
            "protocol": {"name": self.protocol.name, **self.protocol.values},
            "seed": self.seed,
            "executor": self.executor,
            "score": self.score,
            "curves": {
                name: [v if math.isfinite(v) else None for v in curve]
                for name, curve in self.curves.items()
            },
            "steps": list(self.steps),
            "diverged_at": self.diverged_at,
            "saw": dict(self.saw),
            "weights": self.weights,
        }

    @classmethod
    def read(cls, raw: Mapping[str, Any], genome: Genome, protocol: Protocol) -> Run:
        """The run that `to_dict` turned into `raw`, which is one of `genome` under `protocol`.

        Raises:
            ValueError: `raw` does not describe a run, or describes that of another genome or
                protocol.
        """
        try:
            if raw["species"] != species_name(type(genome)) or raw["genome"] != genome.alleles():
                raise ValueError(
                    f"a stored run must be the one its key names; it is of {raw['genome']}"
                )
            if {**_of(dict, raw, "protocol"), "name": ""} != {**protocol.values, "name": ""}:
                raise ValueError(
                    "a stored run must be the one its key names; it is of the protocol "
                    f"{raw['protocol']}"
                )
            run = cls(
                genome=genome,
                dataset=_of(str, raw, "dataset"),
                protocol=protocol,
                seed=_of(int, raw, "seed"),
                executor=_of(str, raw, "executor"),
                score=_of(float, raw, "score"),
                curves={
                    name: _curve(_list(_VALUES, curve, name))
                    for name, curve in _of(dict, raw, "curves").items()
                },
                steps=tuple(_list({int}, raw["steps"], "steps")),
                diverged_at=None if raw["diverged_at"] is None else _of(int, raw, "diverged_at"),
                saw={name: _seen(value) for name, value in _of(dict, raw, "saw").items()},
                weights=_of(str, raw, "weights"),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"a stored run must have the fields of Run; got {error}") from None
        if run.seed < 0:
            raise ValueError(f"a stored run must have a seed of at least 0; it has {run.seed}")
        if not 0.0 <= run.score <= 1.0:
            raise ValueError(f"a stored run must have a score in [0, 1]; it has {run.score}")
        if any(len(curve) != len(run.steps) for curve in run.curves.values()):
            raise ValueError(f"a stored run must have {len(run.steps)} samples of each curve")
        return run


_VALUES = {float, int, type(None)}
"""What a curve's values are in JSON: None stands for one that is not finite."""


def _of(kind: type, raw: Mapping[str, Any], name: str) -> Any:
    value = raw[name]
    if not isinstance(value, (int, float) if kind is float else kind) or isinstance(value, bool):
        raise ValueError(f"a stored run must have values of the right type; {name} has another")
    return value


def _list(kinds: set[type], values: Any, name: str) -> list[Any]:
    """`values`, a list of these types and no others."""
    if not isinstance(values, list) or not kinds.issuperset(map(type, values)):
        raise ValueError(f"a stored run must have values of the right type; {name} has another")
    return values


def _curve(values: list[Any]) -> tuple[float, ...]:
    if {float}.issuperset(map(type, values)):
        return tuple(values)
    return tuple(math.nan if v is None else float(v) for v in values)


def _seen(value: Any) -> Seen:
    """An entry of what a run saw."""
    if value is None or isinstance(value, str):
        return value
    found: float = _of(float, {"saw": value}, "saw")
    return found
