"""The Markdown summary: what changed first, every claim, nothing unescaped."""

import re

from mlp.report import archive, changes
from mlp.report.summary import markdown
from mlp.tests.report.helpers import HOSTILE, comparison_detail, row, rows, study


def test_it_begins_with_the_verdicts():
    assert markdown(study(rows=[row(), row(dataset="iris")])).startswith(
        "## Verdicts: 2 supported; as recorded\n"
    )


def test_a_mark_says_whether_a_verdict_is_the_one_recorded_and_words_which_it_is():
    made = [
        row(verdict="refuted", recorded="refuted"),
        row(dataset="iris", verdict="refuted"),
        row(dataset="wine"),
    ]
    text = markdown(study(rows=made))
    folded = text.partition("<details>")[2]
    assert [folded.count(told) for told in ("✅ refuted |", "❌ refuted |", "✅ supported |")] == [
        1
    ] * 3
    green = markdown(study(rows=made[:1]))
    assert "❌" not in green
    assert "1 of 1 is refuted, as recorded: the suite records" in green.splitlines()[2]


def test_what_is_equivalent_and_not_zero_and_who_vouches_is_said():
    there = row(outcome="equivalent", vouched=4, detail=comparison_detail([0.02, 0.04, 0.03]))
    text = markdown(study(rows=[there]))
    assert "| 4, vouched for by the engine, 4 seeds | equivalent, not zero |" in text


def test_a_command_is_code():
    text = markdown(study(sentences=['It is.\npytest hypotheses -k "a_b"']))
    assert '- It is.<br>`pytest hypotheses -k "a_b"`' in text


def test_what_is_not_as_recorded_comes_before_the_folded_tables():
    text = markdown(study())
    assert "**2 not as recorded**" in text.splitlines()[0]
    assert text.index("### Not as recorded") < text.index("<details>")


def test_every_claim_has_a_row_of_as_many_cells_as_the_header():
    folded = markdown(study()).split("<details>")[1:]
    for part in folded:
        lines = [line for line in part.splitlines() if line.startswith("|")]
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
        assert len(widths) == 1
    assert sum(part.count("\n| ") - 1 for part in folded) == len(rows())


def test_hostile_names_are_text():
    text = markdown(study(sentences=[HOSTILE], unsettled=[("a.py::t`]", HOSTILE)]))
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_partial_studies_and_changes_are_said():
    kept = archive.Saved(archive.FOLDER / "x.json", (row(verdict="refuted"),), {}, "")
    partial = study(rows=[row()], partial="interrupted after 1 of 2 tests")
    text = markdown(partial, changes.against(partial, kept))
    assert "> **Partial:** interrupted after 1 of 2 tests." in text
    assert "as recorded" not in text
    assert "verdict was refuted, is supported" in text


def test_what_more_claims_than_the_error_is_divided_among_cost_is_said():
    told = "> 360 claims, more than 300: some verdict is false with probability up to 0.06."
    assert told in markdown(study(rows=[row()] * 360))
    assert "some verdict is false" not in markdown(study(rows=[row()] * 300))


def test_identical_arms_have_no_effect():
    text = markdown(study(rows=[row(identical=True, effect=0.0, low=-0.9, high=0.9)]))
    assert "| identical weights | 0.1 | 4 | identical |" in text
    assert "0.9" not in text


def test_claims_that_did_not_change_are_listed():
    kept = archive.Saved(
        archive.FOLDER / "x.json", (row(), row(dataset="iris", effect=0.5)), {}, ""
    )
    now = study(rows=[row(), row(dataset="iris", effect=-0.5, low=-0.8, high=-0.2)])
    text = markdown(now, changes.against(now, kept))
    assert "Unchanged</summary>\n\n- Finding 3: estimator rescues matmul (digits)\n" in text
    assert "effect was +0.500 [+0.20, +0.80], is -0.500 [-0.80, -0.20]" in text.replace("\\", "")


def test_a_study_without_claims_is_a_summary_too():
    assert markdown(study(rows=[])).startswith("## Verdicts: no claims")
