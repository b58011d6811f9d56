"""Vouched-for arms: the engine trains an arm's other seeds only if it is right to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from mlp.lab import FIRST_SEED, Lab, ManipulationError
from mlp.lab.checks import check_manipulation
from mlp.lab.seeds import GLANCE
from mlp.species.post.executors import DIRECT, ESTIMATOR
from mlp.species.post.genome import LAYERS_ESTIMATOR_FLOAT32, MATMUL, MATMUL_ESTIMATOR
from mlp.species.post.trainers.cohort.engine import Engine
from mlp.stats import Outcome
from mlp.store import Store
from mlp.tests.lab.runs import BASE, FAST, TINY, pairs, stored

SEEDS = 16


@pytest.fixture
def lab(store):
    return Lab(store, protocol=TINY, seeds=SEEDS)


@pytest.fixture
def real_lab(tmp_path):
    with Store(tmp_path / "real.sqlite") as opened:
        yield Lab(opened, protocol=TINY, seeds=SEEDS, real=True)


def executors(comparison):
    return [[run.executor for run in arm.runs] for arm in comparison.arms]


def watch_plans(monkeypatch):
    """Have every engine remember the plans it was started with."""
    start = Engine.start

    def started(self, plans, rate):
        self.plans = plans
        start(self, plans, rate)

    monkeypatch.setattr(Engine, "start", started)


def flip_a_weight(monkeypatch, rates=(BASE.rate_scale, FAST.rate_scale)):
    """An engine that ends the second seed with one bit of one weight wrong."""
    watch_plans(monkeypatch)
    right = Engine.variables

    def variables(self):
        found = right(self)
        for i, plan in enumerate(self.plans):
            if plan.seed == FIRST_SEED + 1 and plan.genome.rate_scale in rates:
                found[3][i].reshape(-1).view(np.uint32)[5] ^= 1
        return found

    monkeypatch.setattr(Engine, "variables", variables)


def flip_a_count(monkeypatch):
    """An engine whose curve of the fourth seed is one answer off at one sample."""
    watch_plans(monkeypatch)
    right = Engine.evaluate

    def evaluate(self):
        sample = right(self).copy()
        for i, plan in enumerate(self.plans):
            sample[0, i] ^= plan.seed == FIRST_SEED + 3 and self.step.numpy() == TINY.steps
        return sample

    monkeypatch.setattr(Engine, "evaluate", evaluate)


def test_the_engine_trains_the_seeds_after_those_it_is_vouched_for_at(lab, real_lab):
    comparison = lab.compare(FAST, BASE, "iris", margin=0.9, real=True)

    n = comparison.result.n
    assert n > GLANCE
    assert executors(comparison) == [["direct"] * GLANCE + ["cohort"] * (n - GLANCE)] * 2
    claim = comparison.claim(Outcome.EQUIVALENT)
    assert claim.vouched == GLANCE
    assert [arm["vouched"] for arm in claim.detail["arms"]] == [GLANCE, GLANCE]
    assert "vouched for by the engine, 4 seeds" in claim.line()
    assert comparison.result == real_lab.compare(FAST, BASE, "iris", margin=0.9).result


@pytest.mark.parametrize("wrong", [flip_a_weight, flip_a_count])
def test_one_bit_apart_the_real_api_trains_all_seeds(lab, real_lab, monkeypatch, wrong):
    wrong(monkeypatch)

    comparison = lab.compare(FAST, BASE, "iris", margin=0.9, real=True)

    assert executors(comparison) == [["direct"] * comparison.result.n] * 2
    claim = comparison.claim(Outcome.EQUIVALENT)
    assert claim.vouched == 0
    assert "vouched" not in claim.line()
    assert comparison.result == real_lab.compare(FAST, BASE, "iris", margin=0.9).result


def test_each_arm_is_vouched_for_by_itself(lab, monkeypatch):
    flip_a_weight(monkeypatch, rates=[FAST.rate_scale])

    comparison = lab.compare(FAST, BASE, "iris", margin=0.9, real=True)

    assert [arm.vouched for arm in comparison.arms] == [0, GLANCE]


def test_a_diverged_run_vouches_for_nothing(lab):
    hot = BASE.with_alleles(rate_scale=1e30)

    comparison = lab.compare(hot, BASE, "iris", margin=0.9, real=True)

    assert [arm.vouched for arm in comparison.arms] == [0, GLANCE]


def test_strains_of_two_trainers_are_compared_on_the_real_api_and_vouched_for(lab):
    small = {"layer_size": 8}
    pair = [g.with_alleles(**small) for g in (MATMUL_ESTIMATOR, MATMUL)]

    comparison = lab.compare(*pair, "iris", margin=0.9)

    assert comparison.executor == "real API"
    assert [set(by[:GLANCE]) for by in executors(comparison)] == [{"estimator"}, {"direct"}]
    assert [set(by[GLANCE:]) for by in executors(comparison)] == [{"cohort"}, {"cohort"}]


def test_cohorts_that_share_no_seed_are_vouched_for_each_at_its_own(lab):
    fitted = FAST.with_alleles(trainer="estimator")

    comparison = lab.compare_seeds(BASE, "iris", other=fitted, margin=0.9)

    assert [arm.vouched for arm in comparison.arms] == [GLANCE, GLANCE]


def test_runs_of_the_engine_keep_its_keys_and_serve_its_own_claims(lab):
    lab.compare(FAST, BASE, "iris", margin=0.9, real=True)
    before = stored(lab.store)

    lab.cohorts([FAST, BASE], "iris", seeds=SEEDS)

    assert stored(lab.store) == before


def test_a_lab_of_the_real_api_is_never_vouched_for(real_lab):
    comparison = real_lab.compare(FAST, BASE, "iris", margin=0.9)

    assert comparison.claim(Outcome.EQUIVALENT).vouched == 0
    assert {run["executor"] for run in stored(real_lab.store).values()} == {"direct"}


def test_executors_are_compared_without_vouching(lab):
    comparison = lab.compare_executors(LAYERS_ESTIMATOR_FLOAT32, "iris", margin=0.2)

    assert comparison.claim(Outcome.EQUIVALENT).vouched == 0


def test_the_trainer_is_checked_at_the_seeds_the_real_api_trained():
    estimator = BASE.with_alleles(trainer="estimator")
    engine = pairs(estimator, BASE, weights="same")

    def checked(a, b):
        real = pairs(estimator, BASE, 4, of_a={"executor": a}.items(), of_b={"executor": b}.items())
        check_manipulation(estimator, BASE, [*real, *engine[4:]], {DIRECT.name, ESTIMATOR.name})

    checked("estimator", "direct")
    with pytest.raises(ManipulationError, match="gene 'trainer' left who trained the same"):
        checked("direct", "direct")
