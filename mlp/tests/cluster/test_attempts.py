"""Tests are attempted until their runs are there, and then run as pytest runs them."""

import re

import pytest

from mlp.tests.conftest import ROOT

pytest_plugins = ["pytester"]


def journal(pytester):
    """What the tests noted, in order."""
    path = pytester.path / "journal"
    return path.read_text().split() if path.exists() else []


NOTE = """
import pytest
def note(text):
    with open("journal", "a") as file:
        file.write(f"{text} ")
"""


def test_runs_of_all_claims_are_asked_for_before_any_has_come(claims):
    claims.makepyfile(
        NOTE
        + """
@pytest.mark.parametrize("n", range(5))
def test_claim(lab, n):
    note(f"asks{n}")
    assert len(lab.runs(f"claim {n}", seconds=0.05)) == 4
    note(f"has{n}")
"""
    )
    claims.runpytest().assert_outcomes(passed=5)
    first = journal(claims)[:5]
    assert first == [f"asks{n}" for n in range(5)]


def test_each_test_is_reported_once_and_in_order(claims):
    claims.makepyfile(
        """
import pytest
@pytest.mark.parametrize("n", range(4))
def test_claim(lab, n):
    assert lab.runs(f"{n}", seconds=0.02 * (4 - n)) and n != 2
def test_other():
    pass
def test_skips(lab):
    lab.runs("skip")
    pytest.skip("no")
@pytest.mark.xfail(strict=True)
def test_fails_as_expected(lab):
    assert not lab.runs("xfail")
"""
    )
    result = claims.runpytest("-v")
    result.assert_outcomes(passed=4, failed=1, skipped=1, xfailed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    seen = re.findall(
        r"::(test_\w+(?:\[\d\])?) (?:PASSED|FAILED|SKIPPED|XFAIL)", result.stdout.str()
    )
    assert seen == [
        *(f"test_claim[{n}]" for n in range(4)),
        *("test_other", "test_skips", "test_fails_as_expected"),
    ]


def test_a_test_is_ready_when_its_runs_have_come_though_tests_before_it_wait(claims):
    claims.makepyfile(
        NOTE
        + """
@pytest.fixture(autouse=True)
def ready(request):
    yield
    note(request.config.attempts.ready)
def test_waits(lab):
    lab.runs("quick")
    lab.runs("slow", seconds=0.3)
    note("has")
@pytest.mark.parametrize("n", range(3))
def test_claim(lab, n):
    lab.runs(f"{n}")
"""
    )
    claims.runpytest().assert_outcomes(passed=4)
    noted = journal(claims)
    assert (noted[0], noted[noted.index("has") + 1], noted[-1]) == ("0", "3", "4")


def test_attempts_leave_no_output_and_no_properties(claims):
    claims.makepyfile(
        """
def test_claim(lab, record_property, capsys, caplog, tmp_path, monkeypatch):
    record_property("asked", 1)
    print("asks")
    lab.runs("one")
    print("asks more")
    lab.runs("two")
    assert capsys.readouterr().out == "asks\\nasks more\\n"
    print("only once")
    assert False
"""
    )
    result = claims.runpytest("--junitxml=junit.xml", "-o", "junit_family=xunit1")
    assert result.stdout.str().count("only once") == 2  # the source line and the output
    assert (claims.path / "junit.xml").read_text().count('name="asked"') == 1


def test_function_fixtures_repeat_and_wider_ones_do_not(claims):
    claims.makepyfile(
        NOTE
        + """
@pytest.fixture(scope="session")
def whole():
    note("session")
    yield
    note("session-ends")
@pytest.fixture(scope="module")
def part():
    note("module")
    yield
    note("module-ends")
@pytest.fixture
def own():
    note("own")
    yield
    note("own-ends")
def test_claim(lab, whole, part, own):
    lab.runs("one")
    lab.runs("two")
    note("runs")
"""
    )
    claims.runpytest().assert_outcomes(passed=1)
    noted = journal(claims)
    assert noted.count("session") == noted.count("session-ends") == 1
    assert noted.count("module") == noted.count("module-ends")
    assert noted.count("own") == noted.count("own-ends") == 4  # three attempts, and the test
    assert noted.count("runs") == 2  # the last attempt lacks nothing; then the test itself
    assert noted[-2:] == ["module-ends", "session-ends"]


def test_tests_that_share_a_module_fixture_are_run_together(claims):
    claims.makepyfile(
        NOTE
        + """
STATE = []
@pytest.fixture(scope="module")
def shared():
    STATE.clear()
    return STATE
@pytest.mark.mlp_waits
@pytest.mark.parametrize("n", range(3))
def test_builds_up(lab, shared, n):
    lab.runs(f"waits {n}", seconds=0.01)
    shared.append(n)
    assert shared == list(range(n + 1))
"""
    )
    claims.makepyfile(test_other="def test_b(lab):\n    lab.runs('b', seconds=0.05)\n")
    claims.runpytest().assert_outcomes(passed=4)


def test_a_marked_test_waits_and_is_run_once(claims):
    claims.makepyfile(
        NOTE
        + """
@pytest.mark.mlp_waits
def test_claim(lab):
    note("once")
    lab.runs("one")
"""
    )
    claims.runpytest("--strict-markers").assert_outcomes(passed=1)
    assert journal(claims) == ["once"]


def test_fixtures_that_ask_are_served(claims):
    claims.makepyfile(
        """
import pytest
from conftest import Lab
@pytest.fixture(scope="module")
def wide(request):
    return Lab(request.config.door).runs("wide")
@pytest.fixture
def narrow(lab):
    return lab.runs("narrow")
class TestClaims:
    def test_claim(self, lab, wide, narrow):
        assert not hasattr(self, "seen")
        self.seen = True
        assert len(wide) == len(narrow) == len(lab.runs("last")) == 4
"""
    )
    claims.runpytest().assert_outcomes(passed=1)


def test_what_catches_everything_does_not_end_the_attempts(claims):
    claims.makepyfile(
        """
def test_claim(lab):
    found = None
    try:
        found = lab.runs("one")
    except BaseException:
        pass
    assert found
"""
    )
    claims.runpytest().assert_outcomes(passed=1)


def test_x_stops_at_the_first_failure_and_lf_repeats_it(claims):
    claims.makepyfile(
        """
def test_a(lab):
    lab.runs("a")
def test_b(lab):
    assert not lab.runs("b")
def test_c(lab):
    lab.runs("c", seconds=30)
"""
    )
    result = claims.runpytest("-x")
    result.assert_outcomes(passed=1, failed=1)
    assert result.duration < 20
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    claims.runpytest("--lf").assert_outcomes(failed=1)
    claims.runpytest("-k", "test_a").assert_outcomes(passed=1, deselected=2)


@pytest.mark.parametrize("option", ["--setup-show", "--pdb"])
def test_under_a_debugger_tests_are_run_once_and_wait(claims, option):
    claims.makepyfile(NOTE + "def test_a(lab):\n    note('once')\n    lab.runs('a')\n")
    claims.runpytest(option).assert_outcomes(passed=1)
    assert journal(claims) == ["once"]


def test_an_address_that_is_none_is_one_sentence(pytester):
    pytester.makepyfile("def test_nothing(): pass")
    result = pytester.runpytest_subprocess("-p", "mlp.suite.plugin", "--mlp-cluster=foo")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: An address of a cluster is expected, but got 'foo'*"])


def test_workers_of_xdist_are_refused(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile("def test_a(lab):\n    pass\n")
    result = pytester.runpytest_subprocess("-p", "mlp.suite.plugin", "-n2", "--mlp-cluster=local:2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*got --mlp-cluster and -n together: leave out -n*"])


def test_on_dask(on_dask):
    on_dask.makepyfile(
        """
import pytest
@pytest.mark.parametrize("n", range(6))
def test_claim(lab, n):
    assert len(lab.runs(f"{n}")) == 4
    assert len(lab.runs(f"{n} more", seeds=n + 1)) == n + 1
def test_that_cannot_be_trained(lab):
    lab.runs("bad", fails="no such thing")
"""
    )
    result = on_dask.runpytest_subprocess()
    result.assert_outcomes(passed=6, failed=1)
    result.stdout.fnmatch_lines(
        ["*RunFailedError: A run has failed in this study: *ValueError: no such*"]
    )
