"""The lab with a user's species: compared, screened and dosed like the study, in its own units."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from mlp.genome import Genome, gene
from mlp.lab import FIRST_SEED, Lab, LabError, ManipulationError, Refuted, Undecided
from mlp.run import Result, ResultError
from mlp.stats import SUITE_ERROR, Outcome
from mlp.store import RunFailedError, Store
from mlp.tests.lab import loops
from mlp.tests.lab.loops import TRAINED, Bare, Budget, Loop, Lossy, Named, Stacked, Timed, noise
from mlp.tests.lab.runs import stored

FIT = Loop(shuffle="each_epoch", logits="raw")
MINE = Loop(shuffle="never", logits="softmax")
NATS = Lossy(logits="softmax")


@pytest.fixture(autouse=True)
def _forget():
    TRAINED.clear()


@pytest.fixture
def lab(store):
    return Lab(store, seeds=64)


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
        with pytest.raises(Refuted, match="claimed identical"):
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
            "that gene 'mode' acted was not checked: it acts on the rows fed, which no run records: "
            "return a Result with it",
            "that gene 'mode' acted was not checked: it acts on the weights, which no run records: "
            "return a Result with it",
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


class TestScreensAndDoses:
    def test_a_screen_shares_the_difference_out(self, lab):
        screen = lab.screen(FIT, MINE, seeds=16)

        assert screen.genes == ("shuffle", "logits")
        assert screen.shares == pytest.approx({"shuffle": 0.1, "logits": 0.2})
        screen.assert_responsible("logits", margin=0.02)
        with pytest.raises(Refuted):
            screen.assert_responsible("shuffle", margin=0.02)

    def test_genes_that_go_together_are_varied_together(self, store):
        class Joined(Genome):
            optimizer: bool = gene("the optimizer", acts_on="weights")
            momentum: float = gene("its momentum", default=0.0, goes_with="optimizer", acts_on=())
            bias: bool = gene("whether layers have a bias", acts_on="weights")

            def train(self, seed: int) -> Result:
                end = 0.3 + 0.2 * self.optimizer * (self.momentum > 0) + 0.1 * self.bias
                return Result(score=end + noise(seed), weights=f"{seed} {end}")

        good = Joined(optimizer=True, momentum=0.9, bias=True)
        screen = Lab(store, seeds=16).screen(good, Joined(optimizer=False, bias=False), seeds=16)

        assert screen.genes == ("optimizer", "bias")
        assert screen.shares == pytest.approx({"optimizer": 0.2, "bias": 0.1})

    def test_a_dose_response_rises(self, lab):
        dosed = [MINE.with_alleles(width=width) for width in (1, 2, 4)]
        curve = lab.dose_response(dosed, [1, 2, 4], margin=0.01)

        assert curve.means == pytest.approx([0.425, 0.45, 0.5], abs=0.02)
        assert curve.result.rise.mean == pytest.approx(0.075)


class TestLosses:
    """Effects, margins and tables are in the user's unit; smaller is better."""

    def test_a_smaller_loss_is_better_by_as_many_units(self, lab):
        comparison = lab.compare(NATS.with_alleles(logits="raw"), NATS, margin=0.2)

        comparison.assert_better()
        (claim,) = lab.claims
        assert (claim.unit, claim.scale, claim.margin) == ("nats", 4.0, 0.2)
        assert claim.effect == comparison.effect == pytest.approx(0.8)
        assert claim.low < 0.8 < claim.high
        assert comparison.interval.low == claim.low
        assert [arm["mean"] for arm in claim.detail["arms"]] == pytest.approx([1.9, 2.7], abs=0.05)
        assert claim.detail["differences"] == pytest.approx([0.8] * comparison.result.n)
        assert claim.detail["looks"][-1]["low"] == claim.low
        assert "effect +0.800 [" in claim.line()
        assert "in nats, margin 0.2" in claim.line()

    @pytest.mark.parametrize("margin", [0, -0.1, 4.0, 5, "1", None])
    def test_a_margin_lies_within_the_bounds(self, lab, margin):
        with pytest.raises(LabError, match="a margin must lie between 0 and 4; got"):
            lab.compare(NATS.with_alleles(logits="raw"), NATS, margin=margin)
        assert TRAINED == []

    def test_a_margin_above_one_unit_is_one(self, lab):
        lab.compare(NATS.with_alleles(logits="raw"), NATS, margin=2.5).assert_equivalent()

    def test_a_verdict_is_that_of_the_scores(self, store, tmp_path):
        class Scored(Lossy):
            measure: ClassVar[Any] = None

            def train(self, seed: int) -> float:
                return (4.0 - super().train(seed)) / 4.0

        by_loss = Lab(store, seeds=64).compare(NATS.with_alleles(logits="raw"), NATS, margin=0.2)
        with Store(tmp_path / "scores.sqlite") as other:
            by_score = Lab(other, seeds=64).compare(
                Scored(logits="raw"), Scored(logits="softmax"), margin=0.05
            )

        assert by_loss.result.n == by_score.result.n
        assert by_loss.outcome is by_score.outcome
        assert by_loss.effect == pytest.approx(4 * by_score.effect)

    def test_a_screen_is_in_units(self, lab):
        good = Lossy(logits="raw", depth=2)
        screen = lab.screen(good, NATS, seeds=32)

        assert screen.shares == pytest.approx({"logits": 0.8, "depth": 0.2})
        screen.assert_responsible("logits", margin=0.2)
        (claim,) = lab.claims
        assert (claim.margin, claim.unit) == (0.2, "nats")
        assert claim.effect == pytest.approx(0.6)
        assert claim.detail["whole"]["mean"] == pytest.approx(1.0)
        assert claim.detail["cells"][0]["mean"] == pytest.approx(2.7, abs=0.05)
        assert claim.detail["looks"][-1]["low"] == claim.low

    def test_a_dose_response_is_in_units(self, lab):
        dosed = [NATS.with_alleles(rate=rate) for rate in (0.1, 0.3, 0.5)]
        curve = lab.dose_response(dosed, [0.1, 0.3, 0.5], margin=0.3)

        assert curve.means == pytest.approx([2.7, 2.5, 2.3], abs=0.05)
        with pytest.raises((Refuted, Undecided)):
            curve.assert_rising()
        (claim,) = lab.claims
        assert claim.effect == pytest.approx(0.4)
        assert claim.margin == pytest.approx(0.3)
        assert [s["mean"] for s in claim.detail["steps"]] == pytest.approx([0.2, 0.2])


