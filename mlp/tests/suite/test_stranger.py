"""The plugin in other people's folders: what it does there, and what it leaves alone."""

from __future__ import annotations

import sys

import pytest

from mlp.tests.conftest import ROOT

pytest_plugins = ("pytester",)

PIPELINE = """
import random
from mlp import Genome, gene

class Loop(Genome):
    shuffle: bool = gene("whether rows are shuffled")
    logits: bool = gene("whether the loss takes logits")

    def train(self, seed):
        noise = random.Random(seed).gauss(0, 0.05)
        return min(1.0, max(0.0, 0.5 + 0.3 * self.logits + noise))

GOOD, BAD = Loop(shuffle=True, logits=True), Loop(shuffle=False, logits=False)
Loop.name_strains(good=GOOD, bad=BAD)
"""
CLAIMS = """
from pipeline import BAD, GOOD

def test_good_is_better(lab):
    lab.compare(GOOD, BAD, margin=0.1).assert_better()

def test_logits_are_what_is_wrong(lab):
    lab.diagnose(good=GOOD, bad=BAD, margin=0.1).assert_causes("logits")
"""
PLUGIN = ("-p", "mlp.suite.plugin")


@pytest.fixture
def folder(pytester, monkeypatch):
    """A folder without settings of its own."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return pytester


@pytest.fixture
def mine(folder):
    folder.makepyfile(pipeline=PIPELINE, test_mine=CLAIMS)
    return folder


@pytest.mark.parametrize("workers", [(), ("-n2",), ("-p", "no:xdist")], ids=["", "n2", "no xdist"])
def test_claims_of_a_pipeline_of_ones_own_get_their_table(mine, workers):
    result = mine.runpytest_subprocess(*PLUGIN, *workers)

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["*divided among 20*", "*good is better*", "2 claims: 2 supported*"]
    )
    again = mine.runpytest_subprocess(*PLUGIN, *workers)
    again.stdout.fnmatch_lines(["*runs for their first look are in the store*"])


def test_an_edited_helper_trains_anew_and_a_comment_does_not(mine):
    helper = mine.makepyfile(helper="def gain():\n    return 0.3\n")
    (mine.path / "pipeline.py").write_text(
        PIPELINE.replace("0.3 * self", "gain() * self").replace(
            "import random", "import random\nfrom helper import gain"
        )
    )

    def runs():
        from mlp.store import Store

        mine.runpytest_subprocess(*PLUGIN, "-k", "good_is_better").assert_outcomes(
            passed=1, deselected=1
        )
        with Store(mine.path / ".mlp" / "runs.sqlite") as store:
            return len(dict(store.items()))

    first = runs()
    helper.write_text("# why\ndef gain():\n    '''Doc.'''\n    return 0.3\n")
    assert runs() == first
    helper.write_text("def gain():\n    return 0.31\n")
    assert runs() == 2 * first


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["", "n2"])
def test_more_claims_than_the_error_is_divided_among_are_refused(mine, workers):
    mine.makeini("[pytest]\nmlp_claims = 1")

    result = mine.runpytest_subprocess(*PLUGIN, *workers)

    assert result.ret != 0
    assert "write mlp_claims = 2 or more" in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize("where", ["conftest", "module"])
def test_other_peoples_fixtures_of_the_same_names_are_theirs(folder, where):
    fixtures = (
        "import pytest\n"
        "@pytest.fixture\ndef lab():\n    return 'theirs'\n"
        "@pytest.fixture\ndef dataset():\n    return 'data'\n"
    )
    test = "def test_it(lab, dataset):\n    assert (lab, dataset) == ('theirs', 'data')\n"
    if where == "conftest":
        folder.makeconftest(fixtures)
        folder.makepyfile(test_theirs=test)
    else:
        folder.makepyfile(test_theirs=fixtures + test)

    result = folder.runpytest_subprocess(*PLUGIN, "-v")

    result.assert_outcomes(passed=1)
    assert not (folder.path / ".mlp").exists()
    assert "verdicts" not in result.stdout.str()


def test_a_session_without_the_lab_is_left_as_it_is(folder, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)  # this suite sets it
    folder.makepyfile(
        test_plain="""
        import os, sys

        def test_plain():
            heavy = {"scipy", "matplotlib", "numpy", "tensorflow", "torch", "jax"}
            assert not heavy & set(sys.modules)
            assert "OMP_NUM_THREADS" not in os.environ
            assert sys.excepthook is sys.__excepthook__
        """
    )
    plain = folder.runpytest_subprocess("-p", "no:hypothesispytest")
    ours = folder.runpytest_subprocess(*PLUGIN, "-p", "no:hypothesispytest")

    ours.assert_outcomes(passed=1)

    def lines(result):
        return [line for line in result.stdout.lines if "passed in" not in line][3:]

    assert lines(ours) == lines(plain)
    assert not (folder.path / ".mlp").exists()


def test_a_train_that_raises_shows_the_users_own_frames(mine):
    path = mine.path / "pipeline.py"
    path.write_text(PIPELINE.replace("noise = random", "1 / 0\n        noise = random"))

    result = mine.runpytest_subprocess(*PLUGIN, "-k", "good_is_better")

    result.assert_outcomes(failed=1, deselected=1)
    text = result.stdout.str()
    assert "ZeroDivisionError" in text
    assert "pipeline.py" in text
    if sys.version_info >= (3, 11):
        assert "while training good, seed 100000" in text


@pytest.mark.parametrize("option", ["--mlp-protocol=quick", "--mlp-dataset=iris"])
def test_what_no_species_has_cannot_be_chosen(mine, option):
    result = mine.runpytest_subprocess(*PLUGIN, option)

    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*the species here have none: leave it out*"])


def test_a_hung_run_is_ended_and_named(mine):
    path = mine.path / "pipeline.py"
    path.write_text(PIPELINE.replace("noise = random", "while True: pass\n        noise = random"))

    result = mine.runpytest_subprocess(*PLUGIN, "-k", "good_is_better", "--mlp-timeout=1")

    result.assert_outcomes(failed=1, deselected=1)
    result.stdout.fnmatch_lines(["*a run must end within 1 s*"])


def test_a_train_that_does_not_repeat_is_told_if_asked(mine):
    path = mine.path / "pipeline.py"
    path.write_text(PIPELINE.replace("random.Random(seed)", "random.Random()"))

    result = mine.runpytest_subprocess(*PLUGIN, "-k", "good_is_better", "--mlp-check-repeat")

    result.assert_outcomes(failed=1, deselected=1)
    result.stdout.fnmatch_lines(["*must return the same for the same seed*"])


TWICE = """
import sys
import pytest

def session(*words):
    return pytest.main(["-q", "-p", "mlp.suite.plugin", "-p", "no:cacheprovider", *words])

assert session("--mlp-timeout=0.5", "--mlp-check-repeat", "-k", "better") == 0
from mlp.lab.method import SETTINGS
print("left:", SETTINGS.timeout_s, SETTINGS.check_repeat)
"""


def test_the_options_of_a_session_end_with_it(mine):
    told = mine.runpython(mine.makepyfile(twice=TWICE)).stdout.str()

    assert "1 passed" in told
    assert "left: None False" in told
