"""Sessions of a small suite under the suite's own conftest.py: what passes, fails and is shown."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from xml.etree import ElementTree

import pytest

from mlp.lab import Lab
from mlp.run import Protocol
from mlp.store import Store
from mlp.tests.lab.runs import BASE

pytest_plugins = ("pytester",)

TINY = Protocol(name="tiny", learning_rate=1e-3, steps=20, sample_every=10)
SETTINGS = (
    "--mlp-protocol=tiny",
    "--mlp-seeds=8",
    "--mlp-store=runs.db",
    "-p",
    "no:cacheprovider",
)
OPTIONS = (*SETTINGS, "test_user.py")
IRIS = (*OPTIONS, "--mlp-dataset=iris")
PREAMBLE = """
import pytest
from mlp.genome import MATMUL
BASE = MATMUL.paired().with_alleles(layer_size=8)
ENDS = BASE.with_alleles(reporting="ends")
FAST = BASE.with_alleles(rate_scale=9.0)
REFUTED = pytest.mark.refuted
"""
SUPPORTED_CLAIM = "lab.compare(ENDS, BASE, dataset).assert_equivalent()"
REFUTED_CLAIM = "lab.compare(ENDS, BASE, dataset).assert_better()"
UNDECIDED_CLAIM = "lab.compare(FAST, BASE, dataset).assert_better()"


def claim(name, body, *marks):
    head = "".join(f"@{mark}\n" for mark in marks)
    return f'{head}def test_{name}(lab, dataset):\n    """About {name}."""\n    {body}\n'


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A store that holds every run the claims above ask for on iris."""
    path = tmp_path_factory.mktemp("trained") / "runs.db"
    with Store(path) as store:
        lab = Lab(store, protocol=TINY, seeds=8)
        for genome in (BASE.with_alleles(reporting="ends"), BASE.with_alleles(rate_scale=9.0)):
            lab.compare(genome, BASE, "iris")
    return path


@pytest.fixture
def warm(suite, trained):
    """The suite with that store, and a function that writes its tests."""
    shutil.copy(trained, suite.path / "runs.db")
    suite.write = lambda *claims: suite.makepyfile(test_user="\n".join([PREAMBLE, *claims]))
    return suite


def records(path):
    with Store(path) as store:
        return dict(store.items())


def outcomes(result):
    """Each test's outcome, by name, as `-v` tells it."""
    found = re.findall(r"::test_(\S+) (PASSED|FAILED|XFAIL|ERROR|SKIPPED)", result.stdout.str())
    return dict(found)


def table(result):
    """The verdict table's lines."""
    text = result.stdout.str()
    after = text.split("verdicts =", 1)[1].split("\n", 1)[1]
    return [line for line in re.split(r"(?m)^=", after)[0].splitlines() if line.strip()]


class TestMarkers:
    def test_only_a_refutation_passes_where_one_is_recorded(self, warm):
        warm.write(
            claim("supported", SUPPORTED_CLAIM),
            claim("refuted", REFUTED_CLAIM),
            claim("undecided", UNDECIDED_CLAIM),
            claim("supported_marked", SUPPORTED_CLAIM, "REFUTED('why')"),
            claim("refuted_marked", REFUTED_CLAIM, "REFUTED('why')"),
            claim("undecided_marked", UNDECIDED_CLAIM, "REFUTED('why')"),
            claim("broken_marked", "raise RuntimeError('x')", "REFUTED('why')"),
        )

        result = warm.runpytest_inprocess("-v", *IRIS)

        assert outcomes(result) == {
            "supported[iris]": "PASSED",
            "refuted[iris]": "FAILED",
            "undecided[iris]": "FAILED",
            "supported_marked[iris]": "FAILED",
            "refuted_marked[iris]": "XFAIL",
            "undecided_marked[iris]": "FAILED",
            "broken_marked[iris]": "FAILED",
        }
        assert result.ret == 1

    def test_a_green_run_is_one_whose_verdicts_are_as_recorded(self, warm):
        warm.write(
            claim("supported", SUPPORTED_CLAIM), claim("refuted", REFUTED_CLAIM, "REFUTED('why')")
        )

        assert warm.runpytest_inprocess(*IRIS).ret == 0

    @pytest.mark.parametrize(
        ("mark", "outcome"),
        [
            ("REFUTED('why', on='iris')", "XFAIL"),
            ("REFUTED('why', on=['wine', 'iris'])", "XFAIL"),
            ("REFUTED('why', on='wine')", "FAILED"),
            ("REFUTED('why', protocol='tiny')", "XFAIL"),
            ("REFUTED('why', protocol='published')", "FAILED"),
            ("REFUTED('why', on='wine')\n@REFUTED('why', on='iris')", "XFAIL"),
        ],
    )
    def test_a_refutation_holds_on_its_datasets_and_protocol_alone(self, warm, mark, outcome):
        warm.write(claim("refuted", REFUTED_CLAIM, mark))

        assert outcomes(warm.runpytest_inprocess("-v", *IRIS)) == {"refuted[iris]": outcome}


