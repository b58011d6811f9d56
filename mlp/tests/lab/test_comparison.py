"""Comparisons and claims: the verdict on each claim, its words, and identity bit for bit."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from mlp.lab import REFUTED, SUPPORTED, UNDECIDED, Claim, Refuted, Undecided, settle
from mlp.lab.arm import Arm, identical, weighted_differences
from mlp.lab.claim import verdict_of
from mlp.lab.comparison import Comparison
from mlp.stats import Outcome, sequential
from mlp.tests.lab.runs import BASE, a_comparison, a_run, setting

COUNTS = {
    Outcome.BETTER: ([90] * 64, [40] * 64),
    Outcome.WORSE: ([40] * 64, [90] * 64),
    Outcome.EQUIVALENT: ([60, 61] * 256, [61, 60] * 256),
    Outcome.UNDECIDED: ([50, 90] * 4, [90, 50] * 4),
}
ASSERTIONS = {
    Outcome.BETTER: Comparison.assert_better,
    Outcome.WORSE: Comparison.assert_worse,
    Outcome.EQUIVALENT: Comparison.assert_equivalent,
}


@pytest.mark.parametrize("expected", ASSERTIONS, ids=str)
@pytest.mark.parametrize("outcome", COUNTS, ids=str)
def test_a_claim_is_supported_refuted_or_undecided_as_the_evidence_says(outcome, expected):
    claims = []
    comparison = a_comparison(*COUNTS[outcome], claims=claims)
    assert comparison.outcome is outcome

    if outcome is Outcome.UNDECIDED:
        verdict, raised = UNDECIDED, pytest.raises(Undecided, match=r"^undecided: ")
    elif outcome is expected:
        verdict, raised = SUPPORTED, None
    else:
        verdict, raised = REFUTED, pytest.raises(Refuted, match=r"^refuted: ")
    if raised is None:
        ASSERTIONS[expected](comparison)
    else:
        with raised:
            ASSERTIONS[expected](comparison)

    assert [claim.verdict for claim in claims] == [verdict]
    assert verdict_of(outcome, expected) == verdict
    assert (claims[0].outcome, claims[0].expected) == (str(outcome), str(expected))


def test_swapping_the_arms_mirrors_effect_and_verdict():
    a, b = [70, 80, 75, 90] * 4, [60, 55, 70, 65] * 4
    there, back = a_comparison(a, b), a_comparison(b, a)

    assert there.effect == pytest.approx(-back.effect)
    assert there.result.interval.low == pytest.approx(-back.result.interval.high)
    assert there.outcome is back.outcome.mirrored


def test_the_effect_is_the_mean_paired_difference():
    comparison = a_comparison([60, 70, 80, 90], [50, 75, 80, 70], margin=0.5)

    assert weighted_differences(comparison.arms) == pytest.approx([0.1, -0.05, 0.0, 0.2])
    assert comparison.effect == pytest.approx(0.0625)
    assert comparison.seeds == (0, 1, 2, 3)
    assert comparison.genes == ("coverage",)
    assert comparison.interval == comparison.result.looks[-1].interval
    assert comparison.margin == 0.5
    assert [arm.mean for arm in comparison.arms] == pytest.approx([0.75, 0.6875])


def test_one_line_says_effect_interval_margin_seeds_and_outcome():
    comparison = a_comparison([60] * 8, [50] * 8)
    claim = comparison.claim(Outcome.BETTER)

    low, high = comparison.result.interval.low, comparison.result.interval.high
    assert claim.line() == (
        "matmul[coverage=all, layer_size=8] against matmul[layer_size=8] on iris (tiny): "
        f"effect +0.100 [{low:+.3f}, {high:+.3f}], margin 0.05, n=8 (seeds 0..7): "
        "undecided, claimed better"
    )
    assert "claimed" not in repr(comparison)


def test_a_claim_is_plain_values():
    claim = a_comparison([60] * 8, [50] * 8).claim(Outcome.BETTER)

    assert Claim(**json.loads(json.dumps(asdict(claim)))) == claim
    assert claim.detail["differences"] == pytest.approx([0.1] * 8)
    assert [arm["mean"] for arm in claim.detail["arms"]] == pytest.approx([0.6, 0.5])
    assert [look["seeds"] for look in claim.detail["looks"]] == [8]


def test_diverged_runs_answer_nothing_and_are_counted():
    comparison = a_comparison([60] * 8, [50] * 8)
    arm = comparison.arms[0]
    lost = replace(arm, runs=(a_run(arm.genome, 0, diverged_at=20), *arm.runs[1:]))
    arms = (lost, comparison.arms[1])
    result = sequential(weighted_differences(arms), 0.05, cap=8)

    claim = replace(comparison, arms=arms, result=result).claim(Outcome.BETTER)

    assert claim.diverged == 1
    assert claim.effect == pytest.approx((-0.5 + 7 * 0.1) / 8)
    assert "1 run diverged" in claim.line()


def test_a_difference_of_differences_weighs_its_four_arms():
    runs = [tuple(a_run(BASE, s, right) for s in range(8)) for right in (90, 60, 50, 40)]
    arms = tuple(Arm(w, BASE, "iris", r) for w, r in zip((1, -1, -1, 1), runs, strict=True))
    result = sequential(weighted_differences(arms), 0.05, cap=8)
    comparison = Comparison(setting(), "cohort engine", arms, result)

    assert comparison.effect == pytest.approx((0.9 - 0.6) - (0.5 - 0.4))
    assert comparison.statement.count("against") == 3


class TestIdentity:
    """Arms that end with the same weights at every seed differ in nothing."""

    def test_identical_arms_are_equivalent_though_the_interval_is_wide(self):
        comparison = a_comparison([60] * 8, [60] * 8, weights="same")

        assert comparison.identical
        assert "(tiny): identical weights, margin" in comparison.claim(Outcome.BETTER).line()
        assert comparison.result.outcome is Outcome.UNDECIDED
        assert comparison.outcome is Outcome.EQUIVALENT
        comparison.assert_identical()
        comparison.assert_equivalent()
        with pytest.raises(Refuted):
            comparison.assert_better()

    def test_equal_accuracies_alone_are_not_identity(self):
        comparison = a_comparison([60] * 8, [60] * 8)

        assert not comparison.identical
        assert comparison.outcome is Outcome.UNDECIDED

    @pytest.mark.parametrize("seed", [0, 7])
    def test_one_seed_of_other_weights_refutes_identity(self, seed):
        comparison = a_comparison([60] * 8, [60] * 8, weights="same")
        arm = comparison.arms[0]
        runs = [replace(r, weights="other") if r.seed == seed else r for r in arm.runs]
        other = replace(comparison, arms=(replace(arm, runs=tuple(runs)), comparison.arms[1]))

        assert not other.identical
        with pytest.raises(Refuted, match="claimed identical"):
            other.assert_identical()

    def test_what_the_runs_saw_must_be_the_same_too(self):
        a = tuple(a_run(BASE, s, weights="same") for s in range(4))
        b = tuple(a_run(BASE, s, weights="same", updates=19) for s in range(4))

        assert identical((Arm(1, BASE, "iris", a), Arm(-1, BASE, "iris", a)))
        assert not identical((Arm(1, BASE, "iris", a), Arm(-1, BASE, "iris", b)))

    @pytest.mark.parametrize("edit", [{"dropout_mode": "training"}, {"handicap": 0.1}], ids=str)
    def test_arms_that_answer_otherwise_from_their_weights_are_not_identical(self, edit):
        dropped = BASE.with_alleles(dropout=0.3)
        arms = [
            Arm(w, genome, "iris", tuple(a_run(genome, s, weights="same") for s in range(4)))
            for w, genome in ((1, dropped.with_alleles(**edit)), (-1, dropped))
        ]

        assert not identical(arms)

    def test_a_loss_reported_in_other_bits_is_no_part_of_the_training(self):
        a = tuple(a_run(BASE, s, weights="same", first_loss=1.1) for s in range(4))
        b = tuple(a_run(BASE, s, weights="same", first_loss=1.1000001) for s in range(4))

        assert identical((Arm(1, BASE, "iris", a), Arm(-1, BASE, "iris", b)))


@pytest.mark.parametrize(
    ("verdict", "raised"), [(SUPPORTED, None), (REFUTED, Refuted), (UNDECIDED, Undecided)]
)
def test_a_claim_is_written_down_before_it_fails(verdict, raised):
    claim = replace(a_comparison([60] * 8, [50] * 8).claim(Outcome.BETTER), verdict=verdict)
    claims = []

    if raised is None:
        settle(claim, claims)
    else:
        with pytest.raises(raised):
            settle(claim, claims)

    assert claims == [claim]
