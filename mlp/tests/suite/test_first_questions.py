"""Which tests a session calls beforehand, to hear what they will ask for first."""

from __future__ import annotations

import pytest

from mlp.tests.small_suite import IRIS, SUPPORTED_CLAIM

pytest_plugins = ("pytester",)

NOTE = "def note():\n    with open('calls', 'a') as file:\n        file.write('x')\n"
BODY = f"note(); {SUPPORTED_CLAIM}"
FUNCTION = f"def test_it(lab, dataset):\n    {BODY}"
FIXTURE = "@pytest.fixture{}\ndef {}():\n    {}\n"


def calls(suite, test, *words):
    """How often the body of a test is run in a session."""
    suite.write(NOTE, test)
    suite.runpytest_inprocess(*IRIS, *words)
    file = suite.path / "calls"
    return len(file.read_text(encoding="utf-8")) if file.exists() else 0


def test_a_claim_that_takes_the_lab_alone_is_asked_beforehand(warm):
    assert calls(warm, FUNCTION) == 2


@pytest.mark.parametrize(
    "test",
    [
        FIXTURE.format("(autouse=True)", "place", "yield") + FUNCTION,
        FIXTURE.format("", "place", "yield") + "@pytest.mark.usefixtures('place')\n" + FUNCTION,
        f"def setup_function():\n    pass\n{FUNCTION}",
        f"class TestIt:\n    def test_it(self, lab, dataset):\n        {BODY}",
        f"@pytest.fixture\ndef lab(lab):\n    return lab\n{FUNCTION}",
    ],
    ids=["autouse", "usefixtures", "setup", "method", "own lab"],
)
def test_a_test_that_needs_pytest_is_run_once(warm, test):
    assert calls(warm, test) == 1


@pytest.mark.parametrize("mark", ["skip", "xfail(run=False)"])
def test_a_test_that_must_not_run_is_not_run(warm, mark):
    assert calls(warm, f"@pytest.mark.{mark}\n{FUNCTION}") == 0


@pytest.mark.parametrize("word", ["--collect-only", "--setup-only", "--setup-plan", "--fixtures"])
def test_where_no_test_is_to_run_none_is(warm, word):
    assert calls(warm, FUNCTION, word) == 0
