"""Systems that lack what POSIX has: the suite must be importable there, and run."""

from __future__ import annotations

import subprocess
import sys

from mlp.tests.small_suite import IRIS, SUPPORTED_CLAIM, claim

pytest_plugins = ("pytester",)

MISSING_ON_WINDOWS = """
import os, signal, sys
for name in ("register_at_fork", "fork", "killpg", "getpgid", "setsid", "sched_getaffinity"):
    delattr(os, name)
for name in ("SIGKILL", "SIGALRM", "SIGHUP", "SIGSTOP", "SIGCONT", "alarm"):
    delattr(signal, name)
for name in ("fcntl", "pwd", "grp", "resource", "termios", "pty"):
    sys.modules[name] = None
import pytest
import mlp.proof.trials.__main__, mlp.proof.corruption, mlp.proof.stress
sys.exit(pytest.main(sys.argv[1:]))
"""


def test_a_claim_is_made_without_the_names_that_windows_lacks(warm):
    warm.write(claim("made", SUPPORTED_CLAIM))
    words = [sys.executable, "-c", MISSING_ON_WINDOWS, *IRIS]

    done = subprocess.run(words, cwd=warm.path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 claim: 1 supported" in done.stdout
