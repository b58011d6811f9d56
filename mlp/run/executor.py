"""Executors: who trains the genomes of a species."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from typing import Protocol as Structural

from mlp.run.protocol import Protocol
from mlp.run.result import Result


class Executor(Structural):
    """One way of training genomes of a species: an object with a name.

    `name` is part of a run's key and record, `title` is what reports call it. `at_once` says how
    many runs it likes to train in one call; cohorts are trained ahead to that number. `least` is
    the fewest for which a call of its own pays, to keep a worker busy. `seconds` is what one run
    is thought to take before any was timed.
    """

    name: str
    title: str
    at_once: int
    least: int
    real: bool

    def expressed(self, genome: Any) -> Any:
        """`genome` with each gene that cannot act under this executor set to one allele."""

    def together(self, genome: Any, dataset: str) -> Hashable:
        """What must agree for two runs to be trained in one call."""

    def most(self, genome: Any) -> int:
        """Most runs of a genome in one call."""

    def kind(self, genome: Any) -> str:
        """What decides how long a run takes: under this name times are kept."""

    def seconds(self, kind: str) -> float:
        """Seconds that a unit of work of this kind is thought to take."""

    def work(self, protocol: Protocol) -> float:
        """How many units of work a run is, such as steps."""

    def identity(self, genome: Any, dataset: str) -> Mapping[str, Any]:
        """All else that could change a run, as plain values: code, data, versions, machine."""

    def check(self) -> None:
        """Refuse runs that were trained while the code they are stored under changed."""

    def train(
        self,
        genomes: Sequence[Any],
        dataset: str,
        protocol: Protocol,
        seeds: Sequence[int],
    ) -> Sequence[Result]:
        """Train one run for each genome and seed standing at the same place."""


@dataclass(frozen=True, eq=False)
class Trainers:
    """The executors of a species, and which of them a question is about.

    `all` are the executors, the one that trains unless another is asked for first. `engine`, if
    there is one, does the same faster, as far as it can tell genomes apart.
    """

    all: Sequence[Executor]
    engine: Executor | None = None

    def real(self, genome: Any) -> Executor:
        """The executor that trains `genome` for real."""
        return self.all[0]

    def needs_real(self, genomes: Sequence[Any]) -> bool:
        """Whether what is asked of these genomes is asked of the real executors alone."""
        return self.engine is None

    def same_but_real(self, genomes: Sequence[Any]) -> bool:
        """Whether two of the genomes differ only in which part of the real API does the work."""
        return False

    def named(self, name: str) -> Executor:
        """The executor called `name`.

        Raises:
            KeyError: there is none.
        """
        return {one.name: one for one in self.all}[name]
