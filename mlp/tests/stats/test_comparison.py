"""Pairing, looks and outcomes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlp.stats import (
    CLAIM_ERROR,
    LOOKS,
    REGISTERED_CLAIMS,
    SUITE_ERROR,
    Interval,
    Outcome,
    classify,
    look_alpha,
    look_sizes,
    pair,
    sequential,
)

samples = st.lists(st.integers(-17, 17), min_size=0, max_size=140)
margins = st.sampled_from([0.02, 0.05, 0.1, 0.3])
caps = st.integers(1, 130)


def test_pairs_by_seed_in_seed_order():
    d = pair({7: 0.9, 0: 0.5}, [(0, 0.25), (7, 0.4)])
    assert d.tolist() == [0.25, 0.5]


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ({0: 0.5, 1: 0.5}, {0: 0.5}, "seed 1 missing from the second arm"),
        ({0: 0.5}, {0: 0.5, 3: 0.5, 4: 0.5}, r"seed 3 missing from the first arm \(2 in all\)"),
        ([(0, 0.5), (0, 0.6)], {0: 0.5}, "seed 0 twice in the first arm"),
        ({0: 0.5}, [(0, 0.5), (0, 0.5)], "seed 0 twice in the second arm"),
    ],
)
def test_a_missing_or_repeated_seed_is_an_error(a, b, message):
    with pytest.raises(ValueError, match=message):
        pair(a, b)


@pytest.mark.parametrize(
    ("arm", "got"),
    [
        ([0.9, 0.8], "0.9"),
        ([(0, 0.9, 1.0)], r"\(0, 0.9, 1.0\)"),
        ({0: 0.9, 1: None}, r"\(1, None\)"),
        ({0: "good"}, r"\(0, 'good'\)"),
    ],
)
def test_an_arm_without_seeds_or_numbers_is_an_error(arm, got):
    told = f"An arm maps seed to accuracy, got {got} in the second arm: pass dict"
    with pytest.raises(ValueError, match=told):
        pair({0: 0.5, 1: 0.5}, arm)


def test_what_an_arm_s_own_code_raises_is_not_hidden():
    def arm():
        yield 0, 0.5
        raise ValueError("no such data")

    with pytest.raises(ValueError, match="no such data"):
        pair(arm(), {0: 0.5})


@pytest.mark.parametrize(
    ("cap", "sizes"),
    [
        (1, (1,)),
        (4, (4,)),
        (16, (16,)),
        (20, (16, 20)),
        (np.int64(20), (16, 20)),
        (64, (16, 24, 32, 48, 64)),
        (100, (16, 24, 32, 48, 64, 96, 100)),
        (512, (*LOOKS, 512)),
    ],
)
def test_looks_of_a_cap(cap, sizes):
    assert look_sizes(cap) == sizes


@pytest.mark.parametrize("cap", [0, -8, 2.5, True, 10**9, "8"])
def test_a_bad_cap_is_refused(cap):
    with pytest.raises(ValueError, match="whole number from 1"):
        look_sizes(cap)


def test_error_is_spent_within_its_budget_whatever_the_cap():
    assert pytest.approx(SUITE_ERROR) == CLAIM_ERROR * REGISTERED_CLAIMS
    for cap in range(1, 2 * LOOKS[-1]):
        assert len(look_sizes(cap)) * look_alpha() <= CLAIM_ERROR * (1 + 1e-12)


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (0.06, 0.2, Outcome.BETTER),
        (-0.2, -0.06, Outcome.WORSE),
        (-0.04, 0.04, Outcome.EQUIVALENT),
        (0.01, 0.04, Outcome.EQUIVALENT),
        (0.05, 0.2, Outcome.UNDECIDED),
        (-0.05, 0.04, Outcome.UNDECIDED),
        (-0.2, 0.2, Outcome.UNDECIDED),
    ],
)
def test_outcome_of_an_interval_against_a_margin_of_5_percent(low, high, outcome):
    assert classify(Interval((low + high) / 2, low, high, 16, 0.95), 0.05) is outcome


def test_a_large_steady_effect_is_found_at_sixteen_seeds():
    result = sequential([0.67] * 128, 0.05, cap=128)
    assert result.outcome is Outcome.BETTER
    assert [look.n for look in result.looks] == [16]
    assert result.n == 16
    assert result.finished


def test_no_difference_at_all_is_undecided_first_and_equivalent_later():
    assert sequential([0.0] * 64, 0.05, cap=64).outcome is Outcome.UNDECIDED
    assert sequential([0.0] * 128, 0.05, cap=128).outcome is Outcome.EQUIVALENT
    assert sequential([0.0] * 64, 0.1, cap=64).outcome is Outcome.EQUIVALENT


def test_too_few_seeds_say_how_many_are_needed():
    assert sequential([], 0.05, cap=64).needed == 16
    assert sequential([0.0] * 16, 0.05, cap=64).needed == 24
    assert sequential([0.0] * 26, 0.05, cap=64).needed == 32
    assert sequential([0.0] * 16, 0.05, cap=20).needed == 20
    assert sequential([0.0] * 20, 0.05, cap=20).needed is None
    assert sequential([0.0] * 4, 0.05, cap=64).interval is None


def test_a_result_is_told_in_a_line():
    few, open_, decided = (sequential([0.5] * n, 0.05, cap=64) for n in (4, 16, 24))

    assert str(few) == "undecided: no look yet, margin 0.05, more seeds wanted: 16"
    assert str(open_) == f"undecided: {open_.interval}, margin 0.05, more seeds wanted: 24"
    assert str(decided) == f"better: {decided.interval}, margin 0.05"


@given(samples, margins, caps)
def test_swapping_the_arms_mirrors_the_verdict(steps, margin, cap):
    d = np.array(steps) / 17
    one, other = sequential(d, margin, cap=cap), sequential(-d, margin, cap=cap)
    assert one.outcome is other.outcome.mirrored
    assert one.needed == other.needed


@given(samples, margins, st.sampled_from(LOOKS[:5]), st.sampled_from(LOOKS[:5]))
def test_a_larger_cap_changes_nothing_that_was_decided(steps, margin, cap, other):
    d = np.array(steps) / 17
    small, large = sorted([cap, other])
    before, after = sequential(d, margin, cap=small), sequential(d, margin, cap=large)
    assert after.looks[: len(before.looks)] == before.looks
    if before.outcome is not Outcome.UNDECIDED:
        assert after.looks == before.looks


@given(samples, samples, margins, caps)
def test_seeds_beyond_the_deciding_look_change_nothing(steps, more, margin, cap):
    first = sequential(np.array(steps) / 17, margin, cap=cap)
    if first.finished:
        assert sequential(np.array(steps + more) / 17, margin, cap=cap) == first


@given(samples, margins, caps, st.randoms(use_true_random=False))
def test_order_within_a_look_changes_nothing(steps, margin, cap, random):
    first_look = steps[:16]
    random.shuffle(first_look)
    one = sequential(np.array(steps) / 17, margin, cap=cap)
    other = sequential(np.array(first_look + steps[16:]) / 17, margin, cap=max(cap, 1))
    if cap >= 16:
        assert one.outcome is other.outcome


@given(samples, margins, caps)
def test_identical_arms_are_never_better_or_worse(steps, margin, cap):
    accuracies = {seed: abs(k) / 17 for seed, k in enumerate(steps)}
    outcome = sequential(pair(accuracies, dict(accuracies)), margin, cap=cap).outcome
    assert outcome in (Outcome.UNDECIDED, Outcome.EQUIVALENT)


@given(st.lists(st.integers(-17, 17), min_size=8, max_size=8), margins, margins)
def test_a_wider_margin_never_makes_a_difference_nor_breaks_an_equivalence(steps, m, other):
    narrow, wide = sorted([m, other])
    d = np.repeat(np.array(steps) / 17, 16)
    before = sequential(d, narrow, cap=128).looks
    after = sequential(d, wide, cap=128).looks
    for one, two in zip(before, after, strict=False):
        assert two.outcome is one.outcome or one.outcome is not Outcome.EQUIVALENT
        if two.outcome in (Outcome.BETTER, Outcome.WORSE):
            assert one.outcome is two.outcome


@pytest.mark.parametrize("margin", [0.0, -0.1, 1.0, float("nan")])
def test_a_bad_margin_is_refused(margin):
    with pytest.raises(ValueError, match="margin of equivalence lies between 0 and 1"):
        sequential([0.0] * 8, margin, cap=8)


def test_a_difference_of_differences_has_a_wider_support():
    assert sequential([1.9] * 16, 0.05, cap=16, span=2.0).outcome is Outcome.BETTER
    with pytest.raises(ValueError, match="larger span"):
        sequential([1.9] * 16, 0.05, cap=16)
