"""Executors: who trains the genomes of a species."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlp.run.result import Result


class Executor(ABC):
    """One way of training genomes of a species: an object with a name.

    `name` is part of a run's key and record, `title` is what reports call it. `at_once` says how
    many runs it likes to train in one call; cohorts are trained ahead to that number. `least` is
    the fewest for which a call of its own pays, to keep a worker busy. `real` says whether it is
    what claims are about, not an engine that does the same faster.
    """

    name: str
    title: str
    at_once: int = 1
    least: int = 1
    real: bool = True

    @property
    def keeps(self) -> bool:
        """Whether runs are kept on disk; else this process alone has them."""
        return True

    def expressed(self, genome: Any) -> Any:
        """`genome` with each gene that cannot act under this executor set to one allele."""
        return genome.expressed()

    def together(self, genome: Any, dataset: str) -> Hashable:
        """What must agree for two runs to be trained in one call; genomes are as expressed."""
        return genome, dataset

    @abstractmethod
    def most(self, genome: Any) -> int:
        """Most runs of a genome in one job."""

    @abstractmethod
    def kind(self, genome: Any) -> str:
        """What decides how long a run takes: under this name times are kept."""

    @abstractmethod
    def seconds(self, kind: str) -> float:
        """Seconds that a unit of work of this kind is thought to take, before one was timed."""

    def work(self, _protocol: Any) -> float:
        """How many units of work a run is, such as steps."""
        return 1.0

    @abstractmethod
    def identity(self, genome: Any, dataset: str) -> Mapping[str, Any]:
        """All else that could change a run, as plain values: code, data, versions, machine."""

    @abstractmethod
    def check(self) -> None:
        """Refuse runs that were trained while the code they are stored under changed."""

    @abstractmethod
    def train(
        self, genomes: Sequence[Any], dataset: str, protocol: Any, seeds: Sequence[int]
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

    def real(self, _genome: Any) -> Executor:
        """The executor that trains a genome for real."""
        return self.all[0]

    def needs_real(self, _genomes: Sequence[Any]) -> bool:
        """Whether what is asked of these genomes is asked of the real executors alone."""
        return self.engine is None

    def same_but_real(self, _genomes: Sequence[Any]) -> bool:
        """Whether two of the genomes differ only in which part of the real API does the work."""
        return False

    def named(self, name: str) -> Executor:
        """The executor called `name`.

        Raises:
            KeyError: there is none.
        """
        return {one.name: one for one in self.all}[name]
