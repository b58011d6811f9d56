"""What a session shows while it lasts, and of where its time went."""

from __future__ import annotations

import pytest

from mlp.lab.times import FIRST_OF_ITS_KIND, Spent
from mlp.suite.spending import describe
from mlp.tests.small_suite import IRIS, REFUTED_CLAIM, SUPPORTED_CLAIM, claim

pytest_plugins = ("pytester",)


@pytest.fixture
def made(warm):
    warm.write(claim("good", SUPPORTED_CLAIM), claim("bad", REFUTED_CLAIM))
    return warm


def between(result):
    """What is printed between pytest's header and what it says of failures."""
    lines = result.stdout.lines
    start = next(n for n, line in enumerate(lines) if "collected " in line)
    end = next(n for n, line in enumerate(lines) if "= FAILURES =" in line)
    return [line for line in lines[start + 1 : end] if line]


def test_what_is_to_be_done_and_what_failed_stand_in_place_of_letters(made):
    assert between(made.runpytest_inprocess(*IRIS)) == [
        "2 tests selected; the runs for their first look are in the store",
        "FAILED test_user.py::test_bad[iris]",
    ]


def test_who_asks_for_more_words_gets_pytests_own(made):
    lines = between(made.runpytest_inprocess(*IRIS, "-v"))

    assert [line.split("%")[0].split() for line in lines[1:]] == [
        ["test_user.py::test_good[iris]", "PASSED", "[", "50"],
        ["test_user.py::test_bad[iris]", "FAILED", "[100"],
    ]


def test_runs_to_train_are_counted_before_the_first_test(suite, made):
    (suite.path / "runs.db").unlink()
    first = between(made.runpytest_inprocess(*IRIS))[0]

    assert first.startswith("2 tests selected; 16 runs to train for their first look, about ")


def test_nothing_is_announced_where_no_test_will_run(suite, made):
    (suite.path / "runs.db").unlink()
    (suite.path / "test_broken.py").write_text("import nothere")
    said = made.runpytest_inprocess(*IRIS, ".").stdout

    said.fnmatch_lines(["*1 error during collection*"])
    said.no_fnmatch_line("*tests selected*")


def test_where_the_time_went_is_printed_if_asked_for(made):
    said = made.runpytest_inprocess(*IRIS, "--mlp-times").stdout

    said.fnmatch_lines(["*where the time went*", "*test_user.py::test_good*", "processor time*"])
    made.runpytest_inprocess(*IRIS).stdout.no_fnmatch_line("*where the time went*")


def test_time_is_told_by_what_it_went_into():
    times = {
        "seconds": {"float32": 30.0, "float32" + FIRST_OF_ITS_KIND: 10.0, "waiting": 5.0},
        "runs": {"float32": 32, "float32" + FIRST_OF_ITS_KIND: 16},
        "steps": {},
    }
    workers = [Spent(times, 40.0, 400_000_000), Spent(times, 50.0, 450_000_000)]

    lines = [line.split() for line in describe(workers, {"slow": 9.0, "quick": 1.0}, 60.0)]

    assert ["60.0", "64", "float32"] in lines
    assert ["20.0", "32", "float32,", "first", "of", "its", "kind"] in lines
    assert ["10.0", "waiting", "for", "runs", "that", "others", "train"] in lines
    assert lines.index(["9.0", "slow"]) < lines.index(["1.0", "quick"])
    assert lines[-2][-4:] == ["1.50,", "of", "2", "processes"]
    assert lines[-1][-2:] == ["450", "MB"]
