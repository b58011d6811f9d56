"""The plain 95% interval: Student's t of the differences, of whatever the effect is the mean of."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from mlp.report.plain import of_screen, plain_interval
from mlp.report.results import Row
from mlp.tests.report.helpers import claim, comparison_detail, dose_detail, row, screen_detail

SOME = (0.1, 0.3, 0.2, 0.6)


def student(differences):
    return stats.t.interval(
        0.95, len(differences) - 1, np.mean(differences), stats.sem(differences)
    )


def test_it_is_students_interval_of_the_differences():
    found = plain_interval(claim(detail=comparison_detail(SOME)))
    assert (found.low, found.high) == pytest.approx(student(SOME))
    assert not found.excludes_zero
    assert plain_interval(claim(detail=comparison_detail([0.1, 0.2, 0.15]))).excludes_zero


def test_of_a_dose_response_it_is_that_of_the_rise():
    found = plain_interval(claim(detail=dose_detail()))
    assert (found.low, found.high) == pytest.approx((0.6, 0.6)), "0.2 to 0.8 and 0.4 to 1.0"


def screen_of_two_seeds():
    detail = screen_detail()
    seeds = {(): (0.4, 0.5), ("coverage",): (0.9, 0.8), ("order",): (0.5, 0.5)}
    for cell in detail["cells"]:
        cell["accuracies"] = list(seeds.get(tuple(cell["on"]), (0.9, 0.9)))
    return detail


def test_of_a_share_against_all_else_it_is_that_of_the_claim():
    """Shares of coverage: 0.45 and 0.35; of order: 0.05 and 0.05."""
    detail = screen_of_two_seeds()
    found = plain_interval(
        claim(detail=detail, statement="share of coverage against all else between a and b")
    )
    assert (found.low, found.high) == pytest.approx(student([0.4, 0.3]))
    whole = plain_interval(
        claim(detail=detail, statement="difference that order is to answer for between a and b")
    )
    assert whole == of_screen(detail)
    assert (whole.low, whole.high) == pytest.approx(student([0.5, 0.4]))


def test_without_differences_seed_by_seed_there_is_none():
    assert plain_interval(claim(identical=True)) is None
    assert plain_interval(claim(detail={"recorded": [0.5]})) is None
    assert plain_interval(claim(detail=comparison_detail([0.5]))) is None


@pytest.mark.parametrize(
    ("differences", "outcome", "identical", "detectable"),
    [
        ([0.01, 0.02, 0.015], "equivalent", False, True),
        ([0.01, -0.02, 0.015], "equivalent", False, False),
        ([0.01, 0.02, 0.015], "better", False, False),
        ([0.0, 0.0, 0.0], "equivalent", True, False),
    ],
)
def test_an_equivalent_effect_may_be_detectably_not_zero(
    differences, outcome, identical, detectable
):
    made: Row = row(outcome=outcome, identical=identical, detail=comparison_detail(differences))
    assert made.detectable is detectable
    assert replace(made, claim=replace(made.claim, detail={})).detectable is False
