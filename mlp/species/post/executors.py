"""Who trains the study's genomes: the session loop, Estimator, and the cohort engine."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from mlp.lab.times import SPENT
from mlp.machine import arithmetic
from mlp.run import Executor, Result, Trainers
from mlp.species.post import installation
from mlp.species.post.code import check_code, code_digest
from mlp.species.post.data import load
from mlp.species.post.genome import HIDDEN_LAYERS, Mlp
from mlp.species.post.protocol import Protocol
from mlp.species.post.trainers import train
from mlp.species.post.trainers.cohort import STACK, Shape, expressed_in_engine

ENGINE, REAL_API = "cohort engine", "real API"
"""Who trained the arms of a claim, in words."""


@dataclass(frozen=True)
class _Trainer(Executor):
    """One of the executors that `mlp.species.post.trainers.train` knows by name."""

    name: str
    title: str
    real: bool
    at_once: int = 1
    least: int = 4

    def expressed(self, genome: Mlp) -> Mlp:
        """`genome` with the genes that cannot act under this executor set to one allele."""
        return genome.expressed() if self.real else expressed_in_engine(genome)

    def together(self, genome: Mlp, dataset: str) -> Hashable:
        """The shape of a graph; which rows are fed and from which weights may differ."""
        return Shape.of(genome, load(dataset))

    def most(self, genome: Mlp) -> int:
        """Runs that are stacked in the engine; a real trainer takes one at a time."""
        return 1 if self.real else STACK[genome.dtype]

    def kind(self, genome: Mlp) -> str:
        """What a step costs is decided by the trainer, in the engine by the number type."""
        if self.real:
            return "session loop" if self.name == "direct" else "Estimator"
        return f"engine, {genome.dtype}"

    def seconds(self, kind: str) -> float:
        """What a step is thought to take before one was timed."""
        return _STEP_S[kind]

    def work(self, protocol: Protocol) -> float:
        """A run's work is its steps."""
        return protocol.steps

    def identity(self, genome: Mlp, dataset: str) -> Mapping[str, Any]:
        """Data, code, versions of TensorFlow and of the Keras it is trained by, and processor."""
        versions = [installation.tensorflow_version()]
        if self.real and genome.dense == "layers":
            versions.append(installation.tf_keras_version())
        return {
            "hidden_layers": HIDDEN_LAYERS,
            "data": load(dataset).digest,
            "code": code_digest(self.name),
            "versions": versions,
            "arithmetic": arithmetic(),
        }

    def check(self) -> None:
        """Refuse runs that were trained while their code changed."""
        check_code(self.name)

    def train(
        self, genomes: Sequence[Mlp], dataset: str, protocol: Protocol, seeds: Sequence[int]
    ) -> Sequence[Result]:
        """Train one run for each genome and seed standing at the same place."""
        with SPENT.spent("start-up"):
            import_module("mlp.species.post.backend")
        return train(genomes, dataset, protocol, seeds, self.name)


_STEP_S = {
    "session loop": 8e-4,
    "Estimator": 1.6e-3,
    "engine, float32": 1.7e-4,
    "engine, float64": 4.2e-4,
}
"""Seconds that one step of one run takes a core, until it was timed on this machine."""

DIRECT = _Trainer("direct", REAL_API, True)
ESTIMATOR = _Trainer("estimator", REAL_API, True)
COHORT = _Trainer("cohort", ENGINE, False, at_once=STACK["float32"])


@dataclass(frozen=True, eq=False)
class _Trainers(Trainers):
    """The genome's own trainer on the real API; the engine, where it can tell genomes apart."""

    def real(self, genome: Mlp) -> Executor:
        """The executor that the genome's gene `trainer` names."""
        return ESTIMATOR if genome.trainer == "estimator" else DIRECT

    def needs_real(self, genomes: Sequence[Mlp]) -> bool:
        """Whether the trainers differ, or nothing else does but the dense operation."""
        return len({genome.trainer for genome in genomes}) > 1 or self.same_but_real(genomes)

    def same_but_real(self, genomes: Sequence[Mlp]) -> bool:
        """Whether two of the genomes differ in nothing that acts but dense operation or trainer.

        What is asked of them is then whether two parts of TensorFlow's API do the same, also where
        the engine rounds as each does.
        """
        different = {genome.expressed() for genome in genomes}
        others = Mlp.genes.keys() - {"dense", "trainer"}
        written = {tuple(getattr(genome, name) for name in others) for genome in different}
        return len(written) < len(different)


TRAINERS = _Trainers([COHORT, DIRECT, ESTIMATOR], COHORT)