class TestClaims:
    def test_a_hypothesis_without_a_claim_fails(self, warm):
        warm.write(claim("compares", "lab.compare(ENDS, BASE, dataset)"))

        result = warm.runpytest_inprocess(*IRIS)

        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["a hypothesis makes one claim; this test passed with none*"])

    def test_a_hypothesis_with_two_claims_fails(self, warm):
        warm.write(claim("twice", f"{SUPPORTED_CLAIM}; {SUPPORTED_CLAIM}"))

        result = warm.runpytest_inprocess(*IRIS)

        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["a hypothesis makes one claim; this test passed with 2*"])

    @pytest.mark.parametrize(
        ("body", "mark", "told"),
        [
            (f"{SUPPORTED_CLAIM}; assert lab.seeds < 8", "", "all as recorded"),
            (f"{SUPPORTED_CLAIM}; {SUPPORTED_CLAIM}", "", "all as recorded"),
            (f"{SUPPORTED_CLAIM}; 1 / 0", "REFUTED('why')", "1 not as recorded"),
        ],
    )
    def test_a_claim_whose_test_fails_for_another_reason_is_not_all_there_is(
        self, warm, body, mark, told
    ):
        warm.write(claim("good", SUPPORTED_CLAIM))
        assert warm.runpytest_inprocess(*IRIS, "--mlp-save=before").ret == 0
        warm.write(claim("good", body, *filter(None, [mark])))

        asked = ("--mlp-save=after", "--mlp-against=before", "--mlp-fail-on-change")
        result = warm.runpytest_inprocess(*IRIS, *asked)

        why = "1 test failed for another reason than a verdict"
        lines = table(result)
        assert lines[0].startswith(f"Partial: {why}")
        total = next(n for n, line in enumerate(lines) if line.endswith(told))
        assert lines[total + 1] == why
        assert f"failed: --mlp-fail-on-change, {why}" in result.stdout.lines
        assert not (warm.path / ".mlp" / "results" / "after.json").exists()

    def test_a_claim_that_alone_fails_its_test_leaves_the_study_whole(self, warm):
        warm.write(
            claim("refuted", REFUTED_CLAIM),
            claim("undecided", UNDECIDED_CLAIM),
            claim("supported_marked", SUPPORTED_CLAIM, "REFUTED('why')"),
        )

        result = warm.runpytest_inprocess(*IRIS, "--mlp-save=whole")

        result.assert_outcomes(failed=3)
        assert "Partial" not in result.stdout.str()
        assert (warm.path / ".mlp" / "results" / "whole.json").exists()

    def test_claims_of_one_test_are_not_another_tests(self, warm):
        warm.write(
            claim("first", SUPPORTED_CLAIM), claim("second", "lab.compare(ENDS, BASE, dataset)")
        )

        warm.runpytest_inprocess(*IRIS).assert_outcomes(passed=1, failed=1)

    def test_a_failing_claim_says_its_numbers_in_80_columns_and_how_to_rerun_it(self, warm):
        warm.write(claim("undecided", UNDECIDED_CLAIM))

        result = warm.runpytest_inprocess(*IRIS)

        said = result.stdout.str().split("test_undecided[iris] ___")[1].split("\n=")[0]
        *sentence, rerun = said.splitlines()[1:]
        assert all(len(line) <= 80 for line in sentence)
        assert re.fullmatch(
            r"undecided: matmul\[.*\] against matmul\[layer_size=8\] on iris \(tiny\): effect "
            r"[+-]\d\.\d{3} \[.*\], margin 0\.05, n=8 \(seeds 40000\.\.40007\): undecided, "
            "claimed better",
            " ".join(line.strip() for line in sentence),
        )
        assert any(re.search(r"\[[-+.\d]+, [-+.\d]+\]", line) for line in sentence)
        assert rerun == (
            'rerun: pytest "test_user.py::test_undecided[iris]" --mlp-protocol=tiny '
            "--mlp-seeds=8 --mlp-store=runs.db"
        )
        assert "Traceback" not in result.stdout.str()
        assert "mlp/lab" not in result.stdout.str()

    def test_a_test_without_the_lab_is_an_ordinary_test(self, warm):
        warm.write("def test_plain():\n    pass\n")

        result = warm.runpytest_inprocess(*IRIS)

        assert result.ret == 0
        assert "verdicts" not in result.stdout.str()


