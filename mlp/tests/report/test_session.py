"""Whole sessions of a small suite: what pytest is asked for is what gets written."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from xml.etree import ElementTree

import pytest

from mlp.report import saved
from mlp.run import PROTOCOLS
from mlp.tests.report import helpers
from mlp.tests.report.helpers import ROOT

pytest_plugins = ("pytester",)

TINY = """
from mlp.run import PROTOCOLS, Protocol
PROTOCOLS["tiny"] = Protocol(name="tiny", learning_rate=1e-3, steps=20, sample_every=10)
"""
CLAIMS = '''
import pytest
from mlp.genome import MATMUL

@pytest.mark.finding("3")
def test_all_rows_rescue(lab, dataset):
    """Given all rows, the tf.matmul model does better."""
    rescued = MATMUL.with_alleles(coverage="all", batch_size=32)
    lab.compare(rescued, MATMUL, dataset).assert_better()

@pytest.mark.finding("1")
def test_reporting_changes_nothing(lab, dataset):
    """Finding 1: recording less of a run changes nothing."""
    quiet = MATMUL.with_alleles(reporting="ends")
    lab.compare(quiet, MATMUL, dataset).assert_identical()
'''
OPTIONS = ("--mlp-protocol=tiny", "--mlp-dataset=iris", "--mlp-seeds=2", "--mlp-store=s.sqlite")


COLD = ("-n2", "--mlp-report=out", "--mlp-save=first", "--mlp-summary=sum.md", "--junitxml=j.xml")


def lay(folder):
    """A small suite of its own in `folder`, under the project's conftest."""
    (folder / "pytest.ini").write_text("[pytest]\njunit_family = xunit1\n")
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


def verdicts(place):
    return {row.title: row.claim.verdict for row in saved.load(place).rows}


def test_a_study_is_reported(cold):
    folder, output = cold
    assert "= verdicts =" in output
    assert re.search(r"report: out.index\.html", output)
    page = (folder / "out" / "index.html").read_text("utf-8")
    assert "all rows rescue" in page
    assert 'id="partial"' not in page
    assert "Finding 1 on iris is supported: identical weights." in page
    assert "<dt>Looks at seeds</dt><dd>2</dd>" in page
    assert verdicts(folder / saved.FOLDER / "first.json") == {
        "all rows rescue": "undecided",
        "reporting changes nothing": "supported",
    }
    assert "1 supported" in (folder / "sum.md").read_text("utf-8")
    assert 'pytest hypotheses -k "finding_1 and iris" --mlp-protocol=tiny' in output
    check_junit(folder / "j.xml", claims=2)
    said = [p.attrib for p in ElementTree.parse(folder / "j.xml").getroot().iter("property")]
    assert sorted(p["value"] for p in said if p["name"] == "mlp.identical") == ["False", "True"]


def test_a_warm_rerun_rebuilds_the_report_without_training(suite, cold):
    began = (suite.path / "s.sqlite").read_bytes()
    first = cold[0] / saved.FOLDER / "first.json"
    asked = ("--mlp-report=out", f"--mlp-against={first}", "--mlp-tensorboard=events")
    warm = suite.runpytest_subprocess(*OPTIONS, "-n0", *asked)
    warm.stdout.fnmatch_lines(["*0 verdicts changed, 0 effects moved*2 claims unchanged*"])
    warm.stdout.fnmatch_lines(["curves of 6 runs: tensorboard --logdir events"])
    assert "mlp: " not in warm.stdout.str()
    assert "oneDNN" not in warm.stdout.str() + warm.stderr.str()
    assert (suite.path / "s.sqlite").read_bytes() == began
    runs = json.loads((suite.path / "out" / "runs.json").read_text("utf-8"))
    assert len(runs) == 6, "two seeds of three genomes"
    curves = json.loads((suite.path / "out" / "curves.json").read_text("utf-8"))
    assert {row["strain"] for row in curves} == {"matmul"}
    for name in ("claims.csv", "runs.csv", "differences.csv"):
        assert (suite.path / "out" / name).read_bytes() == (cold[0] / "out" / name).read_bytes()


