"""The executor that a species has unless it declares others: its own method `train`."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mlp.genome import Genome, species_name
from mlp.lab.code import Closure, closure, closure_of_named, digest_of, outside
from mlp.lab.datasets import data_digest
from mlp.lab.generators import seeded
from mlp.lab.hardware import hardware
from mlp.lab.notebook import Live, Taken, file_of
from mlp.lab.packages import versions_of
from mlp.lab.patience import limited
from mlp.lab.question import LabError
from mlp.lab.syntax import times_declared
from mlp.lab.threads import set_in_libraries
from mlp.run import Executor, Protocol, Result
from mlp.run.result import ResultError, as_result
from mlp.store import StoreError

WAY = 1
"""How this executor seeds and calls `train`. Another number makes other runs of all species."""

RUN_S = 0.05
"""Seconds that a run is thought to take before one was timed."""

JOB_S = 1.0
"""Seconds that the runs of one job should take together: more save little, and wait longer."""


class Settings:
    """What a session asks of every run: how long it may take, and whether it must repeat.

    `replaced` says that another process takes the place of this one if it ends.
    """

    timeout_s: float | None = None
    check_repeat: bool = False
    threads: int = 1
    replaced: bool = False

    def of_runs(self) -> dict[str, Any]:
        """Those that go with a job to whoever trains it, as plain values."""
        return {"timeout_s": self.timeout_s, "check_repeat": self.check_repeat}


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
        """Whether runs are kept on disk: a notebook's where `code` names its helpers."""
        return self.closure is not None and (self.live is None or self.live.whole)

    @cached_property
    def closure(self) -> Closure | None:
        """The files whose code can change a run; None for a notebook's species that names none."""
        named = self.species.code
        if self._file is not None and times_declared(self._file, self.species.__qualname__) > 1:
            raise LabError(
                f"a file declares a species once; {self._file.name} declares "
                f"{self.species.__qualname__} more often: give each another name"
            )
        if self._file is None:
            return closure_of_named(named, self._folder) if named else None
        return closure(self._file, since=self.species.declared, extra=named)

    @cached_property
    def live(self) -> Live | None:
        """The code that no file holds; None where a file holds all of it."""
        if self._file is None:
            return Live(self.species)
        return Taken.by(self.species)

    @cached_property
    def data(self) -> str:
        """The digest of the files of data that the species names, as they were when first asked."""
        return self._data_now()

    def _data_now(self) -> str:
        root = self._folder.resolve() if self.closure is None else self.closure.root
        return digest_of([(self._folder / name).resolve() for name in self.species.files], root)

    @property
    def outdated(self) -> bool:
        """Whether the code in this process, or a file of data, is another by now."""
        was = self.live if self._file is None else None
        live = was is not None and Live(self.species).digest != was.digest
        loaded = self.closure is not None and self.closure.outdated
        return live or loaded or (bool(self.species.files) and self.data != self._data_now())

    @cached_property
    def _file(self) -> Path | None:
        return file_of(self.species)

    @property
    def _folder(self) -> Path:
        """Where the paths begin that a species names."""
        return self._file.parent if self._file is not None else Path.cwd()

    @cached_property
    def _imported(self) -> Mapping[str, str]:
        """The distributions that a run imports, as far as its code says so."""
        found = versions_of(self.live.modules) if self.live is not None else {}
        return found | dict(self.closure.distributions if self.closure is not None else {})

    def identity(self, _genome: Genome, dataset: str) -> Mapping[str, Any]:
        """Code, data, versions and machine: all that could change a run."""
        found: dict[str, Any] = {
            "way": WAY,
            "data": data_digest(self.species, dataset),
            "hardware": hardware(SETTINGS.threads),
        }
        if not self.species.any_python:
            found["python"] = [platform.python_implementation(), *sys.version_info[:2]]
        if self.live is not None:
            found["live"] = self.live.digest
        if self.closure is not None:
            found["code"] = self.closure.digest
        packages = {name: _version(name) for name in self.species.packages}
        found["packages"] = {**self._imported, **packages}
        found["files"] = self.data
        return found

    def check(self) -> None:
        """Refuse runs that were trained while their code or their files of data changed."""
        if self.closure is not None:
            self.closure.check()
        if self.data != self._data_now():
            raise StoreError(
                "files of data must stay as they are while runs are trained with them, but one of "
                f"{', '.join(map(str, self.species.files))} was changed: run again"
            )

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
            found = self._repeated_if_asked(genome, list(seeds), given)
        else:
            found = [self._repeated_if_asked(genome, [seed], given)[0] for seed in seeds]
        if genome.alleles() != before:
            raise ResultError(
                f"{self.title} must not change its genome; it changed "
                f"{next(n for n in before if before[n] != getattr(genome, n))!r}: copy it first"
            )
        self._check_imports(loaded)
        return found

    def _repeated_if_asked(
        self, genome: Genome, seeds: list[int], given: Mapping[str, Any]
    ) -> list[Result]:
        """The results for seeds that are trained in one call; the first of a genome's twice."""
        found = self._call(genome, seeds, given)
        asked = genome, str(given.get("dataset", ""))
        if not SETTINGS.check_repeat or asked in self._repeated:
            return found
        self._repeated.add(asked)
        for seed, first, again in zip(seeds, found, self._call(genome, seeds, given), strict=True):
            if (again.score, again.weights) != (first.score, first.weights):
                raise ResultError(
                    f"{self.title} must return the same for the same seed; seed {seed} of {genome} "
                    f"gave {_told(first, again)}: seed all that it draws from"
                )
        return found

    def _call(self, genome: Genome, seeds: list[int], given: Mapping[str, Any]) -> list[Result]:
        """One call of the method of the species, with all generators seeded."""
        species: Any = genome
        what = f"{genome}, seed {seeds[0]}" + (f" to {seeds[-1]}" if len(seeds) > 1 else "")
        limit = limited(SETTINGS.timeout_s, what, kill=SETTINGS.replaced)
        try:
            with seeded(seeds[0], self._imported), limit:
                if self.whole:
                    returned = species.train_cohort(list(seeds), **given)
                else:
                    returned = species.train(seeds[0], **given)
        except SystemExit as stop:
            raise ResultError(
                f"{self.title} must return a score or a Result; training {what}, it called "
                f"sys.exit({stop.code!r}): leave that call out"
            ) from None
        if self.whole:
            return self._checked_cohort(returned, len(seeds))
        return [as_result(returned, self.title, self.species.measure)]

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


def _version(package: str) -> str:
    """The version of a package that a species names.

    Raises:
        LabError: it is not installed.
    """
    try:
        return version(package)
    except PackageNotFoundError:
        raise LabError(
            f"packages names installed packages; {package!r} is none: write its name as pip has it"
        ) from None


def _told(first: Result, again: Result) -> str:
    """In what two results differ."""
    if first.score != again.score:
        return f"{first.score!r} and then {again.score!r}"
    return "other weights the second time"
