"""Hand-made runs against those recorded of the same strain under TensorFlow 1.4.1."""

from __future__ import annotations

from itertools import permutations

import pytest

from mlp.lab import REFUTED, SUPPORTED, Lab, Refuted
from mlp.lab.key import expressed
from mlp.lab.work import Wanted
from mlp.run import Run
from mlp.species.post.executors import COHORT
from mlp.species.post.genome import LAYERS
from mlp.species.post.protocol import FIRST_SEEDS, PROTOCOLS
from mlp.species.post.recorded import compare_recorded
from mlp.species.post.reference import final_accuracies
from mlp.tests.lab.runs import stored

PUBLISHED = PROTOCOLS["published"]
FIRST = FIRST_SEEDS["published"]
ROWS = 17
RECORDED = [6, 14, 14]
"""Of `ROWS` rows held out of wine, those each recorded run of `LAYERS` ends with right."""


def a_lab(store, right):
    """A lab whose store holds runs of `LAYERS` as published that end with `right` rows right."""
    for seed, count in enumerate(right, FIRST):
        run = Run(
            genome=expressed(LAYERS, COHORT),
            dataset="wine",
            protocol=PUBLISHED,
            seed=seed,
            executor="cohort",
            score=count / ROWS,
            curves={"validation": (0.2,) * 100 + (count / ROWS,)},
            steps=PUBLISHED.sampled_steps,
            diverged_at=None,
            saw={"distinct_rows": 64, "updates": 20_000, "order": "o", "init": "i"},
            weights=f"weights of seed {seed}",
        )
        (key,) = Wanted(LAYERS, "wine", PUBLISHED, range(seed, seed + 1), COHORT).keys
        store.put({key: run.to_dict()})
    return Lab(store, protocol="published")


def p_of_permutations(right):
    """The two-sided p of the recorded rows' sum over all orders of theirs and ours together."""
    sums = [sum(order[:3]) for order in permutations(RECORDED + right)]
    above = sum(s >= sum(RECORDED) for s in sums) / len(sums)
    below = sum(s <= sum(RECORDED) for s in sums) / len(sums)
    return min(1, 2 * min(above, below))


def test_the_recorded_accuracies_are_those_after_the_last_step_in_the_order_of_the_seeds():
    assert final_accuracies("layers", "wine").tolist() == [0.3529, 0.8235, 0.8235]
    assert final_accuracies("matmul_estimator", "iris").tolist() == [1.0, 0.9333, 1.0]


def test_runs_like_the_recorded_ones_agree_with_them(store):
    ours = [14, 13, 6, 14, 15]
    lab = a_lab(store, ours)
    before = stored(store)

    comparison = compare_recorded(lab, "layers", "wine", seeds=5, error=0.05)
    comparison.assert_agrees()

    assert stored(store) == before, "nothing was trained"
    assert [run.seed for run in comparison.runs] == [120_000, 120_001, 120_002, 120_003, 120_004]
    assert comparison.recorded == (6 / 17, 14 / 17, 14 / 17), "in whole rows"
    (claim,) = lab.claims
    assert (claim.verdict, claim.outcome, claim.seeds) == (SUPPORTED, "agrees", 5)
    assert claim.effect == pytest.approx((62 / 5 - 34 / 3) / 17)
    assert claim.low <= claim.effect <= claim.high
    assert claim.detail["ours"] == [right / 17 for right in ours]
    assert claim.detail["p_value"] == pytest.approx(p_of_permutations(ours))
    assert claim.detail["p_value"] > 0.05


def test_runs_unlike_the_recorded_ones_are_refuted(store):
    """All ours lie above all recorded: one choice of three of the eight is as extreme."""
    ours = [15, 16, 16, 17, 15]
    lab = a_lab(store, ours)

    with pytest.raises(Refuted, match="layers against the 3 recorded runs on wine"):
        compare_recorded(lab, "layers", "wine", seeds=5, error=0.05).assert_agrees()

    (claim,) = lab.claims
    assert (claim.verdict, claim.outcome) == (REFUTED, "differs")
    assert claim.detail["p_value"] == pytest.approx(2 / 56)
    assert p_of_permutations(ours) == pytest.approx(2 / 56)


def test_the_same_runs_agree_where_false_alarms_must_be_fewer(store):
    lab = a_lab(store, [15, 16, 16, 17, 15])
    comparison = compare_recorded(lab, "layers", "wine", seeds=5, error=0.03)

    comparison.assert_agrees()
