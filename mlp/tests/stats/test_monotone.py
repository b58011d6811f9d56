"""Dose and response: what counts as rising, and the rate at which it is said falsely."""

import numpy as np
import pytest
from scipy import stats

from mlp.stats import Trend, dose_response, page_trend


def rows(means, n, sd=0.0, seed=0):
    noise = np.random.default_rng(seed).normal(0, sd, (n, len(means))) if sd else 0.0
    return np.clip(np.tile(means, (n, 1)) + noise, 0, 1)


def test_a_clear_rise_is_rising():
    found = dose_response(rows([0.3, 0.5, 0.6, 0.8, 0.9, 0.95], 64, sd=0.02), 0.05, cap=64)
    assert found.trend is Trend.RISING
    assert found.rise.mean == pytest.approx(0.65, abs=0.02)
    assert len(found.steps) == 5
    assert found.page < 1e-6


def test_a_fall_in_the_middle_is_not_rising():
    found = dose_response(rows([0.3, 0.9, 0.5, 0.95], 32), 0.05, cap=64)
    assert found.trend is Trend.NOT_RISING
    assert found.n == 32
    assert found.needed is None


def test_a_flat_response_is_not_rising():
    found = dose_response(rows([0.9, 0.9, 0.9], 128), 0.1, cap=128)
    assert found.trend is Trend.NOT_RISING


def test_small_falls_cannot_add_up_unseen():
    found = dose_response(rows([0.3, 0.9, 0.87, 0.84, 0.81, 0.95], 512), 0.05, cap=512)
    assert found.trend is Trend.NOT_RISING


def test_says_how_many_seeds_it_needs():
    few = dose_response(rows([0.3, 0.32, 0.9], 18), 0.05, cap=64)
    assert (few.trend, few.n, few.needed) == (Trend.UNDECIDED, 16, 24)
    assert dose_response(np.empty((0, 3)), 0.05, cap=64).needed == 16


@pytest.mark.parametrize(("seeds", "doses", "steps"), [(2, 3, 50), (7, 4, 3), (64, 6, 10)])
def test_page_is_that_of_scipy(seeds, doses, steps):
    y = np.random.default_rng(seeds).integers(steps, size=(seeds, doses)) / steps  # with ties
    expected = stats.page_trend_test(y, method="asymptotic").pvalue
    assert page_trend(y) == pytest.approx(expected, rel=1e-12)


def test_page_by_hand():
    """One seed in perfect order of 3 doses: L = 14, mean 12, variance 2: z = 2 sqrt(n / 2)."""
    assert page_trend([[0.1, 0.2, 0.3]] * 4) == pytest.approx(0.0023389, abs=1e-6)
    assert page_trend([[0.3, 0.2, 0.1]] * 4) > 0.99
    assert page_trend([[0.5, 0.5, 0.5]] * 8) == pytest.approx(0.5)


def test_a_true_fall_of_twice_the_margin_is_seldom_called_rising():
    """Loose rate 5%: a law with a rare failure at one dose, 100 simulated responses."""
    rng = np.random.default_rng(1)
    wrong = 0
    for _ in range(100):
        y = rows([0.3, 0.6, 0.95, 0.95], 64)
        y[:, 3] -= 0.87 * (rng.random(64) < 0.2 / 0.87)
        found = dose_response(np.clip(y, 0, 1), 0.1, cap=64, claim_error=0.05)
        wrong += found.trend is Trend.RISING
    assert wrong <= 0.05 * 100


@pytest.mark.parametrize(
    ("responses", "message"),
    [
        ([0.1, 0.2, 0.3], "at least 3 doses"),
        ([[0.1, 0.2]], "at least 3 doses"),
        ([[0.1, 0.2, float("nan")]], "finite, got nan"),
    ],
)
def test_bad_responses_are_one_sentence(responses, message):
    with pytest.raises(ValueError, match=message):
        dose_response(responses, 0.05, cap=8)
