"""Sessions about species of a user's own: datasets, edits, limits, errors and interruptions."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time

import pytest

from mlp.store import Store
from mlp.tests.conftest import ROOT

pytest_plugins = ("pytester",)

PLUGIN = ("-p", "mlp.suite.plugin", "-p", "no:cacheprovider")
LOOPS = """
import random
from mlp import Genome, gene
from near import gain

def score(loop, seed):
    return 0.3 + gain(loop.logits) + random.Random(seed).uniform(0, 0.05)

class Bare(Genome):
    logits: bool = gene("whether the loss takes logits")
    def train(self, seed):
        {body}
        return score(self, seed)

class Listed(Genome):
    logits: bool = gene("whether the loss takes logits")
    datasets = ("small", "large")
    def train(self, seed, dataset):
        assert dataset in self.datasets
        return score(self, seed)

class Loaded(Genome):
    logits: bool = gene("whether the loss takes logits")
    datasets = {{"drawn": lambda: [1.0, 2.0]}}
    def train(self, seed, dataset):
        return score(self, seed) * len(self.datasets[dataset]()) / 2
"""
NEAR = "from far import STEP\n\ndef gain(on):\n    return STEP * on\n"
FAR = "STEP = 0.3\n"
BARE = """
from loops import Bare
def test_bare(lab):
    lab.compare(Bare(logits=True), Bare(logits=False)).assert_better()
"""


@pytest.fixture
def mine(pytester, monkeypatch):
    """A folder with three species and two helpers, each imported by the one before."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("PYTEST_XDIST_AUTO_NUM_WORKERS", raising=False)

    def write(body="pass", test=BARE, **files):
        files = {"loops": LOOPS.format(body=body), "near": NEAR, "far": FAR, **files}
        for name, text in {**files, "test_mine": test}.items():
            (pytester.path / f"{name}.py").write_text(text, encoding="utf-8")

    pytester.write = write
    pytester.runs = lambda: _stored(pytester.path)
    pytester.claims = lambda *words: pytester.runpytest_subprocess(*PLUGIN, *words)
    write()
    return pytester


def _stored(folder):
    with Store(folder / ".mlp" / "runs.sqlite") as store:
        return dict(store.items())


class TestEdits:
    """Under four workers, each of which reads the code for itself."""

    def test_a_helper_two_imports_away_trains_anew_and_nothing_else_does(self, mine):
        mine.claims("-n4").assert_outcomes(passed=1)
        first = len(mine.runs())
        assert first > 0

        mine.write(far="# the step\nSTEP = (0.3)\n", unrelated="X = 1\n")
        mine.claims("-n4").assert_outcomes(passed=1)
        assert len(mine.runs()) == first

        mine.write(far="STEP = 0.31\n")
        mine.claims("-n4").assert_outcomes(passed=1)
        assert len(mine.runs()) == 2 * first


PROTOCOLS = """
from dataclasses import dataclass
from loops import score
from mlp import Genome, Protocol, gene

@dataclass(frozen=True)
class Epochs(Protocol):
    epochs: int = 1

class Short(Genome):
    logits: bool = gene("whether the loss takes logits")
    protocols = (Epochs(name="short"), Epochs(name="long", epochs=3))
    def train(self, seed, protocol):
        return score(self, seed)

class Other(Short):
    protocols = (Epochs(name="other"),)
"""
OF_SHORT = """
from protocols import Short
def test_short(lab):
    lab.compare(Short(logits=True), Short(logits=False)).assert_better()
"""


class TestProtocols:
    def test_one_that_another_species_of_the_session_does_not_know_can_be_chosen(self, mine):
        mine.write(test=OF_SHORT, protocols=PROTOCOLS)
        mine.claims("--mlp-protocol=long").assert_outcomes(passed=1)

    @pytest.mark.parametrize(
        ("protocol", "outcome"),
        [("short", {"xfailed": 1}), ("long", {"failed": 1}), ("shrot", {"errors": 1})],
    )
    def test_a_claim_is_recorded_as_refuted_under_one_alone(self, mine, protocol, outcome):
        marked = f"import pytest\n@pytest.mark.refuted('why', protocol={protocol!r})\ndef test"
        refuted = OF_SHORT.replace("better", "worse").replace("def test", marked)
        mine.write(test=refuted, protocols=PROTOCOLS)
        mine.claims().assert_outcomes(**outcome)

    def test_one_that_no_species_knows_is_told_before_anything_is_trained(self, mine):
        mine.write(test=OF_SHORT, protocols=PROTOCOLS)
        done = mine.claims("--mlp-protocol=lnog")
        done.stdout.re_match_lines([r".*must be one of .*long.*'lnog'; did you mean 'long'"])
        done.assert_outcomes(errors=1)
        assert mine.runs() == {}


