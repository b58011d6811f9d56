"""Sessions that break off, fail or claim nothing: what they leave, and what they say of it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from mlp.report import archive
from mlp.tests.report.sessions import OPTIONS, cold, suite

__all__ = ["cold", "suite"]

pytest_plugins = ("pytester",)


def test_a_defect_in_one_output_costs_no_other_and_no_verdict(suite):
    with (suite.path / "conftest.py").open("a", encoding="utf-8") as conftest:
        conftest.write("from mlp.report import page\npage.write_report = lambda *_: 1 / 0\n")
    asked = ("-n0", "-k", "reporting", "--mlp-report=out", "--mlp-summary=sum.md")
    broken = suite.runpytest_subprocess(*OPTIONS, *asked, "--mlp-tensorboard=events")
    assert broken.ret == 1
    broken.stdout.fnmatch_lines(
        [
            "*1 supported*",
            "summary: sum.md",
            "--mlp-report: ZeroDivisionError: division by zero",
            "curves of 4 runs: *",
            "failed: not all that was asked for could be written*",
        ]
    )


def test_a_session_that_stopped_at_a_failure_was_not_interrupted(suite):
    suite.makepyfile(test_waits="import time\ndef test_waits():\n    time.sleep(3)")
    stopped = suite.runpytest_subprocess(*OPTIONS, "-n1", "-x", "--mlp-report=out")
    page = (suite.path / "out" / "index.html").read_text("utf-8")
    assert re.search(r"stopped after [12] of 3 tests", page), stopped.stdout.str()
    assert "interrupted" not in page


def test_a_test_that_breaks_leaves_a_partial_report(suite):
    suite.makepyfile(
        test_broken="def test_broken(lab, dataset):\n    raise ZeroDivisionError('broken here')"
    )
    asked = ("--mlp-report=out", "--mlp-save=bad", "-k", "reporting or broken")
    broken = suite.runpytest_subprocess(*OPTIONS, "-n0", *asked)
    assert broken.ret == 1
    page = (suite.path / "out" / "index.html").read_text("utf-8")
    assert "1 test failed for another reason than a verdict" in page
    assert "broken here" in page
    assert "reporting changes nothing" in page
    told = [
        "saved results need a session that ran whole; 1 test failed*",
        "*bad.json is not written",
    ]
    broken.stdout.fnmatch_lines(told)
    broken.stdout.fnmatch_lines(["failed: not all that was asked for could be written*"])
    assert not (suite.path / archive.FOLDER).exists()


INTERRUPTED = "def test_claims(lab):\n    raise KeyboardInterrupt"


@pytest.mark.parametrize(
    ("options", "broken", "status"),
    [
        (["-k", "no_such"], "", pytest.ExitCode.NO_TESTS_COLLECTED),
        ([], "1 / 0", pytest.ExitCode.INTERRUPTED),
        (["test_broken.py"], INTERRUPTED, pytest.ExitCode.INTERRUPTED),
    ],
    ids=["selection", "collection", "interruption"],
)
def test_a_session_without_claims_leaves_earlier_results_alone(
    suite, cold, options, broken, status
):
    shutil.copytree(cold[0] / "out", suite.path / "out")
    shutil.copy(cold[0] / "sum.md", suite.path)
    before = files(suite.path / "out", suite.path / "sum.md")
    (suite.path / "test_broken.py").write_text(broken)
    asked = ("--mlp-report=out", "--mlp-summary=sum.md", "--mlp-save=new.json")
    got = suite.runpytest_subprocess(*OPTIONS, "-n0", *asked, *options)
    assert got.ret == status
    told = " ".join(got.stdout.str().split())
    for place in ("out is left as it was", "sum.md is left as it was", "new.json is not written"):
        assert f"no claim was made: {place}" in told
    assert "report: " not in told
    assert files(suite.path / "out", suite.path / "sum.md") == before
    assert not (suite.path / "new.json").exists()


def files(*places):
    """What stands in the files at `places` and below."""
    every = [path for place in places for path in (place, *place.rglob("*")) if path.is_file()]
    return {path: path.read_bytes() for path in every}


TELLS = """
import os, pathlib

def pytest_runtest_logreport(report):
    if report.when == "teardown" and "PYTEST_XDIST_WORKER" not in os.environ:
        pathlib.Path("ended").touch()
"""
"""Added to a conftest: leaves a file once the session itself knows that a test has ended."""


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_an_interruption_leaves_a_partial_report(suite, workers):
    with (suite.path / "conftest.py").open("a", encoding="utf-8") as conftest:
        conftest.write(TELLS)
    suite.makepyfile(
        test_waits="import pathlib, time\ndef test_waits():\n"
        "    pathlib.Path('waiting').touch()\n    time.sleep(60)"
    )
    words = [sys.executable, "-m", "pytest", *OPTIONS, workers, "--mlp-report=out"]
    words += ["-k", "reporting or waits", "-p", "no:cacheprovider"]
    with open(suite.path / "log", "w", encoding="utf-8") as log:
        env = {name: v for name, v in os.environ.items() if name != "PYTEST_XDIST_WORKER"}
        going = subprocess.Popen(words, cwd=suite.path, stdout=log, stderr=log, env=env)
        wait_for(lambda: (suite.path / "waiting").exists() or going.poll() is not None, 300)
        wait_for(lambda: (suite.path / "ended").exists() or going.poll() is not None, 300)
        going.send_signal(signal.SIGINT)
        assert going.wait(timeout=300) == pytest.ExitCode.INTERRUPTED
    page = (suite.path / "out" / "index.html").read_text("utf-8")
    assert "interrupted after 1 of 2 tests" in page
    told = (suite.path / "log").read_text("utf-8")
    assert "Partial: interrupted after 1 of 2 tests; what follows is what there is" in told
    assert "reporting changes nothing" in page


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