def check_junit(path, claims):
    """The elements and attributes that readers of JUnit files know, and the claims' properties."""
    root = ElementTree.parse(path).getroot()
    assert root.tag == "testsuites"
    for suite in root:
        assert suite.tag == "testsuite"
        assert {"name", "tests", "errors", "failures", "skipped", "time"} <= set(suite.attrib)
        assert {case.tag for case in suite} <= {"properties", "testcase"}
    cases = list(root.iter("testcase"))
    known = {"properties", "failure", "error", "skipped", "system-out", "system-err"}
    for case in cases:
        assert {"name", "classname", "time"} <= set(case.attrib)
        assert set(case.attrib) <= {"name", "classname", "time", "file", "line", "url"}
        assert {child.tag for child in case} <= known
        assert len(case.findall("properties")) <= 1
    told = [case.find("properties") for case in cases]
    assert sum(found is not None for found in told) == claims
    for properties in told:
        if properties is None:
            continue
        values = {p.attrib["name"]: p.attrib["value"] for p in properties}
        assert len(values) == len(properties), "names are unique"
        assert all(p.tag == "property" and set(p.attrib) == {"name", "value"} for p in properties)
        assert values["mlp.executor"] == "cohort engine"
        assert values["mlp.vouched"] == "0"
        assert values["mlp.verdict"] in ("supported", "refuted", "undecided")
        low, effect, high = (float(values[f"mlp.{name}"]) for name in ("low", "effect", "high"))
        assert low <= effect <= high
        assert values["mlp.dataset"] == "iris"


def test_a_family_whose_schema_forbids_properties_gets_none(suite):
    options = ("-k", "reporting", "--junitxml=j.xml", "-o", "junit_family=xunit2")
    assert suite.runpytest_subprocess(*OPTIONS, "-n1", *options).ret == 0
    assert not list(ElementTree.parse(suite.path / "j.xml").getroot().iter("property"))


def test_a_changed_verdict_fails_only_when_asked_to(suite):
    options = (*OPTIONS, "-n0", "-k", "reporting")
    assert suite.runpytest_subprocess(*options, "--mlp-save=results.d/mine.json").ret == 0
    path = suite.path / "results.d" / "mine.json"
    raw = json.loads(path.read_text("utf-8"))
    raw["claims"][0]["claim"]["verdict"] = "refuted"
    raw["checksum"] = saved.checksum({k: v for k, v in raw.items() if k != "checksum"})
    path.write_text(json.dumps(raw), encoding="utf-8")
    told = suite.runpytest_subprocess(*options, f"--mlp-against={path}")
    assert told.ret == 0
    told.stdout.fnmatch_lines(["*verdict was refuted, is supported*", "1 verdict changed*"])
    failed = suite.runpytest_subprocess(*options, f"--mlp-against={path}", "--mlp-fail-on-change")
    assert failed.ret == 1
    assert failed.stdout.lines[-2:-1] == ["failed: --mlp-fail-on-change, 1 verdict changed"]
    assert failed.stdout.lines[-1].startswith("=")


def test_a_selection_is_told_as_one_and_replaces_no_fuller_results(suite, cold):
    whole = suite.path / "first.json"
    shutil.copy(cold[0] / saved.FOLDER / "first.json", whole)
    before = whole.read_bytes()
    left_out = f"--ignore={suite.path / 'nothing'}"
    asked = ("-n0", "-k", "reporting", left_out, "--mlp-report=out", "--mlp-save=first.json")
    some = suite.runpytest_subprocess(*OPTIONS, *asked)
    assert some.ret == 1
    told = some.stdout.str()
    words = "Finding 1 on iris is supported in the one claim made here that states it: identical"
    assert words in " ".join(told.split())
    assert "1 of those in first.json were not made now: save under" in " ".join(told.split())
    assert whole.read_bytes() == before
    runs = json.loads((suite.path / "out" / "runs.json").read_text("utf-8"))
    assert len(runs) == 4, (
        "two seeds of two genomes: the store's other runs are not of this session"
    )
    assert {run["claimed_as"] for run in runs} == {"matmul", "matmul[reporting=ends]"}
    facts = saved.load(suite.path / "out" / "results.json").provenance
    assert facts["selection"] == ["-k reporting", "--ignore=nothing", "--mlp-dataset=iris"]


