"""The README's blocks are rewritten, and nothing around them is."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlp.report.calibrated import Measured
from mlp.report.readme import (
    calibration_table,
    main,
    published_table,
    rewrite,
    strains_table,
    verdict_table,
)
from mlp.report.saved import save
from mlp.tests.report.helpers import PROVENANCE, comparison_detail, row, screen_detail, study

TEXT = """before
<!-- results:sample -->
<!-- results:end -->
between
<!-- results:explanation -->
old
<!-- results:end -->
after
"""


def test_what_stands_around_the_blocks_stays():
    new = rewrite(TEXT, [])

    assert [line for line in new.splitlines() if line in ("before", "between", "after")] == [
        "before",
        "between",
        "after",
    ]
    assert "old" not in new


def test_the_verdicts_are_those_of_claims_that_state_a_finding():
    text = "<!-- results:verdicts -->\n<!-- results:end -->\n"
    unmarked = row("test_beside", finding="")

    told = rewrite(text, [row(), unmarked])

    assert "`-k estimator_rescues_matmul`" in told
    assert "`-k beside`" not in told


def test_rewriting_twice_is_rewriting_once():
    once = rewrite(TEXT, [])

    assert rewrite(once, []) == once


def test_the_calibration_is_a_row_for_each_kind_of_differences():
    rows = [Measured("noise", 0.0, 2e-5, 100_000, True), Measured("zeros", 4.4e-7, None, 0, True)]

    assert calibration_table(rows).splitlines()[2:] == [
        "| noise | 0 | 2e-05 | 100,000 |",
        "| zeros | 4e-07 |  | worked out |",
    ]


def test_the_published_protocol_is_told_by_what_comes_out_otherwise():
    quick = [row(), row(dataset="iris"), row("test_screen", parameters="order")]
    published = [
        row(),
        row(dataset="iris", verdict="refuted", effect=0.25),
        row("test_of_no_other_study"),
    ]

    told = published_table(quick, published).splitlines()

    assert told[0] == (
        "1 of 2 claims (digits, iris) have the same verdict at the published protocol; "
        "1 have another:"
    )
    assert told[-1] == (
        "| 3 | estimator rescues matmul | iris | **supported** +0.50 [+0.20, +0.80] against 0.1, "
        "n=4 | **refuted** +0.25 [+0.20, +0.80] against 0.1, n=4 |"
    )
    assert published_table(quick, quick) == (
        "3 of 3 claims (digits, iris) have the same verdict at the published protocol; "
        "none have another."
    )
    open_ones = [row(verdict="undecided"), row(dataset="iris")]
    assert published_table(quick, open_ones).startswith(
        "1 of 2 claims (digits, iris) have the same verdict at the published protocol; "
        "1 are undecided there; none have another:"
    )


def test_what_is_said_of_the_published_protocol_stays_where_no_results_of_it_are_given():
    text = "".join(
        f"<!-- results:{name} -->\nsaid\n<!-- results:end -->\n"
        for name in ("published", "published_explanation")
    )

    assert rewrite(text, [row()]) == text
    other = row(effect=0.4, verdict="refuted")
    made = rewrite(text, [row()], [other])
    assert "0 of 1 claims" in made
    assert "- Finding 3 on digits is refuted: +0.40 [+0.20, +0.80] against 0.1." in made


def test_a_claim_on_two_datasets_stands_under_the_first():
    two = comparison_detail()
    two["arms"][1]["dataset"] = "wine"
    rows = [
        row(dataset="digits"),
        row("test_lead", dataset="digits-wine", detail=two),
        row("test_screen", parameters="order", dataset="iris", detail=screen_detail()),
    ]

    told = verdict_table(rows).splitlines()

    sentence = "Finding 3: training with Estimator.fit rescues the tf.matmul model."
    cell = "**supported** +0.50 [+0.20, +0.80] against 0.1, n=4"
    assert told[0] == "| claim | digits | iris |"
    assert told[2:] == [
        f"| {sentence}<br>`-k estimator_rescues_matmul` | {cell} |  |",
        f"| {sentence} (than on wine)<br>`-k lead` | {cell} |  |",
        f"| {sentence} (order)<br>`-k screen` |  | {cell} |",
    ]


def test_every_block_stands_in_the_readme():
    readme = (Path(__file__).parents[3] / "README.md").read_text("utf-8")

    post = ("strains", "sample", "verdicts", "explanation", "beyond", "calibration")
    for name in (*post, "published", "published_explanation"):
        assert f"<!-- results:{name} -->" in readme


def test_the_strains_are_told_by_the_genes_in_which_they_differ():
    lines = strains_table().splitlines()

    assert lines[0].endswith("| `MATMUL` | `LAYERS` | `MATMUL_ESTIMATOR` | `LAYERS_ESTIMATOR` |")
    assert any(line.startswith("| logits |") and line.endswith("| raw |") for line in lines)
    assert not any(line.startswith("| layer_size |") for line in lines)


def test_the_answer_is_drawn_from_the_same_results(tmp_path):
    kept, readme, picture = (tmp_path / name for name in ("s.json", "README.md", "answer.svg"))
    save(study(rows=[row("test_screen", detail=screen_detail())]), kept)
    readme.write_text(TEXT, "utf-8")
    command = [str(kept), f"--readme={readme}", f"--picture={picture}"]

    assert main(command) == 0
    drawn = picture.read_bytes()
    assert b"<svg" in drawn
    assert main(command) == 0
    assert picture.read_bytes() == drawn


def test_results_of_another_protocol_are_no_published_ones(tmp_path, capsys):
    saved, readme = tmp_path / "quick.json", tmp_path / "README.md"
    save(study(rows=[row(protocol="quick")]), saved)
    readme.write_text(TEXT, "utf-8")

    assert main([str(saved), "--published", str(saved), f"--readme={readme}"]) == 2
    assert "takes results of the published protocol" in capsys.readouterr().err
    assert readme.read_text("utf-8") == TEXT


WHOLE = """<!-- results:verdicts -->
<!-- results:end -->
<!-- results:published -->
<!-- results:end -->
"""
BOTH = [row(), row(dataset="iris")]
THERE = [row(protocol="published"), row(dataset="iris", protocol="published")]


@pytest.mark.parametrize(
    ("quick", "published", "told"),
    [
        (study(rows=BOTH, partial="stopped after 2 of 9 tests"), None, "stopped after 2 of 9"),
        (
            study(rows=BOTH, provenance={**PROVENANCE, "selection": ["-k rescue"]}),
            None,
            "holds a part (selected with -k rescue)",
        ),
        (study(rows=BOTH[:1]), None, "not in the results: `-k estimator_rescues_matmul` on iris"),
        (study(rows=THERE), None, "take results of the quick protocol"),
        (study(rows=BOTH), study(rows=THERE[1:]), "is of 2 claims; the results hold 1"),
    ],
)
def test_a_part_of_the_study_does_not_gut_the_readme(tmp_path, capsys, quick, published, told):
    here, there, readme = (tmp_path / name for name in ("q.json", "p.json", "README.md"))
    whole = rewrite(WHOLE, BOTH, THERE)
    readme.write_text(whole, "utf-8")
    save(quick, here)
    command = [str(here), f"--readme={readme}", f"--picture={tmp_path / 'answer.svg'}"]
    if published:
        save(published, there)
        command += ["--published", str(there)]

    assert main(command) == 2
    assert told in capsys.readouterr().err
    assert readme.read_text("utf-8") == whole


def test_the_whole_study_rewrites_what_it_wrote(tmp_path):
    here, there, readme = (tmp_path / name for name in ("q.json", "p.json", "README.md"))
    whole = rewrite(WHOLE, BOTH, THERE)
    readme.write_text(whole, "utf-8")
    save(study(rows=[*BOTH, row("test_new")]), here)
    save(study(rows=THERE), there)

    assert main([str(here), "--published", str(there), f"--readme={readme}"]) == 0
    assert "`-k new`" in readme.read_text("utf-8")
