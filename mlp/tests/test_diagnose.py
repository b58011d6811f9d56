"""A diagnosis of genomes, by `lab.diagnose` and by `python -m mlp.diagnose`: what people see."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from importlib import import_module

import pytest

from mlp import Lab
from mlp.diagnose import main
from mlp.lab import LabError, Refuted, Undecided
from mlp.stats.diagnosis import Finding, Interrupted
from mlp.store import Store
from mlp.tests.conftest import ROOT

pytest_plugins = ("pytester",)

PIPELINE = """
import random
from typing import Literal
from mlp import Genome, Loss, Result, digest, gene

def score(seed, gain):
    return 0.5 + gain + random.Random(seed).uniform(-0.02, 0.02)

class Loop(Genome):
    logits: Literal["raw", "softmax"] = gene("what the loss takes", acts_on="weights")
    shuffle: bool = gene("whether rows are shuffled", default=False, acts_on="order")
    width: int = gene("units", at_least=1, default=1, acts_on=())
    def train(self, seed):
        end = score(seed, 0.3 * (self.logits == "raw"))
        saw = {"order": digest([seed, self.shuffle])}
        return Result(score=end, weights=digest([end]), saw=saw)

FIT, MINE = Loop(logits="raw", shuffle=True, width=2), Loop(logits="softmax")
SAME, ONE_GENE = Loop(logits="softmax"), Loop(logits="raw")

class Bare(Genome):
    logits: Literal["raw", "softmax"] = gene("what the loss takes")
    shuffle: bool = gene("whether rows are shuffled")
    def train(self, seed):
        return score(seed, 0.3 * (self.logits == "raw"))

BARE_FIT, BARE = Bare(logits="raw", shuffle=True), Bare(logits="softmax", shuffle=False)

class Dropping(Genome):
    rate: float = gene("share dropped", at_least=0, below=1)
    kind: Literal["unit", "whole"] = gene("what drops", idle=(lambda g: g.rate == 0, "unit"))
    depth: int = gene("layers", at_least=1, default=1)
    def train(self, seed):
        return score(seed, 0.1)

DROPPING, NOT = Dropping(rate=0.5, kind="whole", depth=2), Dropping(rate=0.0, kind="unit")

class Paired(Genome):
    rate: float = gene("learning rate", above=0)
    scaled: bool = gene("whether the loss is scaled")
    depth: int = gene("layers", at_least=1)
    def train(self, seed):
        return score(seed, 0.3 * (self.rate == 0.1 and self.scaled))

BOTH, NEITHER = Paired(rate=0.1, scaled=True, depth=2), Paired(rate=0.5, scaled=False, depth=1)

class Lost(Paired):
    def train(self, seed):
        return float("nan")

LOST, GONE = Lost(rate=0.1, scaled=True, depth=2), Lost(rate=0.5, scaled=False, depth=1)

class Lossy(Loop):
    measure = Loss(best=0.0, worst=2.0)
    def train(self, seed):
        return 2 - 2 * super().train(seed).score

LOW, HIGH = Lossy(logits="raw", shuffle=True, width=2), Lossy(logits="softmax")

class Wide(Genome):
    GENES
    def train(self, seed):
        return score(seed, 0.1)