class TestSelection:
    def ids(self, warm, *args):
        found = warm.runpytest_inprocess("--collect-only", "-q", *args)
        return re.findall(r"::(\S+)", found.stdout.str())

    @pytest.fixture
    def two(self, warm):
        warm.write(claim("rescue", SUPPORTED_CLAIM), claim("knockout", REFUTED_CLAIM))
        return warm

    def test_each_claim_is_made_of_every_dataset_and_named_after_it(self, two):
        assert self.ids(two, *OPTIONS) == [
            "test_rescue[iris]",
            "test_rescue[wine]",
            "test_rescue[digits]",
            "test_knockout[iris]",
            "test_knockout[wine]",
            "test_knockout[digits]",
        ]

    @pytest.mark.parametrize(
        ("args", "found"),
        [
            (["-k", "rescue"], ["test_rescue[iris]", "test_rescue[wine]", "test_rescue[digits]"]),
            (["-k", "rescue and wine"], ["test_rescue[wine]"]),
            (["-k", "iris"], ["test_rescue[iris]", "test_knockout[iris]"]),
            (["--mlp-dataset=wine", "-k", "rescue"], ["test_rescue[wine]"]),
            (
                ["--mlp-dataset=wine,iris", "--mlp-dataset=wine", "-k", "rescue"],
                ["test_rescue[wine]", "test_rescue[iris]"],
            ),
        ],
        ids=str,
    )
    def test_words_and_datasets_select(self, two, args, found):
        assert self.ids(two, *OPTIONS, *args) == found

    @pytest.mark.parametrize(
        ("word", "found"),
        [
            ("finding_2", ["test_rescue[iris]"]),
            ("finding_C", ["test_knockout[iris]"]),
            ("conclusion", ["test_knockout[iris]"]),
            ("finding_2 or conclusion", ["test_rescue[iris]", "test_knockout[iris]"]),
        ],
    )
    def test_the_name_of_a_finding_selects_its_claims(self, warm, word, found):
        warm.write(
            claim("rescue", SUPPORTED_CLAIM, "pytest.mark.finding('2')"),
            claim("knockout", REFUTED_CLAIM, "pytest.mark.finding('C')"),
            claim("neither", REFUTED_CLAIM),
        )

        assert self.ids(warm, *IRIS, "-k", word) == found

    def test_a_test_may_name_its_own_datasets(self, warm):
        own = "pytest.mark.parametrize('dataset', ['wine'])"
        pair = "pytest.mark.parametrize(('n', 'dataset'), [(1, 'iris')])"
        named = "pytest.mark.parametrize(argnames='dataset', argvalues=['iris'])"
        two = claim("two", SUPPORTED_CLAIM, pair).replace("(lab, dataset)", "(lab, n, dataset)")
        warm.write(claim("one", SUPPORTED_CLAIM, own), two, claim("three", SUPPORTED_CLAIM, named))

        found = ["test_one[wine]", "test_two[1-iris]", "test_three[iris]"]
        assert self.ids(warm, *OPTIONS) == found
        assert self.ids(warm, *OPTIONS, "--mlp-dataset=wine") == found[:1]

    def test_parameters_may_be_named_by_keyword(self, warm):
        gene = "pytest.mark.parametrize(argnames='gene', argvalues=['init'])"
        lab = claim("lab", SUPPORTED_CLAIM, gene).replace("(lab, dataset)", "(lab, gene, dataset)")
        warm.write(lab, f"@{gene}\ndef test_plain(gene):\n    pass\n")

        assert self.ids(warm, *IRIS) == ["test_lab[iris-init]", "test_plain[init]"]

    @pytest.mark.usefixtures("own_registry")
    def test_a_dataset_registered_in_a_conftest_is_one_like_the_others(self, warm):
        conftest = warm.path / "conftest.py"
        register = "\ndata.register('mine', lambda: ([[0.0]] * 30, [0, 1] * 15))\n"
        conftest.write_text(conftest.read_text() + register)
        warm.write(claim("rescue", SUPPORTED_CLAIM))

        assert self.ids(warm, *OPTIONS)[-1] == "test_rescue[mine]"


