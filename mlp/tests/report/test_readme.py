"""The README's blocks are rewritten, and nothing around them is."""

from __future__ import annotations

from mlp.report.readme import rewrite

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
