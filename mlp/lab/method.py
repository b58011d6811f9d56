"""The executor that a species has unless it declares others: its own method `train`."""

from __future__ import annotations

import platform
import sys
from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from mlp.genome import Genome, species_name
from mlp.lab.code import Closure, closure, outside
from mlp.lab.generators import seeded
from mlp.lab.hardware import hardware
from mlp.lab.patience import limited
from mlp.lab.question import LabError
from mlp.lab.threads import set_in_libraries
from mlp.run import Protocol, Result
from mlp.run.result import ResultError, as_result

RUN_S = 0.05
"""Seconds that a run is thought to take before one was timed."""

JOB_S = 1.0
"""Seconds that the runs of one job should take together: more save little, and wait longer."""


class Settings:
    """What a session asks of every run: how long it may take, and whether it must repeat."""

    timeout_s: float | None = None
    check_repeat: bool = False
    threads: int = 1


SETTINGS = Settings()
"""Those of this process."""


class MethodExecutor:
    """Trains by the method `train` of a species, run by run, or by `train_cohort`, many at once."""

    name = "train"
    least = 1
    real = True

    def __init__(self, species: type[Genome]) -> None:
        self.species = species
        self.whole = callable(getattr(species, "train_cohort", None))
        self.title = f"{species.__qualname__}.train{'_cohort' if self.whole else ''}"
        if not self.whole and not callable(getattr(species, "train", None)):
            raise LabError(
                f"a species must say how it is trained; {species.__qualname__} does not: give it "
                "a method train(self, seed) that returns a score in [0, 1]"
            )
        self.at_once = max(1, int(species.at_once)) if self.whole else 1
        self._repeated: set[tuple[Genome, str]] = set()

    def expressed(self, genome: Genome) -> Genome:
        """The genome with the genes that are idle set to one allele."""
        return genome.expressed()

    def together(self, genome: Genome, dataset: str) -> Hashable:
        """Runs of one genome train in one call."""
        return genome.expressed(), dataset

    def most(self, genome: Genome) -> int:
        """Runs in one job: all that train at once, else as many as take about `JOB_S`."""
        from mlp.lab.times import seconds_of

        if self.whole:
            return self.at_once
        return max(1, min(256, int(JOB_S / seconds_of(self, self.kind(genome)))))

    def kind(self, genome: Genome) -> str:
        """Times are kept by species."""
        return f"{species_name(self.species)}"

    def seconds(self, kind: str) -> float:
        """What a run is thought to take before one was timed."""
        return RUN_S

    def work(self, protocol: Protocol) -> float:
        """A run is one unit of work."""
        return 1.0

    @cached_property
    def closure(self) -> Closure | None:
        """The files whose code can change a run; None for a species of a notebook."""
        module = sys.modules.get(self.species.__module__)
        file = getattr(module, "__file__", None)
        if file is None or self.species.__module__ == "__main__":
            return None if file is None else closure(Path(file), extra=self._extra())
        return closure(Path(file), extra=self._extra())

    def _extra(self) -> list[Path]:
        return [Path(name) for name in self.species.code]

    def identity(self, genome: Genome, dataset: str) -> Mapping[str, Any]:
        """Code, data, versions and machine: all that could change a run."""
        from mlp.lab.known import data_digest

        found: dict[str, Any] = {
            "data": data_digest(self.species, dataset),
            "hardware": hardware(SETTINGS.threads),
            "python": None if self.species.any_python else list(sys.version_info[:2]),
            "implementation": platform.python_implementation(),
        }
        if self.closure is not None:
            found["code"] = self.closure.digest
            found["packages"] = sorted(map(list, self.closure.distributions.items()))
        return found

    def check(self) -> None:
        """Refuse runs that were trained while their code changed."""
        if self.closure is not None:
            self.closure.check()

    def train(
        self, genomes: Sequence[Genome], dataset: str, protocol: Protocol, seeds: Sequence[int]
    ) -> Sequence[Result]:
        """The results of the runs of one genome, in the order of `seeds`."""
        genome = genomes[0]
        before = genome.alleles()
        loaded = set(sys.modules)
        given: dict[str, Any] = {}
        if len(self.species.datasets):
            given["dataset"] = dataset
        if len(self.species.protocols):
            given["protocol"] = protocol
        set_in_libraries(SETTINGS.threads)
        if self.whole:
            with seeded(seeds[0]), limited(SETTINGS.timeout_s):
                returned = genome.train_cohort(list(seeds), **given)  # type: ignore[attr-defined]
            found = self._checked_cohort(returned, len(seeds))
        else:
            found = [self._one(genome, seed, given) for seed in seeds]
        if genome.alleles() != before:
            raise ResultError(
                f"{self.title} must not change its genome; it changed "
                f"{[n for n in before if before[n] != getattr(genome, n)][0]!r}: copy it first"
            )
        self._check_imports(loaded)
        return found

    def _one(self, genome: Genome, seed: int, given: Mapping[str, Any]) -> Result:
        def once() -> Result:
            with seeded(seed), limited(SETTINGS.timeout_s):
                returned = genome.train(seed, **given)  # type: ignore[attr-defined]
            return as_result(returned, self.title, self.species.measure)

        found = once()
        asked = genome, str(given.get("dataset", ""))
        if SETTINGS.check_repeat and asked not in self._repeated:
            self._repeated.add(asked)
            again = once()
            if (again.score, again.weights) != (found.score, found.weights):
                raise ResultError(
                    f"{self.title} must return the same for the same seed; seed {seed} of {genome} "
                    f"gave {found.score!r} and then {again.score!r}: seed all that it draws from"
                )
        return found

    def _checked_cohort(self, returned: Any, count: int) -> list[Result]:
        try:
            listed = list(returned)
        except TypeError:
            listed = []
        if len(listed) != count:
            raise ResultError(
                f"{self.title} must return one score or Result for each of its {count} seeds; it "
                f"returned {len(listed) or type(returned).__name__}: return a list"
            )
        scalars = [each.item() if getattr(each, "ndim", None) == 0 else each for each in listed]
        return [as_result(each, self.title, self.species.measure) for each in scalars]

    def _check_imports(self, loaded: set[str]) -> None:
        if self.closure is None:
            return
        strange = [name for name in outside(self.closure) if name not in loaded]
        if strange:
            raise LabError(
                "all code that trains must be part of a run's key; "
                f"{self.title} imported {strange[0]} while it trained, which its module's imports "
                f"do not show: declare code = ({strange[0]!r},) on the species"
            )
