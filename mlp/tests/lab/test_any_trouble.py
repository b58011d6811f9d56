"""Training of a user's species that ends otherwise than by a result."""

from __future__ import annotations

import importlib
import sys

import pytest

from mlp.genome import Genome, gene
from mlp.lab import FIRST_SEED, Lab
from mlp.run import ResultError
from mlp.store import RunFailedError, Store
from mlp.tests.lab.loops import (
    TRAINED,
)
from mlp.tests.lab.runs import stored

PIPELINE = """
from mlp import Genome, gene
TRAINED = []
class Broken(Genome):
    mode: bool = gene("a mode")
    def train(self, seed):
        TRAINED.append(seed)
        check(seed)
        return 0.5
def check(seed):
    if seed == 100_002:
        raise ZeroDivisionError("my own mistake")
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A user's module, outside this package."""
    (tmp_path / "own_pipeline.py").write_text(PIPELINE, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("own_pipeline")
    del sys.modules["own_pipeline"]


class TestTrouble:
    """Training that ends otherwise than by a result."""

    def test_a_train_that_raises_is_told_as_it_is_and_what_ended_is_kept(self, store, own):
        lab, genome = Lab(store), own.Broken(mode=True)
        with pytest.raises(ZeroDivisionError, match="my own mistake"):
            lab.cohort(genome, seeds=8)

        assert sorted(run["seed"] for run in stored(store).values()) == [FIRST_SEED, FIRST_SEED + 1]
        with pytest.raises(RunFailedError, match="my own mistake") as told:
            lab.cohort(genome, seeds=8)
        assert 'own_pipeline.py", line' in str(told.value), "the user's own frames"
        assert "check(seed)" in str(told.value)
        assert "mlp/lab" not in str(told.value), "and none of ours"
        assert len(own.TRAINED) == 3, "nobody tries again in this study"
        assert len(lab.cohort(genome, seeds=2)) == 2

    def test_another_study_tries_again(self, tmp_path):
        class Flaky(Genome):
            mode: bool = gene("a mode")

            def train(self, seed: int) -> float:
                TRAINED.append((self, seed))
                if len(TRAINED) == 2:
                    raise OSError("no network")
                return 0.5

        with Store(tmp_path / "runs.sqlite") as store, pytest.raises(OSError, match="no network"):
            Lab(store).cohort(Flaky(mode=True), seeds=4)
        with Store(tmp_path / "runs.sqlite") as store:
            assert len(Lab(store).cohort(Flaky(mode=True), seeds=4)) == 4
        assert len(TRAINED) == 5, "one was kept, one failed, and three came after"

    def test_an_interruption_keeps_the_runs_that_ended(self, tmp_path):
        class Long(Genome):
            mode: bool = gene("a mode")

            def train(self, seed: int) -> float:
                TRAINED.append((self, seed))
                if len(TRAINED) == 4:
                    raise KeyboardInterrupt
                return 0.5

        with Store(tmp_path / "runs.sqlite") as store:
            with pytest.raises(KeyboardInterrupt):
                Lab(store).cohort(Long(mode=True), seeds=8)
            assert len(stored(store)) == 3
            assert store.progress().running == 0, "the job was given back"
        with Store(tmp_path / "runs.sqlite") as store:
            assert len(Lab(store).cohort(Long(mode=True), seeds=8)) == 8
        assert len(TRAINED) == 9

    def test_a_train_that_ends_the_program_is_refused(self, store):
        class Ending(Genome):
            mode: bool = gene("a mode")

            def train(self, _seed: int) -> float:
                sys.exit(0)

        told = rf"training .*mode=True\], seed {FIRST_SEED}, it called sys.exit\(0\): leave that"
        with pytest.raises(ResultError, match=told):
            Lab(store).cohort(Ending(mode=True), seeds=2)

    def test_a_train_that_changes_its_genome_is_refused(self, store):
        class Mutating(Genome):
            rate: float = gene("learning rate", default=0.5)

            def train(self, seed: int) -> float:
                object.__setattr__(self, "rate", self.rate / 2)
                return 0.5

        with pytest.raises(
            ResultError, match=r"train must not change its genome; it changed 'rate'"
        ):
            Lab(store).cohort(Mutating(), seeds=2)
        assert stored(store) == {}

    def test_a_genome_cannot_be_changed_by_assignment(self, store):
        class Assigning(Genome):
            rate: float = gene("learning rate", default=0.5)

            def train(self, seed: int) -> float:
                self.rate = 0.1  # type: ignore[misc]
                return 0.5

        with pytest.raises(AttributeError, match="cannot assign to field 'rate'"):
            Lab(store).cohort(Assigning(), seeds=2)
