"""An interruption: answered at once, in a line, with the exit status of an interruption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from mlp.store import Store
from mlp.suite.interrupt import KEPT, STOPPING
from mlp.tests.conftest import ROOT
from mlp.tests.small_suite import IRIS, PREAMBLE, REFUTED_CLAIM, SUPPORTED_CLAIM, claim

pytest_plugins = ("pytester",)

WHILE_IMPORTING = """
import sys
import pytest

def interrupt(event, arguments):
    if event == "import" and arguments[0] == "mlp.species.post":
        raise KeyboardInterrupt

sys.addaudithook(interrupt)
pytest.main(["--collect-only", "hypotheses"])
"""


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "code",
    [
        "from mlp.suite import interrupt\n"
        "interrupt.tell_interruption_in_one_line()\n"
        "raise KeyboardInterrupt",
        WHILE_IMPORTING,
    ],
    ids=["anywhere", "while the suite is imported"],
)
def test_an_interruption_is_told_in_a_line(code):
    done = run(code)

    assert done.returncode == -signal.SIGINT
    assert (done.stdout + done.stderr).strip() == KEPT


def test_another_error_keeps_its_traceback():
    done = run("from mlp.suite import interrupt; interrupt.tell_interruption_in_one_line(); 1 / 0")

    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "interrupted" not in done.stderr


SLOW = """
import pathlib, time
def test_slow():
    pathlib.Path("slow").touch()
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(2)
        raise
"""


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_one_interruption_is_answered_at_once_and_keeps_what_was_finished(warm, workers):
    warm.makepyfile(test_user=f"{PREAMBLE}\n{SLOW}\n{claim('made', 'pass')}")
    with Store(warm.path / "runs.db") as store:
        before = dict(store.items())
    words = [sys.executable, "-m", "pytest", *IRIS, workers]
    log = warm.path / "log"
    with (
        log.open("w") as out,
        subprocess.Popen(
            words, cwd=warm.path, stdout=out, stderr=out, start_new_session=True
        ) as going,
    ):
        until(lambda: (warm.path / "slow").exists() or going.poll() is not None)
        os.killpg(going.pid, signal.SIGINT)
        if workers != "-n0":
            until(lambda: STOPPING in log.read_text() or going.poll() is not None)
            assert going.poll() is None, "it is answered before the workers have stopped"
        assert going.wait(timeout=120) == pytest.ExitCode.INTERRUPTED

    assert KEPT in log.read_text().splitlines()
    with Store(warm.path / "runs.db") as store:
        assert dict(store.items()) == before


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_a_session_that_ends_at_its_first_failure_was_not_interrupted(warm, workers):
    warm.write(claim("refuted", REFUTED_CLAIM), claim("good", SUPPORTED_CLAIM))

    result = warm.runpytest_subprocess(*IRIS, workers, "-x")

    result.stdout.fnmatch_lines(["*stopping after 1 failures*"])
    result.stdout.no_fnmatch_line(f"*{STOPPING}*")
    result.stdout.no_fnmatch_line(f"*{KEPT}*")


def until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