WIDE, NARROW = (Wide(**{f"g{i}": to for i in range(33)}) for to in (True, False))
NUMBER = 3
""".replace("GENES", "\n    ".join(f'g{i}: bool = gene("one of many")' for i in range(33)))


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A folder with a pipeline; its module."""
    (tmp_path / "pipeline.py").write_text(PIPELINE, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield import_module("pipeline")
    del sys.modules["pipeline"]


BAD_INPUT = {
    "they express the same": ("SAME", "MINE", 0.1, "differ in none: change a gene"),
    "they differ in one gene": ("ONE_GENE", "MINE", 0.1, "differ in logits: compare the two"),
    "of two species": ("FIT", "BARE", 0.1, "one species"),
    "more than 32 genes": ("WIDE", "NARROW", 0.1, "at most 32 genes"),
    "a gene that cannot act": ("DROPPING", "NOT", 0.1, "'kind' cannot in "),
    "margin 0": ("FIT", "MINE", 0.0, "margin must lie between 0 and 1; got 0.0"),
    "margin 1": ("FIT", "MINE", 1.0, "margin must lie between 0 and 1; got 1.0"),
    "no margin": ("FIT", "MINE", float("nan"), "margin must lie between 0 and 1; got nan"),
    "no genome": ("NUMBER", "MINE", 0.1, "genome"),
}


@pytest.mark.parametrize("wrong", BAD_INPUT)
class TestBadInput:
    def test_the_lab_refuses_it_in_one_sentence_before_anything_is_trained(self, mine, wrong):
        good, bad, margin, told = BAD_INPUT[wrong]
        lab = Lab("runs.sqlite", claims=1)

        with pytest.raises(LabError, match=re.escape(told)) as refused:
            lab.diagnose(getattr(mine, good), getattr(mine, bad), margin=margin)

        assert "\n" not in str(refused.value)

    def test_the_command_refuses_it_in_one_line(self, mine, wrong, capsys):
        good, bad, margin, told = BAD_INPUT[wrong]

        status = main([f"pipeline:{bad}", f"pipeline:{good}", f"--margin={margin}"])

        out, err = capsys.readouterr()
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert told in err


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (["MINE", "pipeline:FIT"], "a genome is named module:NAME; got 'MINE'"),
        ([":MINE", "pipeline:FIT"], "a genome is named module:NAME; got ':MINE'"),
        ([".pipeline:MINE", "pipeline:FIT"], "module:NAME; got '.pipeline:MINE'"),
        (["nowhere:MINE", "pipeline:FIT"], "'nowhere' is not"),
        (["pipeline:MIEN", "pipeline:FIT"], "it has no 'MIEN'"),
        (["pipeline:MINE", "pipeline:FIT", "--dataset=digits"], "dataset"),
        (["pipeline:MINE", "pipeline:FIT", "--protocol=quick"], "Loop has no protocols"),
        (["pipeline:MINE", "pipeline:FIT", "--seeds=0"], "seeds"),
        (["pipeline:MINE", "pipeline:FIT", "--html=no/page.html"], "--html names a file"),
        (["pipeline:MINE", "pipeline:FIT", "--html=."], "--html names a file in a folder"),
        (["pipeline:MINE", "pipeline:FIT", "--html=pipeline.py"], "pipeline.py is another file"),
        (["pipeline:MINE", "pipeline:FIT", "--store=pipeline.py/runs"], "pipeline.py/runs"),
    ],
)
@pytest.mark.usefixtures("mine")
def test_the_command_refuses_what_it_cannot_use_in_one_line(call, told, capsys):
    assert main(call) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert told in err


@pytest.mark.usefixtures("mine")
def test_a_module_that_fails_while_it_is_imported_fails_with_its_own_error(tmp_path, capsys):
    (tmp_path / "broken.py").write_text("import sys\nsys.no_such_name\nMINE = 1\n", "utf-8")
    assert main(["broken:MINE", "pipeline:FIT"]) == 3
    told = capsys.readouterr().err
    assert "broken.py" in told
    assert "no_such_name" in told


def test_a_good_genome_that_is_worse_is_told_with_the_offer_to_swap(mine, capsys):
    found = Lab("runs.sqlite", claims=1).diagnose(mine.MINE, mine.FIT, margin=0.1)
    assert "good is worse than bad; swap them" in str(found)

    assert main(["pipeline:FIT", "pipeline:MINE", "--margin=0.1"]) == 1

    *_, offer = capsys.readouterr().out.splitlines()
    assert offer == "Try: python -m mlp.diagnose pipeline:MINE pipeline:FIT"
    assert main([*offer.split()[4:], "--margin=0.1"]) == 0
    assert "In the bad program, change logits from 'softmax' to 'raw'." in capsys.readouterr().out


