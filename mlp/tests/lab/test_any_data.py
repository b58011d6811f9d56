"""Datasets, protocols and whole cohorts of a user's species."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from mlp.genome import Genome, gene
from mlp.lab import FIRST_SEED, Lab, LabError
from mlp.run import Result, ResultError
from mlp.stats import Outcome
from mlp.store import Store
from mlp.tests.lab.loops import (
    FIT,
    MINE,
    TRAINED,
    Budget,
    Logits,
    Named,
    Stacked,
    Timed,
    noise,
)
from mlp.tests.lab.runs import stored


class TestWhatASpeciesKnows:
    def test_datasets_by_name(self, lab):
        good, bad = Named(logits="raw"), Named(logits="softmax")

        small, large = (lab.compare(good, bad, name).effect for name in ("small", "large"))

        assert (small, large) == (pytest.approx(0.1), pytest.approx(0.4))
        with pytest.raises(LabError, match="a dataset must be one of small, large; got 'huge'"):
            lab.compare(good, bad, "huge")
        with pytest.raises(LabError, match="knows small, large, and none is named"):
            lab.compare(good, bad)
        across = lab.compare_effects(
            (good, bad), (good, bad), "large", second_dataset="small", margin=0.1
        )
        assert across.effect == pytest.approx(0.3)

    def test_the_only_dataset_need_not_be_named(self, store):
        class One(Genome):
            logits: bool = gene("what the loss takes")

            datasets: ClassVar[Any] = ("digits",)

            def train(self, seed: int, dataset: str) -> float:
                return 0.5 * self.logits + noise(seed) ** 2

        comparison = Lab(store, seeds=16).compare(One(logits=True), One(logits=False))

        assert comparison.dataset == "digits"
        assert " on digits: " in comparison.claim(Outcome.BETTER).line()

    def test_data_that_are_loaded_are_keyed_by_their_values(self, tmp_path):
        rows = [np.arange(6.0)]

        def species():
            class Loaded(Genome):
                logits: bool = gene("what the loss takes")

                datasets: ClassVar[Any] = {"own": lambda: (rows[0], rows[0] > 2)}

                def train(self, seed: int, dataset: str) -> float:
                    TRAINED.append((self, seed, dataset))
                    return 0.5 * self.logits + noise(seed) ** 2

            return Loaded

        def ask():
            with Store(tmp_path / "runs.sqlite") as store:
                Lab(store).cohort(species()(logits=True), seeds=2)
                return len(stored(store))

        assert (ask(), ask(), len(TRAINED)) == (2, 2, 2), "the same values train nothing"
        rows[0] = rows[0] + 1e-12
        assert (ask(), len(TRAINED)) == (4, 4), "others train anew"

    def test_protocols_by_name_or_as_they_are(self, store):
        good, bad = Timed(logits="raw"), Timed(logits="softmax")
        own = Budget(name="mine", epochs=3)

        effects = {
            str(given): Lab(store, protocol=given, seeds=64).compare(good, bad).effect
            for given in (None, "short", "long", own)
        }

        assert list(effects.values()) == pytest.approx([0.1, 0.1, 0.4, 0.3])
        assert {protocol for _, _, protocol in TRAINED} == {
            Budget(name="short", epochs=1),
            Budget(name="long", epochs=4),
            own,
        }

    def test_a_protocol_of_the_same_values_trains_nothing_new(self, store):
        genome = Timed(logits="raw")
        Lab(store, protocol="short").cohort(genome, seeds=2)
        (run, _) = Lab(store, protocol=Budget(name="again", epochs=1)).cohort(genome, seeds=2)

        assert len(TRAINED) == 2
        assert run.protocol.name == "again"

    def test_a_lab_s_protocol_leaves_a_species_without_protocols_alone(self, store):
        comparison = Lab(store, protocol="short", seeds=64).compare(FIT, MINE)

        assert comparison.protocol.name == "-"


class TestCohorts:
    def test_many_runs_are_trained_at_once_and_looks_read_their_seeds_alone(self, lab):
        good, bad = Stacked(logits="raw"), Stacked(logits="softmax")

        comparison = lab.compare(good, bad)

        assert sorted(len(seeds) for _, seeds in TRAINED) == [64, 64], "trained ahead"
        assert comparison.seeds == tuple(range(FIRST_SEED, FIRST_SEED + comparison.result.n))
        assert comparison.result.n < 64
        assert comparison.executor == "Stacked.train_cohort"

    def test_no_more_are_trained_ahead_than_the_lab_may_use(self, store):
        Lab(store, seeds=24).compare(Stacked(logits="raw"), Stacked(logits="softmax"))

        assert sorted(len(seeds) for _, seeds in TRAINED) == [24, 24]

    def test_the_verdict_is_that_of_one_run_at_a_time(self, store, tmp_path):
        class Single(Genome):
            logits: Logits = gene("what the loss takes", acts_on="weights")

            def train(self, seed: int) -> Result:
                return Stacked(logits=self.logits).train_cohort([seed])[0]

        together = Lab(store, seeds=64).compare(Stacked(logits="raw"), Stacked(logits="softmax"))
        with Store(tmp_path / "single.sqlite") as other:
            alone = Lab(other, seeds=64).compare(Single(logits="raw"), Single(logits="softmax"))

        assert together.result == alone.result

    def test_runs_of_one_genome_share_a_call_and_never_those_of_two(self, lab):
        lab.cohorts([Stacked(logits="raw"), Stacked(logits="softmax")], seeds=100)

        assert sorted(len(seeds) for _, seeds in TRAINED) == [36, 36, 64, 64]

    @pytest.mark.parametrize(
        ("returned", "told"),
        [
            (lambda seeds: [0.5], "for each of its 4 seeds; it returned 1: return a list"),
            (lambda seeds: 0.5, "it returned float: return a list"),
            (lambda seeds: None, "it returned NoneType: return a list"),
            (lambda seeds: [0.5] * 5, "it returned 5"),
            (lambda seeds: [0.5, 0.5, 97.0, 0.5], "it returned 97.0: divide a percentage"),
            (lambda seeds: [0.5, 0.5, None, 0.5], "it returned None"),
            (lambda seeds: np.full((4, 1), 0.5), r"float\(...\) of it"),
        ],
        ids=range(7),
    )
    def test_a_cohort_returns_a_score_for_each_seed(self, store, returned, told):
        class Off(Genome):
            mode: bool = gene("a mode")

            at_once: ClassVar[int] = 64

            def train_cohort(self, seeds):
                return returned(seeds)

        with pytest.raises(ResultError, match=told):
            Lab(store).cohort(Off(mode=True), seeds=4)
        assert stored(store) == {}

    @pytest.mark.parametrize("array", [np.array, tuple, iter], ids=["array", "tuple", "iterator"])
    def test_a_cohort_may_return_any_list_of_numbers(self, store, array):
        class Listed(Genome):
            mode: bool = gene("a mode")

            at_once: ClassVar[int] = 64

            def train_cohort(self, seeds):
                return array([0.25, 0.5, float("nan"), 1.0])

        runs = Lab(store).cohort(Listed(mode=True), seeds=4)

        assert [run.score for run in runs] == [0.25, 0.5, 0.0, 1.0]
        assert [run.diverged for run in runs] == [False, False, True, False]
