"""The executor that a species has unless it declares others: its own method `train`."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mlp.genome import Genome, species_name
from mlp.lab.code import Closure, closure, digest_of, outside
from mlp.lab.generators import seeded
from mlp.lab.hardware import hardware
from mlp.lab.patience import limited
from mlp.lab.question import LabError
from mlp.lab.threads import set_in_libraries
from mlp.run import Executor, Protocol, Result
from mlp.run.result import ResultError, as_result

WAY = 1
"""How this executor seeds and calls `train`. Another number makes other runs of all species."""

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


class MethodExecutor(Executor):
    """Trains by the method `train` of a species, run by run, or by `train_cohort`, many at once."""

    name = "train"

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

    def most(self, genome: Genome) -> int:
        """Runs in one job: all that train at once, else as many as take about `JOB_S`."""
        from mlp.lab.times import seconds_of

        if self.whole:
            return self.at_once
        return max(1, min(256, int(JOB_S / seconds_of(self, self.kind(genome)))))

    def kind(self, _genome: Genome) -> str:
        """Times are kept by species."""
        return species_name(self.species)

    def seconds(self, _kind: str) -> float:
        """What a run is thought to take before one was timed."""
        return RUN_S

    @property
    def keeps(self) -> bool:
        """Whether runs are kept on disk: not where their code is that of a notebook."""
        return self.closure is not None

    @cached_property
    def closure(self) -> Closure | None:
        """The files whose code can change a run; None if they are a notebook's.

        A notebook's species may name its helpers by `code`; then they stand for its code.
        """
        named = self.species.code
        file = getattr(sys.modules.get(self.species.__module__), "__file__", None)
        if file is not None and not Path(file).is_file():
            file = None
        if file is None and named:
            here = Path.cwd()
            files = [here / name for name in named]
            return closure(files[0], extra=[str(one) for one in files[1:]])
        if file is None:
            return None
        return closure(Path(file), since=self.species.declared, extra=named)

    def identity(self, _genome: Genome, dataset: str) -> Mapping[str, Any]:
        """Code, data, versions and machine: all that could change a run."""
        from mlp.lab.known import data_digest

        found: dict[str, Any] = {
            "way": WAY,
            "data": data_digest(self.species, dataset),
            "hardware": hardware(SETTINGS.threads),
        }
        if not self.species.any_python:
            found["python"] = [platform.python_implementation(), *sys.version_info[:2]]
        if self.closure is not None:
            packages = {name: version(name) for name in self.species.packages}
            found["code"] = self.closure.digest
            found["packages"] = {**self.closure.distributions, **packages}
            files = [self.closure.root / name for name in self.species.files]
            found["files"] = digest_of(files, self.closure.root)
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
            with seeded(seeds[0]), limited(SETTINGS.timeout_s, str(genome)):
                returned = genome.train_cohort(list(seeds), **given)  # type: ignore[attr-defined]
            found = self._checked_cohort(returned, len(seeds))
        else:
            found = [self._one(genome, seed, given) for seed in seeds]
        if genome.alleles() != before:
            raise ResultError(
                f"{self.title} must not change its genome; it changed "
                f"{next(n for n in before if before[n] != getattr(genome, n))!r}: copy it first"
            )
        self._check_imports(loaded)
        return found

    def _one(self, genome: Genome, seed: int, given: Mapping[str, Any]) -> Result:
        def once() -> Result:
            with seeded(seed), limited(SETTINGS.timeout_s, str(genome)):
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
        if self.closure is None or sys.modules.keys() <= loaded:  # as in nearly every run
            return
        strange = outside(self.closure, [name for name in list(sys.modules) if name not in loaded])
        if strange:
            raise LabError(
                "all code that trains must be part of a run's key; "
                f"{self.title} imported {strange[0]} while it trained, which its module's imports "
                f"do not show: declare code = ({strange[0]!r},) on the species"
            )
