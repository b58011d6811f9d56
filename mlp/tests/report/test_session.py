"""Whole sessions of a small suite: what pytest is asked for is what gets written."""

import json
import re
import shutil
from xml.etree import ElementTree

import pytest

from mlp.report import archive
from mlp.tests.report import helpers
from mlp.tests.report.sessions import OPTIONS, cold, suite

__all__ = ["cold", "suite"]

pytest_plugins = ("pytester",)


def verdicts(place):
    return {row.title: row.claim.verdict for row in archive.load(place).rows}


def test_a_study_is_reported(cold):
    folder, output = cold
    assert "= verdicts =" in output
    assert re.search(r"report: out.index\.html", output)
    page = (folder / "out" / "index.html").read_text("utf-8")
    assert "all rows rescue" in page
    assert 'id="partial"' not in page
    assert "Finding 1 on iris is supported: identical weights." in page
    assert "<dt>Looks at seeds</dt><dd>2</dd>" in page
    assert verdicts(folder / archive.FOLDER / "first.json") == {
        "all rows rescue": "undecided",
        "reporting changes nothing": "supported",
    }
    assert "1 supported" in (folder / "sum.md").read_text("utf-8")
    assert '  pytest -k "finding_1 and iris" --mlp-protocol=tiny' in output
    check_junit(folder / "j.xml", claims=2)
    said = [p.attrib for p in ElementTree.parse(folder / "j.xml").getroot().iter("property")]
    assert sorted(p["value"] for p in said if p["name"] == "mlp.identical") == ["False", "True"]


def test_a_warm_rerun_rebuilds_the_report_without_training(suite, cold):
    began = (suite.path / "s.sqlite").read_bytes()
    first = cold[0] / archive.FOLDER / "first.json"
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
    for part in root:
        assert part.tag == "testsuite"
        assert {"name", "tests", "errors", "failures", "skipped", "time"} <= set(part.attrib)
        assert {case.tag for case in part} <= {"properties", "testcase"}
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
        assert values["mlp.vouched"] == ""
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
    raw["checksum"] = archive.checksum({k: v for k, v in raw.items() if k != "checksum"})
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
    shutil.copy(cold[0] / archive.FOLDER / "first.json", whole)
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
    facts = archive.load(suite.path / "out" / "results.json").provenance
    assert facts["selection"] == ["-k reporting", "--ignore=nothing", "--mlp-dataset=iris"]


def test_a_page_names_the_datasets_of_its_claims(suite):
    options = [word for word in OPTIONS if "dataset" not in word]
    asked = ("-n0", "-k", "reporting and iris", "--mlp-report=out")
    assert suite.runpytest_subprocess(*options, *asked).ret == 0
    page = (suite.path / "out" / "index.html").read_text("utf-8")
    assert "at the <b>tiny</b> protocol, on iris:" in page
    assert "<dt>Datasets</dt><dd>iris</dd>" in page


def test_a_change_of_protocol_is_no_change_of_verdict(suite):
    there = helpers.study(rows=[helpers.row(protocol="published")], provenance={})
    archive.save(there, suite.path / "there.json")
    options = ("--mlp-against=there.json", "--mlp-fail-on-change", "-p", "no:cacheprovider")
    got = suite.runpytest_inprocess(*OPTIONS, *options)
    assert got.ret == pytest.ExitCode.USAGE_ERROR
    got.stderr.fnmatch_lines(["*needs results of the same protocol*(published, here tiny)*"])


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