def test_a_defect_in_one_output_costs_no_other_and_no_verdict(suite):
    with (suite.path / "conftest.py").open("a", encoding="utf-8") as conftest:
        conftest.write("from mlp.report import page\npage.write_report = lambda *_: 1 / 0\n")
    asked = ("-n0", "-k", "reporting", "--mlp-report=out", "--mlp-summary=sum.md")
    broken = suite.runpytest_subprocess(*OPTIONS, *asked, "--mlp-tensorboard=events")
    assert broken.ret == 1
    broken.stdout.fnmatch_lines(
        [
            "*1 supported*",
            "summary: sum.md",
            "--mlp-report: ZeroDivisionError: division by zero",
            "curves of 4 runs: *",
            "failed: not all that was asked for could be written*",
        ]
    )


def test_a_page_names_the_datasets_of_its_claims(suite):
    options = [word for word in OPTIONS if "dataset" not in word]
    asked = ("-n0", "-k", "reporting and iris", "--mlp-report=out")
    assert suite.runpytest_subprocess(*options, *asked).ret == 0
    page = (suite.path / "out" / "index.html").read_text("utf-8")
    assert "at the <b>tiny</b> protocol, on iris:" in page
    assert "<dt>Datasets</dt><dd>iris</dd>" in page


def test_a_session_that_stopped_at_a_failure_was_not_interrupted(suite):
    suite.makepyfile(test_waits="import time\ndef test_waits():\n    time.sleep(3)")
    stopped = suite.runpytest_subprocess(*OPTIONS, "-n1", "-x", "--mlp-report=out")
    page = (suite.path / "out" / "index.html").read_text("utf-8")
    assert re.search(r"stopped after [12] of 3 tests", page), stopped.stdout.str()
    assert "interrupted" not in page


def test_a_change_of_protocol_is_no_change_of_verdict(suite):
    there = helpers.study(rows=[helpers.row(protocol="published")], provenance={})
    saved.save(there, suite.path / "there.json")
    options = ("--mlp-against=there.json", "--mlp-fail-on-change", "-p", "no:cacheprovider")
    got = suite.runpytest_inprocess(*OPTIONS, *options)
    assert got.ret == pytest.ExitCode.USAGE_ERROR
    got.stderr.fnmatch_lines(["*needs results of the same protocol*(published, here tiny)*"])


def test_a_test_that_breaks_leaves_a_partial_report(suite):
    suite.makepyfile(
        test_broken="def test_broken(lab, dataset):\n    raise ZeroDivisionError('broken here')"
    )
    asked = ("--mlp-report=out", "--mlp-save=bad", "-k", "reporting or broken")
    broken = suite.runpytest_subprocess(*OPTIONS, "-n0", *asked)
    assert broken.ret == 1
    page = (suite.path / "out" / "index.html").read_text("utf-8")
    assert "1 test failed for another reason than a verdict" in page
    assert "broken here" in page
    assert "reporting changes nothing" in page
    told = [
        "saved results need a session that ran whole; 1 test failed*",
        "*bad.json is not written",
    ]
    broken.stdout.fnmatch_lines(told)
    broken.stdout.fnmatch_lines(["failed: not all that was asked for could be written*"])
    assert not (suite.path / saved.FOLDER).exists()


INTERRUPTED = "def test_claims(lab):\n    raise KeyboardInterrupt"


