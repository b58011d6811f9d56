"""Agreement with a few recorded values: SciPy's test, exactness, and what it could detect."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlp.stats import agreement

accuracies = st.integers(0, 17).map(lambda k: k / 17)


def test_by_hand():
    """3 recorded values below all 7 of ours: one of the 120 relabellings is as extreme."""
    found = agreement([0.1, 0.2, 0.3], [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert found.p_value == pytest.approx(2 / 120)
    assert found.difference == pytest.approx(0.5)
    assert not found.agrees


@settings(max_examples=40)
@given(st.lists(accuracies, min_size=2, max_size=3), st.lists(accuracies, min_size=2, max_size=8))
def test_is_scipys_permutation_test(recorded, ours):
    expected = stats.permutation_test(
        (recorded, ours),
        lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis),
        vectorized=True,
        n_resamples=np.inf,
    )
    assert agreement(recorded, ours).p_value == pytest.approx(expected.pvalue)


def test_rejects_no_more_often_than_alpha_under_exchangeability():
    """Two-humped accuracies as on wine, all from one law."""
    rng = np.random.default_rng(5)
    draws = np.where(rng.random((800, 19)) < 0.3, 6, 14) / 17
    wrong = sum(agreement(d[:3], d[3:]).p_value <= 0.05 for d in draws)
    assert wrong <= stats.binom.isf(1e-3, 800, 0.05)


@settings(max_examples=40)
@given(st.lists(accuracies, min_size=3, max_size=3), st.lists(accuracies, min_size=12, max_size=16))
def test_a_shift_beyond_the_detectable_is_rejected_and_a_lesser_one_not(recorded, ours):
    alpha = 0.05
    reach = agreement(recorded, ours, alpha=alpha).detectable
    aligned = np.array(recorded) - np.mean(recorded) + np.mean(ours)
    for sign in (1, -1):
        assert agreement(aligned + sign * (reach + 1e-6), ours).p_value <= alpha
    if reach > 1e-3:
        p = [agreement(aligned + s * (reach - 1e-3), ours).p_value for s in (1, -1)]
        assert max(p) > alpha


def test_too_few_seeds_could_detect_nothing():
    assert agreement([0.5] * 3, [0.5] * 8, alpha=0.05 / 12).detectable == math.inf
    assert agreement([0.5] * 3, [0.5] * 16, alpha=0.05 / 12).detectable == pytest.approx(0.0)


def test_identical_values_agree():
    assert agreement([1.0] * 3, [1.0] * 16).p_value == 1.0


@pytest.mark.parametrize(
    ("recorded", "ours", "message"),
    [
        ([], [0.5], "recorded values must be"),
        ([0.5], [float("nan")], "our values must be"),
        ([0.5] * 3, [0.5] * 300, "at most 3,000,000 relabellings"),
    ],
)
def test_bad_values_are_one_sentence(recorded, ours, message):
    with pytest.raises(ValueError, match=message):
        agreement(recorded, ours)
