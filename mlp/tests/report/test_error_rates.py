"""The committed calibration, summarised; the level at which intervals hold."""

import json

from mlp.report import error_rates
from mlp.stats.methods import IN_USE
from mlp.tests.report.helpers import row


def test_a_committed_calibration_is_summarised(tmp_path):
    stated = error_rates.stats.CLAIM_ERROR
    rate = {"scenario": "normal", "method": IN_USE, "margin": 0.05, "mean": 0.0, "stated": stated}
    rates = [
        {**rate, "rate": 1e-6, "upper": 2e-5, "sims": 1000},
        {**rate, "mean": 0.1, "rate": 2e-6, "upper": 2e-5, "sims": 1000},
        {**rate, "method": "other", "rate": 1.0, "upper": 1.0, "sims": 1000},
    ]
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps({"rates": rates}))
    (found,) = error_rates.measured(path)
    assert (found.false_difference, found.false_equivalent) == (1e-6, 2e-6)
    assert found.simulated == 1000
    assert error_rates.measured(tmp_path / "none.json") == []


def test_the_level_is_that_of_the_widest_interval():
    assert error_rates.level([row()]) == (
        "An interval in brackets holds at 99.999%: the 5% of the suite are divided among "
        f"{error_rates.stats.REGISTERED_CLAIMS} claims and their looks."
    )
    assert error_rates.level([row(detail={})]) == ""
