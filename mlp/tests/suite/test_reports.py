"""Sessions of a small suite: what is shown and kept, by which processes."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from xml.etree import ElementTree

import pytest

from mlp.store import Store
from mlp.tests.small_suite import (
    IRIS,
    REFUTED_CLAIM,
    SUPPORTED_CLAIM,
    UNDECIDED_CLAIM,
    claim,
    records,
    table,
)

pytest_plugins = ("pytester",)


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


class TestWorkers:
    """With xdist, and without."""

    class Watch:
        def pytest_sessionfinish(self, session):
            self.option = session.config.option

    @pytest.mark.parametrize(("given", "used"), [([], 4), (["--maxschedchunk=7"], 7)])
    def test_workers_are_given_few_tests_in_advance(self, warm, given, used):
        warm.write(claim("supported", SUPPORTED_CLAIM))
        watch = self.Watch()

        assert warm.runpytest_inprocess(*IRIS, "-n1", *given, plugins=[watch]).ret == 0
        assert watch.option.maxschedchunk == used

    def test_the_suite_needs_no_xdist(self, warm):
        warm.write(claim("supported", SUPPORTED_CLAIM))

        assert warm.runpytest_inprocess(*IRIS, "-p", "no:xdist").ret == 0


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

        result = self.run(watched, "mlp")

        result.assert_outcomes(passed=1)
        assert not (watched.path / ".mlp").exists()

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
