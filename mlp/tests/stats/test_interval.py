"""The interval: hand-computed cases, laws, and SciPy's own Student interval beside it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlp.stats import FAILURE_SPREAD, PSEUDO_SPREAD, paired_interval

accuracy_steps = st.lists(st.integers(-15, 15), min_size=2, max_size=40)
alphas = st.floats(1e-6, 0.5)


def test_all_zero_differences_keep_a_width():
    interval = paired_interval([0.0] * 8, 0.05)
    assert interval.mean == 0.0
    assert interval.high == pytest.approx(2.262157 * FAILURE_SPREAD * math.sqrt(2 / 90), abs=1e-6)
    assert interval.low == -interval.high


def test_hand_computed():
    # n = 2, mean 0.2, SS = 0.02; t(3; 0.975) = 3.182446; (0.02 + 2 r^2) / (3 * 4).
    interval = paired_interval([0.1, 0.3], 0.05, margin=1.5)
    half = 3.182446 * math.sqrt((0.02 + 2 * 0.25) / 12)
    assert half > 3.182446 * math.sqrt((0.02 + 2 * 1.33**2) / 12) - 1.5
    assert interval.low == pytest.approx(0.2 - half, abs=1e-6)
    assert interval.high == pytest.approx(0.2 + half, abs=1e-6)
    assert interval.level == 0.95


def test_a_failure_not_seen_is_allowed_for_up_to_the_margin():
    # n = 16, SS = 0; t(17; 0.975) = 2.109816; sqrt(2 * 1.33^2 / (17 * 18)) = 0.107523.
    assert paired_interval([0.0] * 16, 0.05).high == pytest.approx(0.226855, abs=1e-5)
    assert paired_interval([0.0] * 16, 0.05, margin=0.1).high == pytest.approx(0.126855, abs=1e-5)
    seen = 2.109816 * math.sqrt(2 * PSEUDO_SPREAD**2 / (17 * 18))
    assert paired_interval([0.0] * 16, 0.05, margin=0.2).high == pytest.approx(seen, abs=1e-5)


@given(accuracy_steps, alphas, st.floats(0.01, 0.9), st.floats(0.01, 0.9))
def test_a_wider_margin_is_never_easier_to_exceed_nor_harder_to_stay_within(steps, alpha, m, other):
    """An interval narrows by no more than the margin widens."""
    narrow, wide = sorted([m, other])
    d = np.array(steps) / 15
    one, two = (paired_interval(d, alpha, span=1e4, margin=x) for x in (narrow, wide))
    assert two.low - wide <= one.low - narrow + 1e-12
    assert wide - two.high >= narrow - one.high - 1e-12


@given(accuracy_steps, alphas)
def test_agrees_with_scipy_on_the_augmented_sample(steps, alpha):
    d = np.array(steps) / 15
    for spread, margin in ((FAILURE_SPREAD, 0.0), (PSEUDO_SPREAD, 100.0)):
        augmented = np.concatenate([d, d.mean() + np.array([-spread, spread])])
        expected = stats.ttest_1samp(augmented, 0.0).confidence_interval(1 - alpha)
        interval = paired_interval(d, alpha, margin=margin)
        assert interval.low == pytest.approx(max(expected.low, -1), abs=1e-9)
        assert interval.high == pytest.approx(min(expected.high, 1), abs=1e-9)


def test_agrees_with_scipys_bootstrap_where_both_apply():
    """On many well-behaved differences the two pseudo-differences hardly matter."""
    rng = np.random.default_rng(3)
    d = np.clip(rng.normal(0.1, 0.2, 2000), -1, 1)
    boot = stats.bootstrap((d,), np.mean, n_resamples=2000, random_state=rng).confidence_interval
    interval = paired_interval(d, 0.05)
    width = boot.high - boot.low
    assert interval.low == pytest.approx(boot.low, abs=0.1 * width)
    assert interval.high == pytest.approx(boot.high, abs=0.1 * width)


@given(accuracy_steps, alphas)
def test_swapping_the_arms_mirrors_the_interval_exactly(steps, alpha):
    d = np.array(steps) / 15
    one, other = paired_interval(d, alpha), paired_interval(-d, alpha)
    assert (one.low, one.mean, one.high) == (-other.high, -other.mean, -other.low)


@given(accuracy_steps, alphas, st.randoms(use_true_random=False))
def test_seed_order_changes_nothing_to_the_last_bit(steps, alpha, random):
    shuffled = list(steps)
    random.shuffle(shuffled)
    one, other = np.array(steps) / 15, np.array(shuffled) / 15
    assert paired_interval(one, alpha) == paired_interval(other, alpha)


@given(accuracy_steps, alphas, st.floats(-1, 1))
def test_a_shift_moves_the_interval_equally(steps, alpha, shift):
    """Exactly so away from the ends of the support, hence a span wide enough not to clip."""
    d = np.array(steps) / 15
    still = paired_interval(d, alpha, span=1e4)
    moved = paired_interval(d + shift, alpha, span=1e4)
    assert moved.mean - still.mean == pytest.approx(shift, abs=1e-9)
    assert moved.high - moved.low == pytest.approx(still.high - still.low, rel=1e-9)


@given(accuracy_steps, alphas, st.floats(1.0, 10))
def test_the_span_clips_the_interval_and_does_no_more(steps, alpha, span):
    d = np.array(steps) / 15
    free, clipped = paired_interval(d, alpha, span=1e4), paired_interval(d, alpha, span=span)
    assert clipped.low == max(free.low, -span)
    assert clipped.high == min(free.high, span)


@given(accuracy_steps, alphas, st.floats(0.1, 0.9))
def test_less_error_never_narrows(steps, alpha, factor):
    d = np.array(steps) / 15
    loose, strict = paired_interval(d, alpha), paired_interval(d, alpha * factor)
    assert strict.low <= loose.low <= loose.mean <= loose.high <= strict.high


@given(accuracy_steps, alphas)
def test_repeating_the_evidence_never_widens(steps, alpha):
    d = np.array(steps) / 15
    few, many = paired_interval(d, alpha), paired_interval(np.tile(d, 2), alpha)
    assert few.low <= many.low + 1e-12
    assert many.high <= few.high + 1e-12


@given(accuracy_steps, alphas)
def test_never_narrower_than_all_equal(steps, alpha):
    d = np.array(steps) / 15
    span = 1e4
    spread = paired_interval(d, alpha, span=span)
    equal = paired_interval(np.full(d.size, d.mean()), alpha, span=span)
    assert spread.high - spread.low >= (equal.high - equal.low) * (1 - 1e-12)


@pytest.mark.parametrize(
    ("differences", "alpha", "span", "message"),
    [
        ([], 0.05, 1.0, "at least one difference"),
        ([[0.1, 0.2]], 0.05, 1.0, "one number per seed"),
        ([0.1, math.nan], 0.05, 1.0, "finite, got nan at position 1"),
        ([0.1, -math.inf], 0.05, 1.0, "finite, got -inf"),
        ([0.1, 1.5], 0.05, 1.0, r"lie in \[-1, 1\], got 1.5"),
        ([97.0], 0.05, 1.0, "shares, not percentages"),
        ([0.1], 0.0, 1.0, "between 0 and 1"),
        ([0.1], 1.0, 1.0, "between 0 and 1"),
        ([0.1], 0.05, 0.0, "span must be a positive"),
        ([0.1], 0.05, math.inf, "span must be a positive"),
    ],
)
def test_bad_input_is_one_sentence(differences, alpha, span, message):
    with pytest.raises(ValueError, match=message):
        paired_interval(differences, alpha, span=span)


def test_reads_well():
    assert str(paired_interval([0.0] * 64, 0.05)) == "+0.000 [-0.057, +0.057] n=64"
