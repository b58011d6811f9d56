"""Sessions of a small suite under the suite's own conftest.py: what passes and what fails."""

from __future__ import annotations

import re
import shlex

import pytest

from mlp.tests.small_suite import (
    IRIS,
    REFUTED_CLAIM,
    SUPPORTED_CLAIM,
    UNDECIDED_CLAIM,
    claim,
    outcomes,
    table,
)

pytest_plugins = ("pytester",)


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

    def test_a_supported_claim_that_is_marked_as_refuted_is_told_with_its_evidence(self, warm):
        warm.write(claim("supported", SUPPORTED_CLAIM, "REFUTED('why')"))

        result = warm.runpytest_inprocess(*IRIS)

        result.stdout.fnmatch_lines(["a supported claim is marked as refuted: *; remove the mark"])

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
        result.stdout.fnmatch_lines(
            ["a hypothesis makes one claim; this test made none*assert_rising()"]
        )

    def test_a_hypothesis_with_two_claims_fails(self, warm):
        warm.write(claim("twice", f"{SUPPORTED_CLAIM}; {SUPPORTED_CLAIM}"))

        result = warm.runpytest_inprocess(*IRIS)

        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["a hypothesis makes one claim; this test made 2*"])

    @pytest.mark.skipif(not hasattr(pytest, "Subtests"), reason="subtests came with pytest 9")
    def test_a_claim_made_in_a_subtest_counts_once(self, warm):
        made = claim(
            "part", f"with subtests.test():\n    pass\nwith subtests.test():\n    {SUPPORTED_CLAIM}"
        )
        warm.write(made.replace("(lab", "(subtests, lab"))

        result = warm.runpytest_inprocess(*IRIS)

        assert result.ret == 0
        assert "1 claim: 1 supported; all as expected" in table(result)

    @pytest.mark.parametrize(
        ("body", "mark", "ended"),
        [
            (f"with pytest.raises(AssertionError):\n    {REFUTED_CLAIM}", "", "passed"),
            (f"try:\n    {UNDECIDED_CLAIM}\nexcept AssertionError:\n    pass", "", "passed"),
            (f"try:\n    {REFUTED_CLAIM}\nexcept AssertionError:\n    pytest.skip('no')", "",
             "was skipped"),
            (f"{SUPPORTED_CLAIM}; pytest.skip('no')", "REFUTED('why')", "was skipped"),
            (REFUTED_CLAIM, "pytest.mark.xfail(reason='mine')", "xfailed"),
        ],
    )  # fmt: skip
    def test_no_test_hides_a_verdict_that_is_not_the_recorded_one(self, warm, body, mark, ended):
        warm.write(claim("hides", body, *filter(None, [mark])))

        result = warm.runpytest_inprocess(*IRIS)

        result.assert_outcomes(failed=1)
        recorded = "refuted" if "REFUTED" in mark else "supported"
        result.stdout.fnmatch_lines(
            [f"a test fails unless its claim is {recorded}; this one's *and the test {ended}: let*"]
        )
        assert any("; 1 not as " in line for line in table(result))

    def test_two_claims_are_no_expected_failure(self, warm):
        warm.write(claim("twice", f"{SUPPORTED_CLAIM}; {REFUTED_CLAIM}", "REFUTED('why')"))

        result = warm.runpytest_inprocess(*IRIS)

        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["a hypothesis makes one claim; this test made 2*"])

    def test_claims_of_a_lab_asked_for_by_name_and_of_a_fixture_count_too(self, warm):
        by_name = claim("by_name", f"lab = request.getfixturevalue('lab'); {SUPPORTED_CLAIM}")
        fixture = f"@pytest.fixture\ndef early(lab, dataset):\n    try:\n        {REFUTED_CLAIM}\n"
        skips = fixture + "    except AssertionError:\n        pytest.skip('no')\n"
        early = claim("early", "pass").replace("(lab, dataset)", "(early, dataset)")
        by_name = by_name.replace("(lab, dataset)", "(request)").replace(", dataset)", ", 'iris')")
        warm.write(by_name, skips, early)

        result = warm.runpytest_inprocess(*IRIS)

        result.assert_outcomes(passed=1, errors=1)
        assert "2 claims: 1 refuted, 1 supported; 1 not as expected" in table(result)

    def test_a_claim_that_fails_says_what_can_be_done(self, warm):
        warm.write(claim("refuted", REFUTED_CLAIM), claim("undecided", UNDECIDED_CLAIM))

        said = warm.runpytest_inprocess(*IRIS).stdout.str()

        assert said.count('if that is the finding, record it: @pytest.mark.refuted("why")') == 1
        assert said.count("more seeds may decide it: --mlp-seeds=16") == 1

    @pytest.mark.parametrize(
        ("body", "mark", "told"),
        [
            (f"{SUPPORTED_CLAIM}; assert lab.seeds < 8", "", "1 claim: 1 supported"),
            (f"{SUPPORTED_CLAIM}; {SUPPORTED_CLAIM}", "", "2 claims: 2 supported"),
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
        *sentence, more, rerun = said.splitlines()[1:]
        assert all(len(line) <= 80 for line in sentence)
        assert re.fullmatch(
            r"undecided: matmul\[.*\] against matmul\[layer_size=8\] on iris \(tiny\): effect "
            r"[+-]\d\.\d{3} \[.*\], margin 0\.05, n=8 \(seeds 100000\.\.100007\): undecided, "
            "claimed better",
            " ".join(line.strip() for line in sentence),
        )
        assert any(re.search(r"\[[-+.\d]+, [-+.\d]+\]", line) for line in sentence)
        assert more == "more seeds may decide it: --mlp-seeds=16"
        assert rerun == (
            'rerun: pytest "test_user.py::test_undecided[iris]" --mlp-protocol=tiny '
            "--mlp-seeds=8 --mlp-store=runs.db"
        )
        assert "Traceback" not in result.stdout.str()
        assert "mlp/lab" not in result.stdout.str()

    @pytest.mark.parametrize("workers", ["-n0", "-n1"])
    def test_the_command_to_rerun_works_in_the_folder_pytest_was_started_in(
        self, warm, monkeypatch, workers
    ):
        warm.write(claim("refuted", REFUTED_CLAIM))
        (warm.path / "below").mkdir()
        (warm.path / "test_user.py").rename(warm.path / "below" / "test_user.py")
        monkeypatch.chdir(warm.path / "below")
        options = [word.replace("=runs.db", "=../runs.db") for word in IRIS]

        said = warm.runpytest_inprocess(*options, workers).stdout.str()
        again = shlex.split(said.split("rerun: pytest ")[1].splitlines()[0])

        assert again[0] == "test_user.py::test_refuted[iris]"
        warm.runpytest_inprocess(*again, "-n0").assert_outcomes(failed=1)

    def test_a_test_without_the_lab_is_an_ordinary_test(self, warm):
        warm.write("def test_plain():\n    pass\n")

        result = warm.runpytest_inprocess(*IRIS)

        assert result.ret == 0
        assert "verdicts" not in result.stdout.str()