class TestDatasets:
    @pytest.mark.parametrize("words", [(), ("-n2",), ("-n0",), ("-p", "no:xdist")])
    def test_a_claim_is_made_on_each_dataset_of_the_species_it_is_marked_with(self, mine, words):
        mine.write(
            test="""
import pytest
from loops import Bare, Listed, Loaded

@pytest.mark.species("Listed")
def test_listed(lab, dataset):
    lab.compare(Listed(logits=True), Listed(logits=False), dataset).assert_better()

@pytest.mark.species("loops:Loaded")
def test_loaded(lab, dataset):
    lab.compare(Loaded(logits=True), Loaded(logits=False), dataset).assert_better()

def test_bare(lab):
    lab.compare(Bare(logits=True), Bare(logits=False)).assert_better()
"""
        )
        result = mine.claims("-v", *words)

        result.assert_outcomes(passed=4)
        for name in ("listed[small]", "listed[large]", "loaded[drawn]", "bare"):
            assert f"test_{name}" in result.stdout.str()

    @pytest.mark.parametrize(
        ("head", "told"),
        [
            ("", '*may be about Listed, Loaded: mark the test @pytest.mark.species("Listed")*'),
            (
                '@pytest.mark.species("Lsted")\n',
                "*the mark species names a species of this session; got 'Lsted': write one of "
                "Bare, Listed, Loaded*",
            ),
        ],
    )
    def test_a_test_that_may_be_about_two_species_names_one(self, mine, head, told):
        mine.write(
            test="import pytest\nfrom loops import Listed, Loaded\n"
            f"{head}def test_which(lab, dataset):\n    pass\n"
        )
        result = mine.claims()

        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines([told])
        assert "Traceback" not in result.stdout.str()

    def test_a_test_that_takes_no_dataset_need_not_say(self, mine):
        mine.write(
            test="""
from loops import Listed, Loaded
def test_named(lab):
    lab.compare(Listed(logits=True), Listed(logits=False), "small").assert_better()
"""
        )
        mine.claims().assert_outcomes(passed=1)

    def test_a_test_of_a_species_without_datasets_is_told_so(self, mine):
        mine.write(test=BARE.replace("(lab)", "(lab, dataset)"))
        result = mine.claims()

        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(
            ["*`dataset` is given to tests*of a species that has datasets*"]
        )


@pytest.mark.parametrize("given", ["0", "-3", "many", "2.5", ""])
def test_the_number_of_claims_is_a_whole_one(mine, given):
    mine.makeini(f"[pytest]\nmlp_claims = {given}\n")
    result = mine.claims()

    said = result.stdout.str() + result.stderr.str()
    assert result.ret != 0
    assert f"at most; got '{given}': write mlp_claims = 20" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("given", ["0", "-1", "soon", "nan", "inf"])
def test_a_limit_is_a_number_of_seconds(mine, given):
    result = mine.claims(f"--mlp-timeout={given}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--mlp-timeout takes a number of seconds above 0; got*try 600*"])


def test_notes_stand_under_the_table(mine):
    lines = mine.claims().stdout.lines

    last = lines.index("1 claim: 1 supported; all as expected")
    assert lines[last + 1].startswith("note on bare: that the genes acted was not checked")


class TestLimit:
    @pytest.mark.parametrize("words", [(), ("-n2",)], ids=["", "n2"])
    def test_a_hung_run_is_told_by_genome_and_seed(self, mine, words):
        mine.write(body="while seed == 100003: pass")
        result = mine.claims("--mlp-timeout=0.5", *words)

        result.assert_outcomes(failed=1)
        said = " ".join(result.stdout.lines)
        assert re.search(r"must end within 0.5 s, .*Bare\[logits=\w+\], seed 100003 did not", said)
        assert any(record["seed"] == 100002 for record in mine.runs().values())

    def test_a_worker_that_hangs_in_compiled_code_is_ended_and_its_test_fails(self, mine):
        mine.write(body="sum(range(10**11)) if seed == 100003 else None")
        began = time.monotonic()
        result = mine.claims("--mlp-timeout=1", "-n2")

        assert result.ret != 0
        assert time.monotonic() - began < 60
        assert "loops.py" in result.stderr.str()
        result.stdout.fnmatch_lines(["*crashed while running*test_bare*"])


class TestErrors:
    RAISES = "gain([][seed]) if seed == 100005 else None"
    TWICE = BARE + BARE.replace("test_bare", "test_again")

    @pytest.mark.parametrize("words", [(), ("-n2",)], ids=["", "n2"])
    def test_a_train_that_raises_shows_the_users_frames_and_none_of_ours(self, mine, words):
        mine.write(body=self.RAISES, test=self.TWICE)
        result = mine.claims(*words)

        result.assert_outcomes(failed=2)
        said = result.stdout.str()
        assert len(re.findall(r"IndexError: list index out of range", said)) >= 2
        assert len(re.findall(r"loops\.py:?\"?,? ?(?:line )?\d+", said)) >= 2
        assert not re.search(r"mlp[/\\](lab|store|run|suite|stats)[/\\]", said)

    def test_all_frames_are_shown_if_asked(self, mine):
        mine.write(body=self.RAISES)
        assert re.search(r"mlp[/\\]lab[/\\]", mine.claims("--full-trace").stdout.str())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize("words", [(), ("-n2",)], ids=["", "n2"])
def test_ctrl_c_keeps_the_runs_that_ended(mine, words):
    mine.write(body="__import__('time').sleep(0.2)")
    store = mine.path / ".mlp" / "runs.sqlite"
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *PLUGIN, *words],
        cwd=mine.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (store.is_file() and _stored(mine.path)) and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)

    kept = len(mine.runs())
    assert kept > 0
    assert process.returncode == pytest.ExitCode.INTERRUPTED, said
    assert "Traceback" not in said
