"""Comparisons by the lab, on real runs of twenty steps."""

from __future__ import annotations

import json
import re
from functools import partial

import numpy as np
import pytest

from mlp.lab import FIRST_SEED, Lab, LabError, ManipulationError, Margin, Refuted
from mlp.lab.seeds import FAR, GLANCE
from mlp.species.post.executors import COHORT
from mlp.species.post.genome import LAYERS, LAYERS_ESTIMATOR, MATMUL, MATMUL_ESTIMATOR, Mlp
from mlp.stats import Outcome, look_sizes
from mlp.store import Store
from mlp.tests.lab.runs import BASE, FAST, TINY, stored


class TestComparing:
    def test_a_comparison_is_of_paired_forms_at_the_first_look_that_decides(self, tiny_lab):
        comparison = tiny_lab.compare(MATMUL_ESTIMATOR, MATMUL, "iris", margin=0.99, real=False)

        assert [arm.genome for arm in comparison.arms] == [
            MATMUL_ESTIMATOR.as_compared(),
            MATMUL.as_compared(),
        ]
        assert comparison.outcome is Outcome.EQUIVALENT
        assert comparison.seeds == tuple(range(FIRST_SEED, FIRST_SEED + comparison.result.n))
        assert comparison.result.n in look_sizes(tiny_lab.seeds)
        assert comparison.executor == "cohort engine"

    def test_the_effect_is_that_of_the_stored_runs(self, tiny_lab):
        comparison = tiny_lab.compare(FAST, BASE, "iris")
        a, b = (tiny_lab.cohort(g, "iris", seeds=comparison.result.n) for g in (FAST, BASE))

        differences = [x.score - y.score for x, y in zip(a, b, strict=True)]
        assert comparison.effect == pytest.approx(sum(differences) / len(differences))
        assert len(stored(tiny_lab.store)) == 2 * comparison.result.n

    def test_looks_stop_at_the_cap_undecided(self, store):
        lab = Lab(store, protocol=TINY, seeds=20)

        comparison = lab.compare(FAST, BASE, "iris", margin=0.01)

        assert comparison.outcome is Outcome.UNDECIDED
        assert [look.n for look in comparison.result.looks] == [16, 20]

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
        genome = LAYERS_ESTIMATOR.as_compared().with_alleles(layer_size=8)

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

        assert (comparison.result.n == GLANCE) == comparison.identical, "on any processor"
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

        assert comparison.seeds == tuple(range(FIRST_SEED, FIRST_SEED + 16))
        assert len(stored(store)) == 2 * COHORT.at_once

    def test_both_arms_are_asked_for_at_once_so_that_two_workers_can_share_them(
        self, store, monkeypatch
    ):
        asked = []

        def obtain(self, jobs, train, can):
            asked.append({job.spec["executor"] for job in jobs})
            return Store.obtain(self, jobs, train, can)

        lab = Lab(store, protocol=TINY, seeds=8)
        monkeypatch.setattr(store, "obtain", partial(obtain, store))

        lab.compare_seeds(BASE, "iris", margin=0.9)
        lab.compare_executors(LAYERS, "iris", margin=0.9)

        assert asked[:2] == [{"cohort"}, {"cohort", "direct"}]

    def test_identical_arms_need_no_second_look(self, store):
        lab = Lab(store, protocol=TINY, seeds=24)
        ends = BASE.with_alleles(reporting="ends")

        comparison = lab.compare(ends, BASE, "iris")

        assert comparison.identical
        assert comparison.result.n == 16
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
        assert all(run.score == 0 for run in comparison.arms[0].runs)
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
        assert min(first) == FIRST_SEED + FAR
        claim = comparison.claim(Outcome.EQUIVALENT)
        assert [arm["first_seed"] for arm in claim.detail["arms"]] == [101_000, 100_000]
        assert re.search(r"\(seeds 101000\.\.1010\d\d and 100000\.\.1000\d\d\)", claim.line())

    def test_numbers_of_numpy_are_numbers(self, store):
        lab = Lab(store, protocol=TINY, seeds=np.int64(8), first_seed=np.uint32(7))

        comparison = lab.compare(FAST, BASE, "iris", margin=np.float32(0.9))

        assert (type(lab.seeds), type(lab.first_seed_of(Mlp))) == (int, int)
        assert comparison.seeds == tuple(range(7, 15))
        assert json.dumps(comparison.margin) == "0.8999999761581421"
        assert len(lab.cohort(BASE, "iris", seeds=np.int64(2))) == 2

    def test_cohorts_that_share_no_seed_are_of_genomes_that_differ(self, store):
        lab = Lab(store, protocol=TINY, seeds=2)
        with pytest.raises(LabError, match="train differently"):
            lab.compare_seeds(BASE, "iris", other=BASE.with_alleles(shuffle_seed="run"))
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