class TestReporting:
    def test_a_table_of_verdicts_stands_at_the_end(self, warm):
        warm.write(
            claim("supported", SUPPORTED_CLAIM, "pytest.mark.finding('1')"),
            claim("refuted", REFUTED_CLAIM, "REFUTED('why')"),
            claim("changed", REFUTED_CLAIM),
        )

        lines = table(warm.runpytest_inprocess(*IRIS))

        text = "\n".join(lines)
        assert re.search(r"iris +identical weights +0\.05 +8 +identical +supported$", text, re.M)
        assert re.search(r"iris +identical weights +0\.05 +8 +identical +refuted$", text, re.M)
        assert re.search(r"iris +identical weights +0\.05 +8 +identical +refuted !$", text, re.M)
        assert any(line.startswith("3 claims: 2 refuted, 1 supported") for line in lines)
        assert all(len(line) <= 80 for line in lines)

    def test_what_is_saved_names_the_command_but_no_place_of_this_machine(
        self, warm, trained, tmp_path_factory
    ):
        warm.write(claim("supported", SUPPORTED_CLAIM))
        command = 'pytest "test_user.py::test_supported[iris]" --mlp-protocol=tiny --mlp-seeds=8'
        elsewhere = tmp_path_factory.mktemp("elsewhere") / "runs.db"
        shutil.copy(trained, elsewhere)
        for place, told in ((warm.path / "runs.db", " --mlp-store=runs.db"), (elsewhere, "")):
            warm.runpytest_inprocess(*IRIS, f"--mlp-store={place}", "--mlp-save=mine")

            text = (warm.path / ".mlp" / "results" / "mine.json").read_text("utf-8")
            assert [row["command"] for row in json.loads(text)["claims"]] == [command + told]
            assert str(place.parent) not in text

    @pytest.mark.parametrize("workers", ["-n0", "-n1"])
    def test_the_default_places_are_the_same_wherever_pytest_is_started(
        self, warm, monkeypatch, workers
    ):
        warm.write(claim("supported", SUPPORTED_CLAIM))
        folder, kept = warm.path / "below", warm.path / ".mlp"
        for place in (folder, kept):
            place.mkdir()
        (warm.path / "test_user.py").rename(folder / "test_user.py")
        (warm.path / "runs.db").rename(kept / "runs.sqlite")
        before = records(kept / "runs.sqlite")
        monkeypatch.chdir(folder)
        options = [word for word in IRIS if "store" not in word]

        result = warm.runpytest_inprocess(*options, workers, "--mlp-save=mine")

        assert result.ret == 0
        assert "results saved: ../.mlp/results/mine.json" in result.stdout.lines
        assert records(kept / "runs.sqlite") == before
        assert not (folder / ".mlp").exists()
        assert "--mlp-store" not in (kept / "results" / "mine.json").read_text("utf-8")
        again = warm.runpytest_inprocess(*options, "--mlp-against=mine")
        again.stdout.fnmatch_lines(["against ../.mlp/results/mine.json*"])

    @pytest.mark.parametrize("workers", ["-n0", "-n1"])
    def test_damaged_runs_are_said(self, warm, workers):
        warm.write("def test_reads(lab):\n    list(lab.store.items())\n")
        with sqlite3.connect(warm.path / "runs.db") as other:
            other.execute(
                "UPDATE runs SET payload=x'00' WHERE key IN (SELECT key FROM runs LIMIT 3)"
            )
        other.close()
        told = "damaged runs in the store, discarded and trained anew if asked for: "

        first = warm.runpytest_inprocess(*IRIS, workers)
        again = warm.runpytest_inprocess(*IRIS)

        assert f"{told}3" in first.stdout.lines
        assert told not in again.stdout.str()

    def test_neither_order_nor_selection_changes_a_verdict(self, warm):
        claims = [
            claim("supported", SUPPORTED_CLAIM),
            claim("refuted", REFUTED_CLAIM, "REFUTED('why')"),
            claim("undecided", UNDECIDED_CLAIM),
        ]
        warm.write(*claims)
        whole = table(warm.runpytest_inprocess(*IRIS))
        alone = table(warm.runpytest_inprocess(*IRIS, "-k", "undecided"))
        warm.write(*claims[::-1])
        reversed_ = table(warm.runpytest_inprocess(*IRIS))

        assert reversed_ == whole
        assert set(alone[:-2]) <= set(whole)

    def test_junit_holds_the_claim_of_each_test(self, warm):
        warm.write(claim("supported", SUPPORTED_CLAIM), claim("undecided", UNDECIDED_CLAIM))

        warm.runpytest_inprocess(*IRIS, "--junitxml=j.xml", "-o", "junit_family=xunit1")

        cases = ElementTree.parse(warm.path / "j.xml").iter("testcase")
        said = {
            case.get("name"): {p.get("name"): p.get("value") for p in case.iter("property")}
            for case in cases
        }
        assert said["test_supported[iris]"]["mlp.verdict"] == "supported"
        assert said["test_undecided[iris]"]["mlp.verdict"] == "undecided"
        for properties in said.values():
            assert {"mlp.dataset", "mlp.effect", "mlp.low", "mlp.high", "mlp.seeds"} <= set(
                properties
            )