def test_runs_that_record_nothing_are_diagnosed_and_it_is_said_what_was_not_checked(mine):
    lab = Lab("runs.sqlite", claims=1)
    found = lab.diagnose(mine.BARE_FIT, mine.BARE, margin=0.1)
    found.assert_causes("logits")
    told = "that the genes acted was not checked, as the runs record nothing"

    assert told in str(found)
    (claim,) = lab.claims
    assert claim.notes[0].startswith(told)
    assert claim.seeds == found.found.gap.interval.n
    assert told not in str(lab.diagnose(mine.FIT, mine.MINE, margin=0.1))


def test_that_there_is_no_gap_is_refuted_by_a_gap_whose_causes_are_not_known(mine, monkeypatch):
    found = Lab("runs.sqlite", claims=1).diagnose(mine.FIT, mine.MINE, margin=0.1)
    monkeypatch.setitem(vars(found), "found", replace(found.found, finding=Finding.PARTLY))
    with pytest.raises(Refuted):
        found.assert_causes()
    with pytest.raises(Undecided):
        found.assert_causes("logits")


def test_causes_that_act_only_together_are_changed_together(mine):
    found = Lab("runs.sqlite", claims=1).diagnose(mine.BOTH, mine.NEITHER, margin=0.1)

    found.assert_causes("scaled", "rate")
    assert re.search(r"Act only together: (rate with scaled|scaled with rate)\.", str(found))
    assert sorted(found.advice().removesuffix(".").split("change ")[1].split(", then ")) == [
        "rate from 0.5 to 0.1",
        "scaled from False to True",
    ]


def test_a_claim_without_a_cause_that_is_shown_is_refuted_though_the_gap_is_not_explained(mine):
    found = Lab("runs.sqlite", claims=1).diagnose(mine.BOTH, mine.NEITHER, margin=0.1)
    partly = replace(found, found=replace(found.found, finding=Finding.PARTLY))

    assert partly.outcome.startswith("partly explained; caused by ")
    with pytest.raises(Refuted):
        partly.assert_causes("rate")
    with pytest.raises(Undecided):
        partly.assert_causes("scaled", "rate", "depth")


def test_runs_that_diverge_are_counted_over_all_cohorts(mine):
    found = Lab("runs.sqlite", claims=1).diagnose(mine.LOST, mine.GONE, margin=0.1)

    assert f"{found.found.runs} of {found.found.runs} runs diverged." in str(found)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells a broken pipe otherwise")
@pytest.mark.usefixtures("mine")
def test_a_reader_that_has_gone_is_no_failure_of_the_program(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "mlp.diagnose", "pipeline:MINE", "pipeline:FIT"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, "")


@pytest.mark.usefixtures("mine")
def test_a_module_that_ends_the_program_is_told(tmp_path, capsys):
    (tmp_path / "ending.py").write_text("import sys\nsys.exit(0)\n", "utf-8")

    assert main(["ending:MINE", "pipeline:FIT"]) == 3

    assert "one called sys.exit(0): put that call under if" in capsys.readouterr().err


@pytest.mark.usefixtures("mine")
def test_a_page_that_cannot_be_written_is_told_after_the_answer(capsys, monkeypatch):
    def refuse(*_, **__):
        raise OSError("Read-only file system")

    monkeypatch.setattr("pathlib.Path.write_text", refuse)
    assert main(["pipeline:MINE", "pipeline:FIT", "--margin=0.1", "--html=page.html"]) == 2

    out, err = capsys.readouterr()
    assert "Explained" in out
    assert err == "the page cannot be written: Read-only file system: name another --html\n"


