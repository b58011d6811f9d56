"""The lab with a user's species: genomes are compared like the study's."""

from __future__ import annotations

import importlib
import math

import pytest

from mlp.genome import Genome, gene
from mlp.lab import FIRST_SEED, Lab, LabError, Refuted, Undecided
from mlp.lab.syntax import times_declared
from mlp.run import Result
from mlp.stats import SUITE_ERROR, Outcome
from mlp.store import Store
from mlp.tests.lab.loops import (
    FIT,
    MINE,
    TRAINED,
    Loop,
    noise,
)


class TestComparing:
    def test_a_comparison_trains_each_seed_once_and_reads_what_train_returned(self, lab):
        comparison = lab.compare(FIT, MINE)

        n = comparison.result.n
        assert sorted(seed for _, seed in TRAINED) == sorted(2 * [FIRST_SEED + i for i in range(n)])
        assert comparison.outcome is Outcome.BETTER
        assert comparison.effect == pytest.approx(0.3)
        assert [run.score for run in comparison.arms[1].runs] == [
            0.4 + 0.1 / 4 + noise(seed) for seed in comparison.seeds
        ]
        assert comparison.executor == "Loop.train"
        assert {run.executor for arm in comparison.arms for run in arm.runs} == {"train"}
        comparison.assert_better()

    def test_species_that_a_function_declares_have_runs_of_their_own(self, tmp_path):
        def declared(effect, bonus=0.0, by=abs):
            class Base(Genome):
                fast: bool = gene("the fast loop")
                extra = bonus
                change = staticmethod(by)

            class Made(Base):
                def train(self, seed: int, times: float = effect) -> float:
                    TRAINED.append((self, seed))
                    gain = effect if bonus else times
                    return (
                        0.4 + self.change(gain * self.fast) + self.extra * self.fast + noise(seed)
                    )

            return Made

        def effect(*given):
            with Store(tmp_path / "runs.sqlite") as store:
                made = declared(*given)
                return Lab(store, seeds=16).compare(made(fast=True), made(fast=False)).effect

        asked = [(0.3,), (0.2,), (0.3, 0.2), (0.2, 0.0, math.sqrt), (-0.2, 0.0, float)]
        found = [effect(*given) for given in asked]
        assert found == pytest.approx([0.3, 0.2, 0.5, 0.2**0.5, -0.2])
        trained = len(TRAINED)
        assert [effect(*given) for given in asked] == found
        assert len(TRAINED) == trained, "another session finds the runs of each"

    def test_a_species_in_either_arm_of_a_condition_is_declared_once(self, tmp_path):
        arm = "    class Net:\n        pass\n"
        text = f"try:\n    import torch\n{arm}except ImportError:\n{arm}"
        (tmp_path / "either.py").write_text(text, "utf-8")
        assert times_declared(tmp_path / "either.py", "Net") == 1
        (tmp_path / "inner.py").write_text(f"def f():\n{arm}def g():\n{arm}{arm}", "utf-8")
        assert times_declared(tmp_path / "inner.py", "f.<locals>.Net") == 1
        assert times_declared(tmp_path / "inner.py", "g.<locals>.Net") == 2

    def test_a_file_that_declares_a_species_twice_is_refused(self, tmp_path, monkeypatch):
        once = (
            "from mlp import Genome, gene\n"
            "class Net(Genome):\n"
            "    fast: bool = gene('the fast loop')\n"
            "    def train(self, seed):\n"
            "        return 0.5\n"
        )
        (tmp_path / "twice.py").write_text(once + once.partition("\n")[2], "utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        net = importlib.import_module("twice").Net

        told = "declares a species once; twice.py declares Net more often: give each another name"
        with Store(tmp_path / "runs.sqlite") as store, pytest.raises(LabError, match=told):
            Lab(store).compare(net(fast=True), net(fast=False))

    def test_the_same_question_again_trains_nothing(self, lab):
        first = lab.compare(FIT, MINE)
        trained = len(TRAINED)

        with Store(lab.store.path) as again:
            assert Lab(again, seeds=64).compare(FIT, MINE).result == first.result
        assert len(TRAINED) == trained

    def test_a_species_without_datasets_or_protocols_names_none(self, lab):
        comparison = lab.compare(FIT, MINE)

        line = comparison.claim(Outcome.BETTER).line()
        assert line.startswith("Loop[shuffle=each_epoch, logits=raw] against Loop[shuffle=never")
        assert "softmax]: effect +0.300" in line
        assert comparison.dataset == ""
        with pytest.raises(LabError, match="Loop knows none, got 'digits': leave it out"):
            lab.compare(FIT, MINE, "digits")

    def test_knockout_and_rescue(self, lab):
        lab.compare(FIT.knockout("logits", donor=MINE), FIT).assert_worse()
        lab.compare(MINE.rescue("logits", donor=FIT), MINE).assert_better()

    def test_arms_that_end_in_the_same_weights_are_identical(self, lab):
        comparison = lab.compare(MINE.with_alleles(spelling="short"), MINE)

        assert comparison.identical
        assert comparison.result.n == 16
        comparison.assert_identical()

    def test_runs_that_record_no_weights_are_never_identical(self, store):
        class Silent(Genome):
            spelling: bool = gene("how it is written", acts_on=())

            def train(self, seed: int) -> Result:
                return Result(score=0.5 + noise(seed), saw={"order": str(seed)})

        comparison = Lab(store, seeds=16).compare(Silent(spelling=True), Silent(spelling=False))

        assert not comparison.identical
        assert comparison.effect == 0.0
        assert comparison.outcome is Outcome.UNDECIDED
        with pytest.raises(LabError, match="identity is that of weights; runs of Silent"):
            comparison.assert_identical()

    def test_diverged_runs_are_told_and_count_as_nothing(self, store):
        class Wild(Genome):
            rate: float = gene("learning rate", above=0)

            def train(self, seed: int) -> float:
                return float("nan") if self.rate > 1 else 0.5 + noise(seed)

        comparison = Lab(store, seeds=64).compare(Wild(rate=2.0), Wild(rate=0.1))

        claim = comparison.claim(Outcome.WORSE)
        assert claim.verdict == "supported"
        assert claim.diverged == comparison.result.n
        assert all(run.diverged_at == -1 and run.score == 0.0 for run in comparison.arms[0].runs)
        assert f"{claim.diverged} runs diverged" in claim.line()

    def test_effects_are_compared(self, lab):
        lossless = FIT.with_alleles(width=4), MINE.with_alleles(width=4)

        lab.compare_effects(lossless, (FIT, MINE), margin=0.2).assert_equivalent()
        with pytest.raises((Refuted, Undecided)):
            lab.compare_effects(
                (FIT, MINE), (FIT, FIT.with_alleles(shuffle="never")), margin=0.05
            ).assert_equivalent()

    def test_seeds_are_compared(self, lab):
        comparison = lab.compare_seeds(MINE, margin=0.2)

        first, second = ({run.seed for run in arm.runs} for arm in comparison.arms)
        assert not first & second
        comparison.assert_equivalent()

    def test_there_is_no_engine_to_compare_with(self, lab):
        with pytest.raises(LabError, match="a species that has an engine; Loop has none"):
            lab.compare_executors(MINE)

    def test_genomes_that_train_the_same_runs_are_not_compared(self, lab):
        with pytest.raises(LabError, match="train differently"):
            lab.compare(FIT, Loop(shuffle="each_epoch", logits="raw"))
        assert TRAINED == []


class TestErrorBudget:
    @pytest.mark.parametrize("claims", [1, 20, 300])
    def test_each_claim_gets_its_part_of_the_error(self, store, claims):
        comparison = Lab(store, seeds=64, claims=claims).compare(FIT, MINE)

        assert comparison.setting.claim_error == SUITE_ERROR / claims
        claim = comparison.claim(Outcome.BETTER)
        assert claim.claims == claims
        assert sum(look["alpha"] for look in claim.detail["looks"]) <= SUITE_ERROR / claims

    def test_fewer_claims_have_narrower_intervals(self, store):
        few, many = (Lab(store, seeds=16, claims=n).compare(FIT, MINE) for n in (1, 1000))

        assert few.effect == many.effect
        assert few.interval.high - few.interval.low < many.interval.high - many.interval.low

    @pytest.mark.parametrize("claims", [0, -1, 1.5, "20", None, True])
    def test_the_error_is_divided_among_a_whole_number(self, store, claims):
        with pytest.raises(LabError, match="divided among at least 1 claim; got"):
            Lab(store, claims=claims)