@pytest.mark.parametrize(
    ("options", "broken", "status"),
    [
        (["-k", "no_such"], "", pytest.ExitCode.NO_TESTS_COLLECTED),
        ([], "1 / 0", pytest.ExitCode.INTERRUPTED),
        (["test_broken.py"], INTERRUPTED, pytest.ExitCode.INTERRUPTED),
    ],
    ids=["selection", "collection", "interruption"],
)
def test_a_session_without_claims_leaves_earlier_results_alone(
    suite, cold, options, broken, status
):
    shutil.copytree(cold[0] / "out", suite.path / "out")
    shutil.copy(cold[0] / "sum.md", suite.path)
    before = files(suite.path / "out", suite.path / "sum.md")
    (suite.path / "test_broken.py").write_text(broken)
    asked = ("--mlp-report=out", "--mlp-summary=sum.md", "--mlp-save=new.json")
    got = suite.runpytest_subprocess(*OPTIONS, "-n0", *asked, *options)
    assert got.ret == status
    told = " ".join(got.stdout.str().split())
    for place in ("out is left as it was", "sum.md is left as it was", "new.json is not written"):
        assert f"no claim was made: {place}" in told
    assert "report: " not in told
    assert files(suite.path / "out", suite.path / "sum.md") == before
    assert not (suite.path / "new.json").exists()


def files(*places):
    """What stands in the files at `places` and below."""
    every = [path for place in places for path in (place, *place.rglob("*")) if path.is_file()]
    return {path: path.read_bytes() for path in every}


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_an_interruption_leaves_a_partial_report(suite, workers):
    suite.makepyfile(
        test_waits="import pathlib, time\ndef test_waits():\n"
        "    pathlib.Path('waiting').touch()\n    time.sleep(60)"
    )
    words = [sys.executable, "-m", "pytest", *OPTIONS, workers, "--mlp-report=out"]
    words += ["-k", "reporting or waits", "-p", "no:cacheprovider"]
    with open(suite.path / "log", "w", encoding="utf-8") as log:
        going = subprocess.Popen(words, cwd=suite.path, stdout=log, stderr=log)
        wait_for(lambda: (suite.path / "waiting").exists() or going.poll() is not None, 300)
        if workers == "-n2":
            wait_for(lambda: "." in dots(suite.path / "log") or going.poll() is not None, 300)
        going.send_signal(signal.SIGINT)
        assert going.wait(timeout=300) == pytest.ExitCode.INTERRUPTED
    page = (suite.path / "out" / "index.html").read_text("utf-8")
    assert "interrupted after 1 of 2 tests" in page
    told = (suite.path / "log").read_text("utf-8")
    assert "Partial: interrupted after 1 of 2 tests; what follows is what there is" in told
    assert "reporting changes nothing" in page


def dots(log):
    """The marks of ended tests that a log shows."""
    return "".join(re.findall(r"^([.F]+)(?: |$)", log.read_text("utf-8"), re.MULTILINE))


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--mlp-against=nobody"], "*must have been saved; 'nobody' is not at*"),
        (["--mlp-against=conftest.py"], "*must be one that --mlp-save wrote; conftest.py is not*"),
        (["--mlp-fail-on-change"], "*--mlp-fail-on-change needs results to compare with*"),
        (["--mlp-report=conftest.py"], "*--mlp-report needs a folder; conftest.py is a file*"),
        (["--mlp-save=conftest.py/x.json"], "*--mlp-save needs a folder; conftest.py is a file*"),
        (["--mlp-save="], "*saved results need a name or a file; got ''*"),
        (["--mlp-report="], "*--mlp-report needs a folder; got ''*"),
        (["--mlp-tensorboard="], "*--mlp-tensorboard needs a folder; got ''*"),
        (["--mlp-summary="], "*--mlp-summary needs a file; got ''*"),
        (["--mlp-against="], "*results to compare with need a name or a file; got ''*"),
        (
            ["--mlp-against=", "--mlp-fail-on-change"],
            "*results to compare with need a name or a file; got ''*",
        ),
        (["--mlp-summary=."], "*--mlp-summary needs a file; . is a folder*"),
    ],
)
def test_a_bad_option_is_a_sentence_before_anything_is_trained(suite, options, told):
    got = suite.runpytest_inprocess(
        *OPTIONS, "--mlp-store=none.sqlite", *options, "-p", "no:cacheprovider"
    )
    assert got.ret == pytest.ExitCode.USAGE_ERROR
    got.stderr.fnmatch_lines([told])
    assert "Traceback" not in got.stderr.str()
    assert not (suite.path / "none.sqlite").exists()
