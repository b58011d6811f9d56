"""Manipulation checks of a user's species: a gene acts on what it says, and on nothing else."""

from __future__ import annotations

import pytest

from mlp.genome import Genome, gene
from mlp.lab import Lab, ManipulationError, Refuted, Undecided
from mlp.run import Result
from mlp.stats import Outcome
from mlp.tests.lab.loops import (
    MINE,
    Bare,
    noise,
)


class TestManipulation:
    """A gene must act on what it says, and on nothing else that was recorded."""

    @pytest.mark.parametrize(
        "alleles", [{"shuffle": "each_epoch"}, {"logits": "raw"}, {"width": 4}, {"samples": 5}]
    )
    def test_a_gene_that_acts_on_what_it_says_passes(self, lab, alleles):
        comparison = lab.compare(MINE.with_alleles(**alleles), MINE)

        assert comparison.claim(Outcome.BETTER).notes == ()

    @pytest.mark.parametrize(
        ("acts_on", "told"),
        [
            ("order", "gene 'mode' left the rows fed the same in all 16 seeds"),
            (("order", "init"), "gene 'mode' left the rows fed the same"),
            ("weights", "nothing but gene 'mode' may change; 'own' differ too, at seed"),
            ((), "nothing but gene 'mode' may change; 'own' differ too"),
            ("curves", "gene 'mode' left the curves the same in all 16 seeds"),
            (("own", "score"), "left the score the same in all 16 seeds"),
        ],
        ids=str,
    )
    def test_a_gene_that_acts_otherwise_is_refused(self, store, acts_on, told):
        class Odd(Genome):
            mode: bool = gene("a mode", acts_on=acts_on)

            def train(self, seed: int) -> Result:
                return Result(
                    score=0.5 + noise(seed),
                    curves={"validation": [0.5]},
                    steps=[0],
                    weights=f"{seed} {self.mode}",
                    saw={"order": str(seed), "init": str(seed), "own": f"{seed} {self.mode}"},
                )

        with pytest.raises(ManipulationError, match=told):
            Lab(store, seeds=16).compare(Odd(mode=True), Odd(mode=False))

    @pytest.mark.parametrize("acts_on", [("own", "weights"), "own", None])
    def test_the_same_gene_passes_where_it_says_so(self, store, acts_on):
        class Said(Genome):
            mode: bool = gene("a mode", acts_on=acts_on)

            def train(self, seed: int) -> Result:
                return Result(
                    score=0.5 + noise(seed),
                    weights=f"{seed} {self.mode}",
                    saw={"order": str(seed), "own": f"{seed} {self.mode}"},
                )

        comparison = Lab(store, seeds=16).compare(Said(mode=True), Said(mode=False))

        told = comparison.claim(Outcome.BETTER).notes
        if acts_on is None:
            assert told == ("that nothing else changed was not checked: mode declares no acts_on=",)
        else:
            assert told == ()

    def test_a_gene_that_says_nothing_must_change_something_recorded(self, store):
        class Inert(Genome):
            mode: bool = gene("a mode")

            def train(self, seed: int) -> Result:
                return Result(score=0.5 + noise(seed), weights=str(seed))

        with pytest.raises(ManipulationError, match="left all that was recorded the same"):
            Lab(store, seeds=16).compare(Inert(mode=True), Inert(mode=False))

    @pytest.mark.parametrize(
        "alleles", [{"shuffle": "each_epoch"}, {"logits": "raw"}, {"width": 4}]
    )
    def test_where_nothing_is_recorded_it_is_said_that_nothing_was_checked(self, lab, alleles):
        base = Bare(shuffle="never", logits="softmax")
        comparison = lab.compare(base.with_alleles(**alleles), base)

        (told,) = comparison.claim(Outcome.BETTER).notes
        assert told.startswith("that the genes acted was not checked, as the runs record nothing")

    def test_what_a_gene_acts_on_and_no_run_records_is_said(self, store):
        class Half(Genome):
            mode: bool = gene("a mode", acts_on=("order", "weights"))

            def train(self, seed: int) -> Result:
                return Result(score=0.5 + noise(seed), saw={"init": str(seed)})

        comparison = Lab(store, seeds=16).compare(Half(mode=True), Half(mode=False))

        assert comparison.claim(Outcome.BETTER).notes == (
            "that gene 'mode' acted was not checked: it acts on the rows fed, which no run "
            "records: return a Result with it",
            "that gene 'mode' acted was not checked: it acts on the weights, which no run "
            "records: return a Result with it",
        )

    def test_what_only_some_runs_record_is_said(self, store):
        class Some(Genome):
            mode: bool = gene("a mode", acts_on="order")

            def train(self, seed: int) -> Result:
                saw = {"order": f"{seed} {self.mode}"} if seed % 4 == 3 else {}
                return Result(score=0.5 + noise(seed), saw=saw)

        comparison = Lab(store, seeds=16).compare(Some(mode=True), Some(mode=False))

        assert comparison.claim(Outcome.BETTER).notes == (
            "that gene 'mode' acted was checked at 4 of 16 seeds: the other runs do not record "
            "the rows fed: return a Result with it at every seed",
        )

    def test_a_seed_that_reaches_nothing_is_said(self, store):
        class Unseeded(Genome):
            mode: bool = gene("a mode", acts_on="weights")

            def train(self, _seed: int) -> Result:
                return Result(score=0.5, weights=f"{self.mode}")

        comparison = Lab(store, seeds=16).compare(Unseeded(mode=True), Unseeded(mode=False))

        told = comparison.claim(Outcome.BETTER).notes
        assert [
            t for t in told if t.startswith("the seed reaches nothing: all 16 runs of")
        ] == list(told)
        assert len(told) == 2

    def test_screens_and_dose_responses_say_it_too(self, store):
        lab = Lab(store, seeds=16)
        base, good = (
            Bare(shuffle="never", logits="softmax"),
            Bare(shuffle="each_epoch", logits="raw"),
        )
        with pytest.raises((Refuted, Undecided)):
            lab.screen(good, base, seeds=16).assert_responsible("shuffle")
        dosed = [base.with_alleles(width=w) for w in (1, 2, 4)]
        with pytest.raises((Refuted, Undecided)):
            lab.dose_response(dosed, [1, 2, 4]).assert_rising()

        assert [claim.notes[0][:37] for claim in lab.claims] == [
            "that the genes acted was not checked,"
        ] * 2
