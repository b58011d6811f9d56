"""Workers of another processor: refused, or accepted by an option, their runs kept as theirs.

Here the session's processor is another because a limit to its instructions is set for it alone.
"""

import pytest

from mlp.store import Store
from mlp.tests.conftest import ROOT

distributed = pytest.importorskip("distributed")
pytest_plugins = ["pytester"]

SPECIES = """
from typing import Literal
import numpy as np
from mlp import Genome, gene

class Coin(Genome):
    side: Literal["low", "high"] = gene("where scores lie")

    def train(self, seed):
        return float(np.random.uniform(0.0, 0.1)) + 0.5 * (self.side == "high")
"""
CLAIM = """
from own import Coin

def test_high_is_better(lab):
    lab.compare(Coin(side="high"), Coin(side="low"), margin=0.05).assert_better()
"""
OTHER = "ONEDNN_MAX_CPU_ISA"


@pytest.fixture
def session(pytester, monkeypatch):
    """A function that runs a suite on a store: on a cluster of plain workers, or in one process."""
    pytester.makepyfile(own=SPECIES, test_own=CLAIM)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.syspathinsert()  # workers look for modules where this process does
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:

        def run(*options, store="runs.db", other=False, on_cluster=False):
            if other:
                monkeypatch.setenv(OTHER, "AVX2")
            else:
                monkeypatch.delenv(OTHER, raising=False)
            at = [f"--mlp-cluster={cluster.scheduler_address}"] if on_cluster else []
            plugin = ("-p", "mlp.suite.plugin", f"--mlp-store={store}")
            return pytester.runpytest_subprocess(*plugin, *at, *options)

        yield run


def kept(folder, store="runs.db"):
    """All runs of a store, by key."""
    with Store(folder / store) as found:
        return dict(found.items())


def test_they_are_accepted_by_an_option_and_their_runs_are_kept_as_theirs(session, pytester):
    how = ("--mlp-other-processor", "--mlp-report=page")
    session(*how, other=True, on_cluster=True).assert_outcomes(passed=1)
    theirs = kept(pytester.path)
    assert len(theirs) >= 32
    assert "AVX2" not in (pytester.path / "page" / "index.html").read_text("utf-8")

    session(store="own.db").assert_outcomes(passed=1)
    assert kept(pytester.path, "own.db") == theirs  # as a process of the workers' kind keeps them
    session(store="own.db", other=True).assert_outcomes(passed=1)
    assert len(kept(pytester.path, "own.db")) == 2 * len(theirs)  # one of another kind does not


def test_the_option_is_one_of_clusters(session):
    result = session("--mlp-other-processor")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*got --mlp-other-processor without --mlp-cluster: give*"])
