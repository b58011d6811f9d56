"""A small suite whose sessions are reported, with a store that holds all its runs."""

import os
import shutil
import subprocess
import sys

import pytest

from mlp.species.post.protocol import PROTOCOLS
from mlp.tests.report import helpers
from mlp.tests.report.helpers import ROOT

TINY = """
from mlp.species.post.protocol import PROTOCOLS, Protocol
PROTOCOLS["tiny"] = Protocol(name="tiny", learning_rate=1e-3, steps=20, sample_every=10)
"""
CLAIMS = '''
import pytest
from mlp.species.post.genome import MATMUL

@pytest.mark.finding("3")
def test_all_rows_rescue(lab, dataset):
    """Given all rows, the tf.matmul model does better."""
    rescued = MATMUL.with_alleles(coverage="all", batch_size=32)
    lab.compare(rescued, MATMUL, dataset).assert_better()

@pytest.mark.finding("1", states=True)
def test_reporting_changes_nothing(lab, dataset):
    """Finding 1: recording less of a run changes nothing."""
    quiet = MATMUL.with_alleles(reporting="ends")
    lab.compare(quiet, MATMUL, dataset).assert_identical()
'''
OPTIONS = ("--mlp-protocol=tiny", "--mlp-dataset=iris", "--mlp-seeds=2", "--mlp-store=s.sqlite")


COLD = ("-n2", "--mlp-report=out", "--mlp-save=first", "--mlp-summary=sum.md", "--junitxml=j.xml")


INI = """[pytest]
addopts = -p mlp.suite.plugin
mlp_suite = true
mlp_claims = 300
junit_family = xunit1
"""


def lay(folder):
    """A small suite of its own in `folder`, under the project's conftest."""
    (folder / "pytest.ini").write_text(INI)
    (folder / "conftest.py").write_text((ROOT / "conftest.py").read_text("utf-8") + TINY)
    (folder / "test_claims.py").write_text(CLAIMS)


@pytest.fixture(scope="module")
def cold(tmp_path_factory):
    """The folder of a session that trained everything and was asked for everything, its output."""
    folder = tmp_path_factory.mktemp("cold")
    lay(folder)
    words = [sys.executable, "-m", "pytest", *OPTIONS, *COLD]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return folder, done.stdout


@pytest.fixture
def suite(pytester, monkeypatch, cold):
    """The same suite anew, with a store that holds every run."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setitem(PROTOCOLS, "tiny", helpers.TINY)  # forgets what a session here registers
    lay(pytester.path)
    shutil.copy(cold[0] / "s.sqlite", pytester.path)
    return pytester