NO_TENSORFLOW = """
import sys

def pytest_unconfigure():
    loaded = sorted({m.split(".")[0] for m in sys.modules} & {"tensorflow", "keras", "tf_keras"})
    print("loaded:", loaded or "nothing", file=sys.__stdout__, flush=True)
"""


class TestProcesses:
    """In processes of their own: who imports TensorFlow, and what two workers make of a study."""

    @pytest.fixture
    def watched(self, warm):
        warm.makepyfile(watch=NO_TENSORFLOW)
        warm.write(
            claim("supported", SUPPORTED_CLAIM), claim("refuted", REFUTED_CLAIM, "REFUTED('why')")
        )
        return warm

    def run(self, watched, *args):
        return watched.runpytest_subprocess("-p", "watch", *args)

    @pytest.mark.parametrize("args", [("--help",), ("--collect-only",)], ids=str)
    def test_help_and_collection_import_no_tensorflow_and_make_no_store(self, watched, args):
        (watched.path / "runs.db").unlink()

        result = self.run(watched, *IRIS, *args)

        assert result.ret == 0
        result.stdout.fnmatch_lines(["loaded: nothing"])
        assert not (watched.path / "runs.db").exists()

    def test_a_second_run_trains_nothing_and_imports_no_tensorflow(self, watched):
        before = records(watched.path / "runs.db")

        result = self.run(watched, *IRIS)

        assert result.ret == 0
        result.stdout.fnmatch_lines(["loaded: nothing"])
        assert records(watched.path / "runs.db") == before

    def test_unit_tests_alone_make_no_store(self, watched):
        (watched.path / "mlp").mkdir()
        watched.makepyfile(**{"mlp/test_unit": "def test_unit():\n    pass\n"})
        (watched.path / "runs.db").unlink()

        result = self.run(watched, *SETTINGS, "mlp")

        result.assert_outcomes(passed=1)
        assert not (watched.path / "runs.db").exists()

    def test_two_workers_on_a_cold_store_train_each_run_once_and_give_the_same_verdicts(
        self, warm, trained
    ):
        """The runs they leave are, bit for bit, those this process trained by itself."""
        warm.write(
            claim("supported", SUPPORTED_CLAIM),
            claim("refuted", REFUTED_CLAIM, "REFUTED('why')"),
            claim("undecided", UNDECIDED_CLAIM),
        )
        alone = warm.runpytest_inprocess(*IRIS, "-n0")
        (warm.path / "runs.db").unlink()

        cold = warm.runpytest_subprocess(*IRIS, "-n2")

        assert cold.ret == alone.ret == 1
        assert table(cold) == table(alone)
        assert records(warm.path / "runs.db") == records(trained)
        with Store(warm.path / "runs.db") as store:
            assert store.damaged == 0

    def test_a_fresh_store_forgets_and_trains_again(self, warm, trained):
        warm.write(claim("supported", SUPPORTED_CLAIM))

        result = warm.runpytest_inprocess(*IRIS, "--mlp-fresh")

        assert result.ret == 0
        kept, whole = records(warm.path / "runs.db"), records(trained)
        assert len(kept) == 16 < len(whole)
        assert kept.items() <= whole.items()
