"""The committed calibration, summarised; the level at which intervals hold."""

from mlp.report import error_rates
from mlp.tests.report.helpers import row


def test_a_committed_calibration_is_read(tmp_path):
    found = {kind.scenario: kind for kind in error_rates.measured()}
    assert len(found) > 20
    assert all(kind.holds for kind in found.values())
    ceiling = found["ceiling, dips of 4/15"]
    assert 0 <= ceiling.false_difference <= error_rates.stats.CLAIM_ERROR
    assert error_rates.measured(tmp_path / "none.json") == []


def test_the_level_is_that_of_the_widest_interval():
    assert error_rates.level([row()]) == (
        "A claim's interval holds at 99.999%: the 5% of the suite are divided among "
        f"{error_rates.stats.REGISTERED_CLAIMS} claims and their looks."
    )
    assert error_rates.level([row(detail={})]) == ""
