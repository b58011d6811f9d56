"""An interruption that pytest does not catch: one line, and the exit status of an interruption."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from mlp.tests.conftest import ROOT

WHILE_IMPORTING = """
import sys
import pytest

class Interruption:
    def find_spec(self, name, *_):
        if name == "scipy":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interruption())
pytest.main(["--collect-only", "hypotheses"])
"""


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "code",
    ["from mlp import interrupt; interrupt.be_brief(); raise KeyboardInterrupt", WHILE_IMPORTING],
    ids=["anywhere", "while the suite is imported"],
)
def test_an_interruption_is_told_in_a_line(code):
    done = run(code)

    assert done.returncode == -signal.SIGINT
    assert (done.stdout + done.stderr).strip() == "interrupted; all finished runs are kept"


def test_another_error_keeps_its_traceback():
    done = run("from mlp import interrupt; interrupt.be_brief(); 1 / 0")

    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "interrupted" not in done.stderr
