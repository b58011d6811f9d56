"""The README's blocks are rewritten, and nothing around them is."""

from __future__ import annotations

from mlp.report.calibrated import Measured
from mlp.report.readme import calibration_table, rewrite

TEXT = """before
<!-- results:sample -->
<!-- results:end -->
between
<!-- results:explanation -->
old
<!-- results:end -->
after
"""


def test_what_stands_around_the_blocks_stays():
    new = rewrite(TEXT, [])

    assert [line for line in new.splitlines() if line in ("before", "between", "after")] == [
        "before",
        "between",
        "after",
    ]
    assert "old" not in new


def test_rewriting_twice_is_rewriting_once():
    once = rewrite(TEXT, [])

    assert rewrite(once, []) == once


def test_the_calibration_is_a_row_for_each_kind_of_differences():
    rows = [Measured("noise", 0.0, 2e-5, 100_000, True), Measured("zeros", 4.4e-7, None, 0, True)]

    assert calibration_table(rows).splitlines()[2:] == [
        "| noise | 0 | 2e-05 | 100,000 |",
        "| zeros | 4e-07 |  | worked out |",
    ]
