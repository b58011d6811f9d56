"""How the workers of a session share its work, under the suite's own conftest.py."""

from __future__ import annotations

import pytest

from mlp.tests.small_suite import IRIS, PREAMBLE, UNDECIDED_CLAIM, claim

pytest_plugins = ("pytester",)

RECORDING = """
import os, time
from pathlib import Path
import mlp.species.post.executors

def together(genomes, dataset, protocol, seeds, executor, train=mlp.species.post.executors.train):
    "Train, once the other worker has something to train too."
    with Path(os.environ["PYTEST_XDIST_WORKER"] + ".trained").open("a") as file:
        file.write(f"{len(seeds)} ")
    end = time.monotonic() + 60
    while len(list(Path().glob("gw*.trained"))) < 2:
        assert time.monotonic() < end, "the other worker trains nothing"
        time.sleep(0.01)
    return train(genomes, dataset, protocol, seeds, executor)

mlp.species.post.executors.train = together
"""


@pytest.mark.parametrize("real", [True, False], ids=["real API", "engine"])
def test_a_worker_without_a_test_trains_for_the_one_that_has_one(suite, real):
    with (suite.path / "conftest.py").open("a", encoding="utf-8") as file:
        file.write(RECORDING)
    body = UNDECIDED_CLAIM.replace("dataset)", f"dataset, real={real})")
    suite.makepyfile(test_user=PREAMBLE + claim("one", body))

    result = suite.runpytest_subprocess(*IRIS, "-n2")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["1 claim: 1 undecided*"])
    runs = {
        file.name: sum(map(int, file.read_text().split())) for file in suite.path.glob("*.trained")
    }
    assert set(runs) == {"gw0.trained", "gw1.trained"}
    assert sum(runs.values()) == (24 if real else 16), "4 seeds of 2 arms vouch for the engine"
    if not real:
        assert set(runs.values()) == {8}, "there are as many jobs as workers"


def test_a_worker_that_has_failed_at_the_first_failure_trains_for_nobody(suite):
    with (suite.path / "conftest.py").open("a", encoding="utf-8") as file:
        file.write(RECORDING.replace("< 2", "< 1"))
    asks = claim("asks", UNDECIDED_CLAIM.replace("dataset)", "dataset, real=True)"))
    suite.makepyfile(test_user=PREAMBLE + claim("fails", "assert False") + asks)

    suite.runpytest_subprocess(*IRIS, "-n2", "-x")

    assert len(list(suite.path.glob("*.trained"))) <= 1
