"""The lab from question to comparison, on real runs of twenty steps."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from mlp.data import DataError, load
from mlp.genome import (
    LAYERS,
    LAYERS_ESTIMATOR,
    MATMUL,
    MATMUL_ESTIMATOR,
    Genome,
    GenomeError,
    differing,
)
from mlp.lab import (
    DEFAULT_SEEDS,
    FIRST_SEED,
    FIRST_SEEDS,
    Lab,
    LabError,
    ManipulationError,
    Margin,
    Refuted,
    Undecided,
    far_seed,
    help_out,
)
from mlp.lab import work as work_module
from mlp.lab.checks import check_manipulation
from mlp.lab.lab import GLANCE
from mlp.lab.seeds import FAR
from mlp.lab.work import COHORT, Wanted, obtain
from mlp.plan import make_plan
from mlp.run import Protocol, ProtocolError, Run
from mlp.stats import Outcome, look_sizes
from mlp.store import RunFailedError, Store, StoreError
from mlp.tests.lab.runs import BASE, TINY
from mlp.trainers import train

FAST = BASE.with_alleles(rate_scale=9.0)


def wanted(genome=BASE, seed=0, executor="cohort", protocol=TINY):
    return Wanted(genome, "iris", protocol, seed, executor)


class Counted:
    """A store that remembers the jobs it was asked for."""

    def __init__(self, store):
        self.jobs = []
        self._store = store
        self.get, self.path = store.get, store.path

    def obtain(self, jobs, train):
        self.jobs += jobs
        return self._store.obtain(jobs, train)


def stored(store):
    return dict(store.items())


class TestObtaining:
    def test_a_run_is_the_one_its_trainer_gives(self, store):
        want = wanted(BASE.expressed(), seed=3)

        runs = obtain(store, [want])

        assert runs == {want: train([want.genome], "iris", TINY, [3], "cohort")[0]}
        assert Run.from_dict(stored(store)[want.key]) == runs[want]

    def test_a_run_is_trained_once_however_often_it_is_wanted(self, store):
        counted = Counted(store)
        renamed = Protocol(name="renamed", learning_rate=1e-3, steps=20, sample_every=10)
        inert = BASE.with_alleles(dropout_mode="never", dense="layers", trainer="estimator")
        same = [wanted(), wanted(protocol=renamed), wanted(inert)]

        first = obtain(counted, [wanted()])
        again = obtain(counted, same)

        assert len({w.key for w in same}) == 1
        assert sum(len(job.runs) for job in counted.jobs) == 1
        assert len(stored(store)) == 1
        assert [run.weights for run in again.values()] == [first[wanted()].weights] * 3

    def test_a_run_answers_to_the_genome_and_protocol_it_was_asked_for_by(self, store):
        renamed = Protocol(name="renamed", learning_rate=1e-3, steps=20, sample_every=10)
        want = wanted(BASE.with_alleles(dense="layers"), protocol=renamed)

        run = obtain(store, [wanted(), want])[want]

        assert run.genome == want.genome
        assert run.protocol.name == "renamed"

    def test_what_shares_a_shape_is_one_job_of_at_most_a_cohort(self, store):
        counted = Counted(store)
        wants = [wanted(g, s) for g in (BASE, FAST) for s in range(COHORT // 2 + 1)]

        obtain(counted, wants)

        assert sorted(len(job.runs) for job in counted.jobs) == [2, COHORT]
        assert {job.cost for job in counted.jobs} == {20.0}

    def test_what_does_not_share_a_shape_is_apart(self, store):
        counted = Counted(store)
        other = BASE.with_alleles(layer_size=4)

        obtain(counted, [wanted(BASE), wanted(other)])

        assert [len(job.runs) for job in counted.jobs] == [1, 1]

    def test_float64_runs_are_jobs_of_one_stack_and_cost_more(self):
        double = BASE.with_alleles(dtype="float64")
        wants = [wanted(g, s) for g in (BASE, double) for s in range(8)]

        single, *doubles = work_module._jobs({w.key: w for w in wants})

        assert [len(job.runs) for job in (single, *doubles)] == [8, 4, 4]
        assert all(job.cost > single.cost for job in doubles)

    def test_real_runs_are_jobs_of_one_and_cost_more(self, store):
        counted = Counted(store)

        obtain(counted, [wanted(seed=s, executor="direct") for s in (0, 1)])

        assert [len(job.runs) for job in counted.jobs] == [1, 1]
        assert {job.cost for job in counted.jobs} == {80.0}

    def test_a_run_that_diverged_is_kept_like_any_other(self, store):
        wild = BASE.with_alleles(rate_scale=1e30)

        run = obtain(store, [wanted(wild)])[wanted(wild)]

        assert run.diverged_at == 10
        assert obtain(store, [wanted(wild)])[wanted(wild)] == run

    @pytest.mark.parametrize(
        "damage",
        [
            {"validation": [1]},
            {"genome": {}},
            {"seed": 1},
            {"dataset": "wine"},
            {"executor": "direct"},
        ],
        ids=str,
    )
    def test_a_record_that_is_not_the_run_its_key_names_is_refused(self, store, damage):
        record = train([BASE], "iris", TINY, [0], "cohort")[0].to_dict()
        store.put({wanted().key: {**record, **damage}})

        with pytest.raises(StoreError, match="start a fresh store") as told:
            obtain(store, [wanted()])
        assert store.path in str(told.value)

    def test_idle_workers_help_with_what_is_queued(self, tmp_path):
        path = tmp_path / "shared.sqlite"
        with Store(path, study="s") as asking, Store(path, study="s") as helping:
            asking.request(work_module._jobs({wanted().key: wanted()}))
            help_out(helping, grace=0.05)

            assert list(stored(asking)) == [wanted().key]
            assert asking.progress().queued == 0

    def test_a_job_that_cannot_be_trained_fails_for_those_who_wait_and_stops_no_helper(
        self, tmp_path
    ):
        impossible = wanted(seed=2**32)
        path = tmp_path / "shared.sqlite"
        with Store(path, study="s") as asking, Store(path, study="s") as helping:
            asking.request(work_module._jobs({impossible.key: impossible}))
            help_out(helping, grace=0.05)

            with pytest.raises(RunFailedError, match="a run's seed must be"):
                obtain(asking, [impossible])


class TestComparing:
    def test_a_comparison_is_of_paired_forms_at_the_first_look_that_decides(self, tiny_lab):
        comparison = tiny_lab.compare(MATMUL_ESTIMATOR, MATMUL, "iris", margin=0.99, real=False)

        assert [arm.genome for arm in comparison.arms] == [
            MATMUL_ESTIMATOR.paired(),
            MATMUL.paired(),
        ]
        assert comparison.outcome is Outcome.EQUIVALENT
        assert comparison.seeds == tuple(range(FIRST_SEED, FIRST_SEED + comparison.result.n))
        assert comparison.result.n in look_sizes(tiny_lab.seeds)
        assert comparison.executor == "cohort engine"

    def test_the_effect_is_that_of_the_stored_runs(self, tiny_lab):
        comparison = tiny_lab.compare(FAST, BASE, "iris")
        a, b = (tiny_lab.cohort(g, "iris", seeds=comparison.result.n) for g in (FAST, BASE))

        differences = [x.final_accuracy - y.final_accuracy for x, y in zip(a, b, strict=True)]
        assert comparison.effect == pytest.approx(sum(differences) / len(differences))
        assert len(stored(tiny_lab.store)) == 2 * comparison.result.n

    def test_looks_stop_at_the_cap_undecided(self, store):
        lab = Lab(store, protocol=TINY, seeds=12)

        comparison = lab.compare(FAST, BASE, "iris", margin=0.01)

        assert comparison.outcome is Outcome.UNDECIDED
        assert [look.n for look in comparison.result.looks] == [8, 12]

    def test_the_same_question_again_trains_nothing_and_answers_the_same(self, tiny_lab):
        first = tiny_lab.compare(FAST, BASE, "iris")
        records = stored(tiny_lab.store)

        again = Lab(tiny_lab.store, protocol=TINY, seeds=16).compare(FAST, BASE, "iris")

        assert again.result == first.result
        assert stored(tiny_lab.store) == records

    def test_more_seeds_change_nothing_that_an_earlier_look_decided(self, store):
        few = Lab(store, protocol=TINY, seeds=16).compare(FAST, BASE, "iris", margin=0.9)
        many = Lab(store, protocol=TINY, seeds=64).compare(FAST, BASE, "iris", margin=0.9)

        assert few.result.looks == many.result.looks

    def test_the_first_seed_begins_the_seeds(self, store):
        lab = Lab(store, protocol=TINY, seeds=2, first_seed=2**32 - 2)

        comparison = lab.compare(FAST, BASE, "iris", margin=0.99)

        assert comparison.seeds == (2**32 - 2, 2**32 - 1)

    def test_the_trainer_is_compared_on_the_real_api_and_found_identical(self, store):
        lab = Lab(store, protocol=TINY, seeds=2)
        genome = LAYERS_ESTIMATOR.paired().with_alleles(layer_size=8)

        comparison = lab.compare(genome, genome.with_alleles(trainer="direct"), "iris")

        assert comparison.executor == "real API"
        assert {r.executor for arm in comparison.arms for r in arm.runs} == {"direct", "estimator"}
        assert comparison.identical
        comparison.assert_identical()
        comparison.assert_equivalent()

    def test_the_dense_operation_alone_is_compared_on_the_real_api(self, store):
        lab = Lab(store, protocol=TINY, seeds=2)

        comparison = lab.compare(BASE.with_alleles(dense="layers"), BASE, "iris")

        assert comparison.executor == "real API"
        assert comparison.identical

    def test_what_only_the_real_api_tells_apart_may_be_identical_at_a_glance(self, store):
        lab = Lab(store, protocol=TINY, seeds=16)

        comparison = lab.compare(BASE.with_alleles(dense="layers"), BASE, "iris")

        assert comparison.identical
        assert comparison.result.n == GLANCE == len(stored(store)) / 2
        assert comparison.result.interval.high > 0.5, "it says little itself"

    def test_executors_that_end_with_the_same_weights_need_no_more_than_a_glance(self, tiny_lab):
        comparison = tiny_lab.compare_executors(LAYERS, "iris", margin=0.2)

        if comparison.identical:
            assert comparison.result.n == GLANCE
        else:  # on processors where the two round differently
            assert comparison.result.n in look_sizes(tiny_lab.seeds)
        assert comparison.executor == "cohort engine against real API"

    def test_a_glance_at_arms_that_are_not_identical_decides_nothing(self, store):
        """A bias per unit has its gradient summed in another order by each dense operation."""
        lab = Lab(store, protocol=TINY, seeds=8)
        unit = BASE.with_alleles(bias="unit")

        comparison = lab.compare(unit.with_alleles(dense="layers"), unit, "digits", margin=0.99)

        assert not comparison.identical
        assert comparison.result.n == 8

    def test_the_engine_trains_whole_cohorts_of_which_a_look_reads_its_seeds(self, store):
        lab = Lab(store, protocol=TINY, seeds=64)

        comparison = lab.compare(BASE.with_alleles(reporting="ends"), BASE, "iris")

        assert comparison.seeds == tuple(range(FIRST_SEED, FIRST_SEED + 8))
        assert len(stored(store)) == 2 * COHORT

    def test_identical_arms_need_no_second_look(self, store):
        lab = Lab(store, protocol=TINY, seeds=16)
        ends = BASE.with_alleles(reporting="ends")

        comparison = lab.compare(ends, BASE, "iris")

        assert comparison.identical
        assert comparison.result.n == 8
        comparison.assert_identical()
        with pytest.raises(Refuted):
            comparison.assert_worse()

    def test_arms_that_differ_are_refuted_as_identical(self, tiny_lab):
        with pytest.raises(Refuted, match="claimed identical"):
            tiny_lab.compare(FAST, BASE, "iris").assert_identical()

    def test_a_lab_of_the_real_api_trains_everything_there(self, store):
        lab = Lab(store, protocol=TINY, seeds=2, real=True)

        comparison = lab.compare(FAST, BASE, "iris", margin=0.99)

        assert comparison.executor == "real API"
        assert {r.executor for arm in comparison.arms for r in arm.runs} == {"direct"}

    def test_diverged_runs_are_reported_not_dropped(self, tiny_lab):
        comparison = tiny_lab.compare(BASE.with_alleles(rate_scale=1e30), BASE, "iris")

        claim = comparison.claim(Outcome.WORSE)
        assert claim.diverged == comparison.result.n
        assert all(run.final_accuracy == 0 for run in comparison.arms[0].runs)
        assert "runs diverged" in claim.line()

    def test_effects_are_compared_across_datasets(self, tiny_lab):
        pair = (FAST, BASE)
        margin = Margin(0.5, {"iris": 0.9, "wine": 0.4})
        comparison = tiny_lab.compare_effects(
            pair, pair, "iris", second_dataset="wine", margin=margin
        )
        assert comparison.result.margin == 0.9, "that on the first dataset"

        assert [(arm.weight, arm.dataset) for arm in comparison.arms] == [
            (1, "iris"),
            (-1, "iris"),
            (-1, "wine"),
            (1, "wine"),
        ]
        assert comparison.dataset == "iris-wine"

    def test_two_cohorts_of_one_genome_share_no_seed(self, tiny_lab):
        comparison = tiny_lab.compare_seeds(BASE, "iris", margin=0.9)

        first, second = ({run.seed for run in arm.runs} for arm in comparison.arms)
        assert not first & second
        assert min(first) == tiny_lab.first_seed + FAR
        claim = comparison.claim(Outcome.EQUIVALENT)
        assert [arm["first_seed"] for arm in claim.detail["arms"]] == [41_000, 40_000]
        assert re.search(r"\(seeds 41000\.\.410\d\d and 40000\.\.400\d\d\)", claim.line())

    def test_seeds_that_no_generator_takes_are_refused_before_training(self, store):
        lab = Lab(store, protocol=TINY, seeds=8, first_seed=2**32 - 100)
        with pytest.raises(LabError, match="a first seed of 4294967196 and 101 seeds: try 0"):
            lab.cohort(BASE, "iris", seeds=101)
        with pytest.raises(LabError, match=r"a first seed of 4294967196 and 8 .* begin earlier"):
            lab.compare_seeds(BASE, "iris")

    def test_numbers_of_numpy_are_numbers(self, store):
        lab = Lab(store, protocol=TINY, seeds=np.int64(8), first_seed=np.uint32(7))

        comparison = lab.compare(FAST, BASE, "iris", margin=np.float32(0.9))

        assert (type(lab.seeds), type(lab.first_seed)) == (int, int)
        assert comparison.seeds == tuple(range(7, 15))
        assert json.dumps(comparison.margin) == "0.8999999761581421"
        assert len(lab.cohort(BASE, "iris", seeds=np.int64(2))) == 2

    def test_cohorts_that_share_no_seed_are_of_genomes_that_differ(self, store):
        lab = Lab(store, protocol=TINY, seeds=2)
        with pytest.raises(LabError, match="express something different"):
            lab.compare_seeds(BASE, "iris", other=BASE.with_alleles(feeder="run"))
        fitted = BASE.with_alleles(trainer="estimator")

        comparison = lab.compare_seeds(BASE, "iris", other=fitted, margin=0.9)

        assert comparison.executor == "real API"
        trainers = [{run.executor for run in arm.runs} for arm in comparison.arms]
        assert trainers == [{"estimator"}, {"direct"}]

    def test_what_diverged_on_either_side_is_not_said_to_have_stayed_the_same(self, tiny_lab):
        hot = BASE.with_alleles(rate_scale=1e36)
        with pytest.raises(ManipulationError, match="diverged at all 16 seeds, so that nothing"):
            tiny_lab.compare(hot.with_alleles(rate_scale=2e36), hot, "iris")

    def test_a_gene_that_did_not_act_refuses_to_be_compared(self, store):
        """Order cannot act where the one batch holds every row there is."""
        lab = Lab(store, protocol=TINY, seeds=2)
        one_row = BASE.with_alleles(coverage=0.001)
        with pytest.raises(ManipulationError, match="gene 'order' left the rows fed the same"):
            lab.compare(one_row.with_alleles(order="reshuffled"), one_row, "iris")

    @pytest.mark.parametrize(
        ("a", "b"),
        [
            (BASE, BASE),
            (MATMUL, MATMUL.paired()),
            (MATMUL, MATMUL.with_alleles(dropout_mode="never")),
            (MATMUL, MATMUL.with_alleles(feeder="run")),
            (BASE.with_alleles(dropout=0.3, dropout_mode="never"), BASE),
        ],
        ids=["itself", "its paired form", "dropout's mode", "the feeder", "dropout never"],
    )
    def test_a_comparison_that_could_not_come_out_otherwise_is_refused(self, tiny_lab, a, b):
        with pytest.raises(LabError, match="express something different"):
            tiny_lab.compare(a, b, "iris")
        assert stored(tiny_lab.store) == {}

    def test_the_trainer_and_the_dense_operation_cannot_be_compared_in_the_engine(self, tiny_lab):
        for edit in ({"trainer": "estimator"}, {"dense": "layers"}):
            with pytest.raises(LabError, match="express something different"):
                tiny_lab.compare(BASE.with_alleles(**edit), BASE, "iris", real=False)

    @pytest.mark.parametrize("margin", [0, 0.0, -0.05, 1, 1.5, "0.05", None, float("nan"), True])
    def test_a_margin_must_mean_something_before_anything_is_trained(self, tiny_lab, margin):
        for ask in (
            lambda: tiny_lab.compare(FAST, BASE, "iris", margin=margin),
            lambda: tiny_lab.compare_effects((FAST, BASE), (BASE, FAST), "iris", margin=margin),
            lambda: tiny_lab.compare_seeds(BASE, "iris", margin=margin),
            lambda: tiny_lab.dose_response([BASE] * 3, [1, 2, 3], "iris", margin=margin),
        ):
            with pytest.raises(LabError, match="between 0 and 1") as told:
                ask()
            assert f"got {margin!r}" in str(told.value)
        assert stored(tiny_lab.store) == {}

    @pytest.mark.parametrize("genome", ["matmul", None, Genome, 3])
    def test_only_genomes_can_be_compared(self, tiny_lab, genome):
        for ask in (
            lambda: tiny_lab.compare(genome, BASE, "iris"),
            lambda: tiny_lab.compare(BASE, genome, "iris"),
            lambda: tiny_lab.compare_effects((BASE, genome), (BASE, FAST), "iris"),
            lambda: tiny_lab.compare_seeds(genome, "iris"),
            lambda: tiny_lab.compare_executors(genome, "iris"),
            lambda: tiny_lab.screen(genome, BASE, "iris"),
            lambda: tiny_lab.dose_response([genome] * 3, [1, 2, 3], "iris"),
            lambda: tiny_lab.cohort(genome, "iris", seeds=2),
        ):
            with pytest.raises(LabError, match="is of genomes; got"):
                ask()

    @pytest.mark.parametrize("dataset", ["irish", None, ["iris", "wine"]])
    def test_only_known_datasets_can_be_used(self, tiny_lab, dataset):
        for ask in (
            lambda: tiny_lab.compare(FAST, BASE, dataset),
            lambda: tiny_lab.screen(FAST, BASE, dataset),
            lambda: tiny_lab.dose_response([BASE] * 3, [1, 2, 3], dataset),
            lambda: tiny_lab.cohort(BASE, dataset, seeds=2),
        ):
            with pytest.raises(DataError, match="must be one of iris, wine, digits"):
                ask()

    @pytest.mark.parametrize(
        "edit",
        [{}, {"dropout_mode": "training"}, {"feeder": "run"}, {"split": "42"}, {"dense": "layers"}],
        ids=str,
    )
    def test_an_effect_is_not_compared_with_one_of_the_same_runs(self, tiny_lab, edit):
        first, second = (FAST, BASE), (FAST.with_alleles(**edit), BASE.with_alleles(**edit))
        with pytest.raises(LabError, match="two effects are compared that are not one"):
            tiny_lab.compare_effects(first, second, "iris", real=False)
        assert stored(tiny_lab.store) == {}

    def test_effects_of_genes_that_do_not_act_are_not_compared(self, tiny_lab):
        nothing = [(g, g.with_alleles(feeder="run")) for g in (BASE, FAST)]
        with pytest.raises(LabError, match="express something different"):
            tiny_lab.compare_effects(*nothing, "iris", second_dataset="wine")

    @pytest.mark.parametrize(
        "effects", [((FAST, FAST), (FAST, BASE)), ((FAST, BASE), (BASE, BASE))]
    )
    def test_each_effect_compared_is_one(self, tiny_lab, effects):
        with pytest.raises(LabError, match="express something different"):
            tiny_lab.compare_effects(*effects, "iris")
        assert stored(tiny_lab.store) == {}

    def test_effects_that_only_the_real_api_tells_apart_are_compared_there(self, store):
        lab = Lab(store, protocol=TINY, seeds=2)
        layers = [g.with_alleles(dense="layers") for g in (FAST, BASE)]

        comparison = lab.compare_effects(layers, (FAST, BASE), "iris")

        assert comparison.executor == "real API"
        assert comparison.identical

    def test_modes_of_dropout_that_train_alike_are_compared_by_what_they_answer(self, tiny_lab):
        training = FAST.with_alleles(dropout=0.5, dropout_mode="training")

        comparison = tiny_lab.compare(
            training.with_alleles(dropout_mode="always"), training, "iris", margin=0.99
        )

        weights = [[run.weights for run in arm.runs] for arm in comparison.arms]
        assert weights[0] == weights[1]
        assert not comparison.identical

    @pytest.mark.parametrize("effect", [BASE, (BASE,), (BASE, FAST, BASE), "matmul"])
    def test_an_effect_is_a_pair_of_genomes(self, tiny_lab, effect):
        with pytest.raises(LabError, match="an effect is a pair of genomes"):
            tiny_lab.compare_effects(effect, (FAST, BASE), "iris")
        with pytest.raises(LabError, match="an effect is a pair of genomes"):
            tiny_lab.compare_effects((FAST, BASE), effect, "iris")


class TestScreeningAndDoses:
    def test_a_screen_trains_every_combination_once_and_its_shares_add_up(self, store):
        lab = Lab(store, protocol=TINY, seeds=4)
        good = BASE.with_alleles(order="shuffled_once", rate_scale=9.0)

        screening = lab.screen(good, BASE, "iris")

        assert screening.genes == ("order", "rate_scale")
        assert screening.seeds == 4
        assert len(stored(store)) == 16
        whole = [
            a.final_accuracy - b.final_accuracy
            for a, b in zip(
                lab.cohort(good, "iris", seeds=4), lab.cohort(BASE, "iris", seeds=4), strict=True
            )
        ]
        assert sum(screening.shares.values()) == pytest.approx(sum(whole) / 4)
        assert len(stored(store)) == 16

    def test_a_screen_that_does_not_decide_is_looked_at_with_more_seeds(self, store):
        lab = Lab(store, protocol=TINY, seeds=9)
        good = BASE.with_alleles(order="shuffled_once", rate_scale=9.0)
        screening = lab.screen(good, BASE, "iris", seeds=4)

        with pytest.raises(Undecided):
            screening.assert_responsible("rate_scale", margin=0.4)

        assert screening.seeds == 8, "rounded up to a look"
        assert lab.claims[0].seeds == 9
        assert [look["seeds"] for look in lab.claims[0].detail["looks"]] == [8, 9]
        assert len(stored(store)) == 36

    @pytest.mark.parametrize("first", [1, 3, 8, 9, 100])
    def test_a_screen_takes_no_look_that_is_not_paid_for(self, monkeypatch, tmp_path, first):
        lab = Lab(tmp_path / "runs.sqlite", protocol=TINY, seeds=1000)
        asked = []

        def trained(cells, seeds, _real):
            asked.append(seeds)
            return [[] for _ in cells]

        monkeypatch.setattr(lab, "_train", trained)
        monkeypatch.setattr("mlp.lab.lab.check_cohorts", lambda *_: None)
        screening = lab.screen(FAST, BASE, "iris", seeds=first)
        while screening.more:
            screening = screening.more()
        lab.store.close()

        assert asked == [n for n in look_sizes(1000) if n >= first]

    def test_a_screen_varies_no_gene_that_acts_by_another_alone(self, store):
        lab = Lab(store, protocol=TINY, seeds=2)

        screening = lab.screen(BASE.with_alleles(dropout=0.2), BASE, "iris")

        assert screening.genes == ("dropout",)

    @pytest.mark.parametrize(
        ("good", "bad", "gene"),
        [
            ({"order": "reshuffled", "feeder": "run"}, {}, "feeder"),
            ({"order": "reshuffled"}, {"feeder": "run"}, "feeder"),
            ({"dropout": 0.2, "dropout_mode": "training"}, {}, "dropout_mode"),
        ],
        ids=["of the good", "of the bad", "dropout"],
    )
    def test_a_gene_that_acts_in_some_cells_alone_is_refused(self, tiny_lab, good, bad, gene):
        with pytest.raises(
            LabError, match=rf"whatever the alleles .* '{gene}' does not: give both"
        ):
            tiny_lab.screen(BASE.with_alleles(**good), BASE.with_alleles(**bad), "iris")
        assert stored(tiny_lab.store) == {}

    def test_cells_and_doses_one_gene_apart_are_checked(self, store, monkeypatch):
        lab, checked = Lab(store, protocol=TINY, seeds=4), []

        def check(a, b, runs):
            checked.append((differing(a, b), len(runs)))
            check_manipulation(a, b, runs)

        monkeypatch.setattr("mlp.lab.checks.check_manipulation", check)
        lab.screen(BASE.with_alleles(order="shuffled_once", rate_scale=9.0), BASE, "iris")
        assert sorted(checked) == [(("order",), 4)] * 2 + [(("rate_scale",), 4)] * 2

        checked.clear()
        doses = [BASE.with_alleles(coverage=share) for share in (0.5, 0.7, 0.9)]
        lab.dose_response(doses, [0.5, 0.7, 0.9], "iris", margin=0.5)
        assert checked == [(("coverage",), 4)] * 2

    def test_a_screen_on_the_real_api_says_so(self, store):
        lab = Lab(store, protocol=TINY, seeds=2, real=True)

        assert lab.screen(FAST, BASE, "iris").executor == "real API"

    @pytest.mark.parametrize("bad", [BASE, BASE.with_alleles(dense="layers"), BASE.paired()])
    def test_a_screen_of_genomes_that_act_the_same_is_refused(self, tiny_lab, bad):
        with pytest.raises(LabError, match=r"1 to 8 genes that act; .* differ in none"):
            tiny_lab.screen(BASE, bad, "iris")

    def test_a_screen_of_too_many_genes_is_refused(self, tiny_lab):
        other = LAYERS_ESTIMATOR.with_alleles(
            layer_size=3, rate_scale=2.0, dropout=0.1, handicap=0.1
        )
        with pytest.raises(LabError, match="1 to 8 genes"):
            tiny_lab.screen(other, MATMUL, "iris")

    @pytest.mark.parametrize("seeds", [0, -1, 1.5, "8", None, True])
    def test_a_cohort_needs_a_run(self, tiny_lab, seeds):
        for ask in (
            lambda: tiny_lab.cohort(BASE, "iris", seeds=seeds),
            lambda: tiny_lab.screen(FAST, BASE, "iris", seeds=seeds),
        ):
            with pytest.raises(LabError, match="at least 1 seed"):
                ask()

    def test_a_dose_response_holds_the_cohorts_of_its_doses(self, store):
        lab = Lab(store, protocol=TINY, seeds=2)
        rates = (0.1, 1.0, 9.0)
        genomes = [BASE.with_alleles(rate_scale=r) for r in rates]

        curve = lab.dose_response(genomes, rates, "iris", margin=0.2)

        for genome, runs, mean in zip(genomes, curve.runs, curve.means, strict=True):
            assert list(runs) == lab.cohort(genome, "iris", seeds=2)
            assert mean == pytest.approx(sum(r.final_accuracy for r in runs) / 2)
        assert len(stored(store)) == 6

    @pytest.mark.parametrize(
        ("rates", "doses"),
        [
            ((0.1, 1.0), (0.1, 1.0)),
            ((0.1, 1.0, 9.0), (0.1, 1.0)),
            ((0.1, 1.0, 9.0), (9.0, 1.0, 0.1)),
            ((0.1, 1.0, 9.0), (1.0, 1.0, 9.0)),
            ((0.1, 1.0, 9.0), ("first_batch", 0.1, "all")),
            ((0.1, 1.0, 9.0), 3),
        ],
        ids=["two", "unmatched", "falling", "repeated", "words", "one"],
    )
    def test_doses_must_rise_and_match_their_genomes(self, tiny_lab, rates, doses):
        genomes = [BASE.with_alleles(rate_scale=r) for r in rates]
        with pytest.raises(LabError, match="at least 3 doses, smallest first") as told:
            tiny_lab.dose_response(genomes, doses, "iris")
        assert f"got {len(rates)} genomes at doses {doses}" in str(told.value)

    def test_a_dose_response_is_of_a_genome_for_each_dose(self, tiny_lab):
        with pytest.raises(LabError, match=r"for each; got matmul at doses \[1, 2, 3\]: give"):
            tiny_lab.dose_response(MATMUL, [1, 2, 3], "iris")

    def test_a_lab_says_what_it_would_do(self, tiny_lab):
        assert repr(tiny_lab).startswith("<Lab tiny, seeds 40000..40015, cohort engine, runs in ")

    def test_doses_of_more_than_one_gene_are_refused(self, tiny_lab):
        genomes = [
            BASE,
            BASE.with_alleles(coverage=0.7),
            BASE.with_alleles(coverage=0.9, logits="raw"),
        ]
        with pytest.raises(LabError, match=r"varies one gene; .* differ in coverage, logits"):
            tiny_lab.dose_response(genomes, (0.4, 0.7, 0.9), "iris")

    def test_a_dose_that_changes_nothing_is_refused(self, tiny_lab):
        genomes = [MATMUL.with_alleles(dropout=d, dropout_mode="never") for d in (0.0, 0.1, 0.2)]
        with pytest.raises(LabError, match="genomes that express something different"):
            tiny_lab.dose_response(genomes, (0.0, 0.1, 0.2), "iris")


class TestOpening:
    @pytest.mark.parametrize("seeds", [1, 0, -8, 2.0, "16", None, True, 10**6])
    def test_a_lab_needs_two_seeds_or_more(self, store, seeds):
        with pytest.raises(LabError, match="needs from 2 to 100000 seeds") as told:
            Lab(store, protocol=TINY, seeds=seeds)
        assert f"got {seeds!r}" in str(told.value)

    @pytest.mark.parametrize("first", [-1, 2**32, 2**32 - 7, 0.0, "0", True])
    def test_seeds_must_lie_in_range(self, store, first):
        with pytest.raises(LabError, match=r"from 0 to 2\*\*32 - 1") as told:
            Lab(store, protocol=TINY, seeds=8, first_seed=first)
        assert repr(first) in str(told.value)

    @pytest.mark.parametrize("protocol", ["quik", None, 3, {"steps": 20}])
    def test_a_lab_needs_a_protocol(self, store, protocol):
        with pytest.raises(ProtocolError, match="quick, published; got"):
            Lab(store, protocol=protocol)

    def test_a_store_may_be_given_by_its_path(self, tmp_path):
        lab = Lab(tmp_path / "runs.sqlite", protocol=TINY)
        try:
            assert lab.store.path == str(tmp_path / "runs.sqlite")
            assert lab.seeds == DEFAULT_SEEDS
            assert lab.first_seed == FIRST_SEED
        finally:
            lab.store.close()

    def test_verdicts_rest_on_seeds_of_the_protocol_s_own(self, store):
        assert Lab(store, protocol="quick").first_seed == FIRST_SEED
        assert Lab(store, protocol="published").first_seed == FIRST_SEEDS["published"]
        assert FIRST_SEEDS["published"] >= far_seed(FIRST_SEED, DEFAULT_SEEDS) + DEFAULT_SEEDS
        assert Lab(store, protocol="published", first_seed=7).first_seed == 7

    def test_a_place_that_is_no_store_is_refused(self, tmp_path):
        with pytest.raises(StoreError, match="is a folder"):
            Lab(tmp_path, protocol=TINY)

    @pytest.mark.parametrize("place", [None, 3, ["runs.sqlite"]])
    def test_a_store_is_given_by_a_path(self, place):
        with pytest.raises(StoreError, match="give another path") as told:
            Lab(place, protocol=TINY)
        assert repr(str(place)) in str(told.value)

    def test_a_lab_writes_down_every_claim(self, tiny_lab):
        comparison = tiny_lab.compare(FAST, BASE, "iris", margin=0.99)
        comparison.assert_equivalent()

        assert [claim.verdict for claim in tiny_lab.claims] == ["supported"]


def test_runs_were_recorded_at_the_published_protocol_alone(tiny_lab):
    with pytest.raises(LabError, match="published protocol"):
        tiny_lab.compare_recorded("matmul", "iris", seeds=4, error=0.05)
    with pytest.raises(GenomeError):
        tiny_lab.compare_recorded("matmull", "iris", seeds=4, error=0.05)
    with pytest.raises(DataError, match="one of iris"):
        tiny_lab.compare_recorded("matmul", ["iris"], seeds=4, error=0.05)


@pytest.mark.parametrize("error", [0, 1, -0.1, "0.05", None, True])
def test_the_false_alarms_of_a_comparison_with_the_recorded_runs_are_few(store, error):
    lab = Lab(store, protocol="published")
    with pytest.raises(LabError, match="false alarm lies between 0 and 1; got"):
        lab.compare_recorded("matmul", "iris", seeds=4, error=error)
    assert stored(store) == {}


def test_a_run_says_the_digest_of_its_plan(tiny_lab):
    run = tiny_lab.cohort(BASE, "iris", seeds=1)[0]

    assert run.saw.init == make_plan(BASE, load("iris"), FIRST_SEED).init_digest
