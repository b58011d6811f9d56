"""A lab on a cluster: in a script, and what its workers are asked."""

import subprocess
import sys

import pytest

from mlp.cluster import training
from mlp.genome import species_name
from mlp.species.post import Mlp
from mlp.store import Job, RunFailedError
from mlp.tests.cluster.test_processor import CLAIM, SPECIES
from mlp.tests.conftest import ROOT

pytest.importorskip("distributed")
pytest_plugins = ["pytester"]

PROGRAM = """
from mlp import Lab
from mlp.cluster import ClusterStore
from own import Coin

if __name__ == "__main__":
    with ClusterStore.for_lab("runs.sqlite", cluster="local:1") as store:
        lab = Lab(store, seeds=16, claims=1)
        print(lab.compare(Coin(side="high"), Coin(side="low"), margin=0.05).outcome)
"""

HANGS = """    def train(self, seed):
        while True:
            pass

    def trains("""


def test_a_script_compares_on_a_cluster(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "own.py").write_text(SPECIES)
    (tmp_path / "ask.py").write_text(PROGRAM)
    command = [sys.executable, "ask.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert (done.stdout.strip(), done.returncode) == ("better", 0), done.stderr


def test_a_dataset_that_a_worker_does_not_know_is_told_as_that():
    job = Job({"species": species_name(Mlp), "dataset": "of a conftest"}, {"aa": {}})
    with pytest.raises(RunFailedError, match="'of a conftest' is not known here: register it in"):
        training.train(job)


def test_a_session_says_what_its_workers_spent(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile(own=SPECIES, test_own=CLAIM)
    pytester.syspathinsert()
    how = ("-p", "mlp.suite.plugin", "--mlp-cluster=local:1", "--mlp-times")
    first = pytester.runpytest_subprocess(*how, "--mlp-seeds=16")
    again = pytester.runpytest_subprocess(*how, "--mlp-seeds=16")

    first.assert_outcomes(passed=1)
    said = [
        "1 test selected; 32 runs to train for their first look*",
        "*  32  own:Coin",
        "*, of 2 *",
    ]
    first.stdout.fnmatch_lines(said)
    again.stdout.fnmatch_lines(["1 test selected; the runs for their first look are in the store"])
    again.stdout.no_fnmatch_line("*own:Coin")


def test_workers_keep_to_what_the_session_asks_of_every_run(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile(own=SPECIES.replace("    def train(", HANGS), test_own=CLAIM)
    pytester.syspathinsert()
    how = ("-p", "mlp.suite.plugin", "--mlp-cluster=local:1", "--mlp-timeout=1")
    result = pytester.runpytest_subprocess(*how)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*a run must end within 1 s, as --mlp-timeout says; Coin*"])