class TestWhatASpeciesKnows:
    def test_datasets_by_name(self, lab):
        good, bad = Named(logits="raw"), Named(logits="softmax")

        small, large = (lab.compare(good, bad, name).effect for name in ("small", "large"))

        assert (small, large) == (pytest.approx(0.1), pytest.approx(0.4))
        with pytest.raises(LabError, match="a dataset must be one of small, large; got 'huge'"):
            lab.compare(good, bad, "huge")
        with pytest.raises(LabError, match="a dataset must be one of small, large; got None"):
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
            logits: loops.Literal["raw", "softmax"] = gene("what the loss takes", acts_on="weights")

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


class TestTrouble:
    """Training that ends otherwise than by a result."""

    def test_a_train_that_raises_is_told_as_it_is_and_what_ended_is_kept(self, store):
        class Broken(Genome):
            mode: bool = gene("a mode")

            def train(self, seed: int) -> float:
                TRAINED.append((self, seed))
                if seed == FIRST_SEED + 2:
                    raise ZeroDivisionError("my own mistake")
                return 0.5

        lab = Lab(store)
        with pytest.raises(ZeroDivisionError, match="my own mistake"):
            lab.cohort(Broken(mode=True), seeds=8)

        assert sorted(run["seed"] for run in stored(store).values()) == [FIRST_SEED, FIRST_SEED + 1]
        with pytest.raises(RunFailedError, match="my own mistake") as told:
            lab.cohort(Broken(mode=True), seeds=8)
        assert "raise ZeroDivisionError" in str(told.value), "the user's own line"
        assert "mlp/lab/work.py" not in str(told.value), "and none of ours"
        assert len(TRAINED) == 3, "nobody tries again in this study"
        assert len(lab.cohort(Broken(mode=True), seeds=2)) == 2

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
                self.rate = 0.1
                return 0.5

        with pytest.raises(AttributeError, match="cannot assign to field 'rate'"):
            Lab(store).cohort(Assigning(), seeds=2)
