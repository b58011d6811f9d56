"""Python in a process of its own: what a framework is told when it is first used counts there."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from mlp.lab.threads import VARIABLES
from mlp.tests.conftest import ROOT


def needs(module):
    """Skips a test where a module is not installed; it is not imported here."""
    missing = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(missing, reason=f"{module} is not installed")


def said_by(code, **environment):
    """What `code` prints, run without any number of threads in its environment but those given."""
    inherited = {k: v for k, v in os.environ.items() if k not in VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**inherited, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