def test_a_species_that_measures_a_loss_is_diagnosed_in_its_unit(mine):
    lab = Lab("runs.sqlite", claims=1)
    found = lab.diagnose(mine.LOW, mine.HIGH, margin=0.2)
    found.assert_causes("logits")

    bad, logits, _ = found.found.ladder
    assert found.found.margin == lab.claims[-1].margin == 0.2
    assert found.found.gap.interval.mean == pytest.approx(0.6, abs=0.05)
    assert found.found.causes[0].share.mean == pytest.approx(0.6, abs=0.05)
    assert (bad.score.mean, logits.score.mean) == pytest.approx((1.0, 0.4), abs=0.05)
    assert logits.step.mean == pytest.approx(0.6, abs=0.05)


def test_what_was_known_of_a_loss_at_ctrl_c_is_in_its_unit(mine):
    def stop(progress):
        assert progress.diagnosis.margin == 0.2
        if progress.diagnosis.gap is not None:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as stopped:
        Lab("runs.sqlite", claims=1).diagnose(mine.LOW, mine.HIGH, margin=0.2, progress=stop)
    assert stopped.value.diagnosis.margin == 0.2
    assert stopped.value.diagnosis.gap.interval.mean == pytest.approx(0.6, abs=0.05)


def test_what_is_trained_to_see_traces_is_counted(mine):
    with Store("runs.sqlite") as store:
        found = Lab(store, claims=1).diagnose(mine.FIT, mine.MINE, margin=0.1).found

        assert found.traces == {"logits": "acted", "shuffle": "acted", "width": "left no trace"}
        assert found.runs == len(list(store.items()))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
@pytest.mark.usefixtures("mine")
def test_ctrl_c_prints_what_is_known_and_a_rerun_goes_on_from_there(tmp_path):
    """In a process of its own, which gets the signal that a terminal sends."""
    slow = PIPELINE.replace(
        "def score(seed, gain):",
        "import os, time\n\ndef score(seed, gain):\n    time.sleep(0.01)\n"
        "    open(os.environ['TRAINED'], 'a').write(f'{gain} {seed}\\n')",
    )
    (tmp_path / "pipeline.py").write_text(slow, "utf-8")
    trained = tmp_path / "trained.txt"
    command = [sys.executable, "-m", "mlp.diagnose", "pipeline:MINE", "pipeline:FIT"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TRAINED": str(trained)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}

    with subprocess.Popen([*command, "--margin=0.1"], env=environment, **pipes) as begun:
        for line in begun.stdout:
            if "mixed cells" in line:
                begun.send_signal(signal.SIGINT)
                break
        out, err = begun.communicate()
    assert (begun.returncode, err) == (130, "")
    for part in (
        "Stopped before the end; this is what was known.",
        "Gap, good - bad: +0.3",
        "What was trained is kept: the same command goes on from here.",
    ):
        assert part in out
    first = len(trained.read_text().splitlines())

    again = subprocess.run([*command, "--margin=0.1"], env=environment, check=False, **pipes)

    assert (again.returncode, again.stderr) == (0, "")
    runs = int(re.search(r"cohorts, (\d+) runs", again.stdout)[1])
    assert 0 < first < runs == len(trained.read_text().splitlines())


SUITE = """
from pipeline import FIT, MINE

def test_screen(lab):
    lab.screen(FIT, MINE).assert_responsible("logits", margin=0.1)

def test_diagnosis(lab):
    lab.diagnose(FIT, MINE, margin=0.1).assert_causes("logits")
"""


def test_table_and_page_have_the_runs_of_a_diagnosis_and_those_of_the_screen(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile(pipeline=PIPELINE, test_mine=SUITE)

    ended = pytester.runpytest_subprocess("-p", "mlp.suite.plugin", "--mlp-report=page")

    ended.assert_outcomes(passed=2)
    told = r"\d+ runs read; the screen of the same two read 256"
    assert re.search(f"      caused by logits; {told}\n", ended.stdout.str())
    page = (pytester.path / "page" / "index.html").read_text("utf-8")
    assert re.search(r"8 cohorts, \d+ runs, 5 comparisons", page)
    assert re.search(told, page)
