"""The pages' blocks are rewritten, and nothing around them is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlp.report.archive import load, save
from mlp.report.study import ReportError
from mlp.species.post.protocol import PROTOCOLS
from mlp.species.post.readme import PAGES, PUBLISHED, QUICK, blocks, found_blocks, main, rewrite
from mlp.species.post.tables import WHY_REFUTED, published_table, strains_table, verdict_table
from mlp.tests.report.helpers import (
    PROVENANCE,
    ROOT,
    comparison_detail,
    row,
    screen_detail,
    study,
)

BOTH_HAVE = ("verdicts", "explanation", "genes")
"""Blocks that there are of both protocols."""

EVERY_BLOCK = blocks([row()], [row()]).keys()

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
    assert rewrite(new, []) == new


def test_a_block_that_nothing_is_made_for_is_a_sentence():
    with pytest.raises(ReportError, match=r"'sumary' is none: name one of summary, sample"):
        rewrite("<!-- results:sumary -->\n<!-- results:end -->\n", [])


def test_the_summary_has_a_word_and_a_number():
    made = [row(), row(dataset="iris", verdict="refuted", recorded="refuted", effect=-0.25)]

    lines = blocks([*made, row("test_beside", finding="")])["summary"].splitlines()

    assert lines[0] == "| claim | digits | iris |"
    assert lines[2:] == [
        "| **Finding 3** training with Estimator.fit rescues the tf.matmul model. | "
        "supported, +0.50 | refuted, -0.25 |",
        "",
        f"1 of 3 is refuted, as recorded: {WHY_REFUTED}. "
        "Identical: the same final weights, bit for bit.",
    ]


CELL = "**supported** +0.50 [+0.20, +0.80]; 95% [+0.175, +0.825]; margin 0.1, n=4"


def test_the_published_protocol_is_told_by_what_comes_out_otherwise():
    quick = [row(), row(dataset="iris"), row("test_screen", parameters="order")]
    published = [
        row(),
        row(dataset="iris", verdict="refuted", effect=0.25),
        row("test_of_no_other_study"),
    ]

    told = published_table(quick, published).splitlines()

    assert told[0] == (
        "1 of 2 claims have the same verdict at both protocols; another verdict: 1. "
        "Each study may err with probability 5%, so both together with 10%."
    )
    refuted = CELL.replace("supported", "refuted").replace("+0.50", "+0.25")
    assert told[-1] == f"| 3 | estimator rescues matmul | iris | {CELL} | {refuted} |"
    assert published_table(quick, quick).startswith(
        "3 of 3 claims have the same verdict at both protocols; another verdict: none."
    )
    open_ones = [row(verdict="undecided"), row(dataset="iris")]
    assert published_table(quick, open_ones).startswith(
        "1 of 2 claims have the same verdict at both protocols; undecided at one of them: 1; "
        "another verdict: none."
    )


def test_what_is_said_of_the_published_protocol_stays_where_no_results_of_it_are_given():
    text = "".join(
        f"<!-- results:{name} -->\nsaid\n<!-- results:end -->\n"
        for name in ("published", "published_explanation", "published_verdicts")
    )

    assert rewrite(text, [row()]) == text
    made = rewrite(text, [row()], [row(effect=0.4, verdict="refuted", protocol="published")])
    assert "0 of 1 claims" in made
    assert (
        "- Finding 3 on digits is refuted: +0.40 [+0.20, +0.80], margin 0.1.<br>\n"
        '  `pytest hypotheses -k "finding_3 and digits" --mlp-protocol=published`\n'
    ) in made
    assert "<br>`pytest hypotheses -k estimator_rescues_matmul --mlp-protocol=published`" in made


def test_a_claim_on_two_datasets_stands_under_the_first():
    two = comparison_detail()
    two["arms"][1]["dataset"] = "wine"
    rows = [
        row(dataset="digits"),
        row("test_lead", dataset="digits-wine", detail=two),
        row("test_screen", parameters="order", dataset="iris", finding=""),
    ]

    told = verdict_table(rows).splitlines()

    sentence = "Finding 3: training with Estimator.fit rescues the tf.matmul model."
    assert told[0].startswith("The second interval is the plain 95% one")
    assert blocks(rows)["explanation"].startswith("A claim's interval holds at 99.999%")
    assert told[2:] == [
        "**Finding 3**",
        "",
        "| claim | digits |",
        "| --- | --- |",
        f"| {sentence}<br>`pytest hypotheses -k estimator_rescues_matmul` | {CELL} |",
        f"| {sentence} (than on wine)<br>`pytest hypotheses -k lead` | {CELL} |",
        "",
        "**Beyond the post**",
        "",
        "| claim | iris |",
        "| --- | --- |",
        f"| {sentence} (order)<br>`pytest hypotheses -k screen` | {CELL} |",
    ]


def test_a_cell_says_what_is_equivalent_and_not_zero_and_who_vouches():
    there = row(outcome="equivalent", vouched=4, detail=comparison_detail([0.02, 0.04, 0.03]))

    assert "; equivalent, not zero; 95% [+0.005, +0.055]; margin 0.1, " in verdict_table([there])
    assert "n=4 (vouched for by the engine, 4 seeds) |" in verdict_table([there])


NOT_OF_QUICK = ("strains", "published_")
"""Blocks that are made without results of the quick protocol."""


@pytest.fixture(scope="module")
def made():
    """What the command makes of the committed results."""
    quick = load(ROOT / QUICK).rows if (ROOT / QUICK).is_file() else []
    of_all = blocks(quick, load(ROOT / PUBLISHED).rows)
    return of_all if quick else {n: t for n, t in of_all.items() if n.startswith(NOT_OF_QUICK)}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_and_the_command_agree(made, page):
    """Every block of which the results are committed is what the command makes of them."""
    for name, text in found_blocks((ROOT / page).read_text("utf-8")).items():
        if name in made:
            assert text == made[name] + "\n", f"{name}: run python -m mlp.species.post.readme"


def test_the_page_has_every_block():
    (page,) = PAGES
    assert found_blocks((ROOT / page).read_text("utf-8")).keys() == EVERY_BLOCK


def test_the_strains_are_told_by_the_genes_in_which_they_differ():
    lines = strains_table().splitlines()

    assert lines[0].endswith("| `MATMUL` | `LAYERS` | `MATMUL_ESTIMATOR` | `LAYERS_ESTIMATOR` |")
    assert any(line.startswith("| logits |") and line.endswith("| raw |") for line in lines)
    assert not any(line.startswith("| layer_size |") for line in lines)


def run_on(folder, rows, text=TEXT, published=(), pages=("README.md", "more.md"), **facts):
    """The command on pages of their own; its exit status."""
    here, there = folder / "q.json", folder / "p.json"
    provenance = {**PROVENANCE, **facts}
    save(study(rows=rows, provenance=provenance), here)
    for page in pages:
        (folder / page).write_text(text, "utf-8")
    if published:
        of = {**PROVENANCE, "protocol": vars(PROTOCOLS["published"])}
        save(study(rows=published, provenance=of), there)
    command = [str(here), f"--picture={folder / 'answer.svg'}"]
    command += ["--pages", *(str(folder / page) for page in pages)]
    return main([*command, "--published", *([str(there)] if published else [])])


def test_the_command_rewrites_every_page_and_draws_the_answer(tmp_path):
    rows = [row("test_screen", detail=screen_detail())]
    assert run_on(tmp_path, rows) == 0
    drawn = (tmp_path / "answer.svg").read_bytes()
    assert b"<svg" in drawn
    for page in ("README.md", "more.md"):
        assert "Finding 3 on digits" in (tmp_path / page).read_text("utf-8")
    assert run_on(tmp_path, rows) == 0
    assert (tmp_path / "answer.svg").read_bytes() == drawn


WHOLE = """<!-- results:verdicts -->
<!-- results:end -->
<!-- results:published_verdicts -->
<!-- results:end -->
"""
BOTH = [row(), row(dataset="iris")]
THERE = [row(protocol="published"), row(dataset="iris", protocol="published")]
OTHER_STEPS = {**vars(PROTOCOLS["quick"]), "steps": 50}


@pytest.mark.parametrize(
    ("rows", "published", "facts", "told"),
    [
        (BOTH, THERE, {"selection": ["-k rescue"]}, "holds a part (selected with -k rescue)"),
        (BOTH[:1], THERE, {}, "`pytest hypotheses -k estimator_rescues_matmul` on iris (verdicts)"),
        (BOTH, THERE[1:], {}, "on digits (published_verdicts)"),
        (BOTH, BOTH, {"protocol": OTHER_STEPS}, "the quick protocol as it is now"),
    ],
)
def test_a_part_of_the_study_does_not_gut_the_page(tmp_path, capsys, rows, published, facts, told):
    whole = rewrite(WHOLE, BOTH, THERE)

    assert run_on(tmp_path, rows, whole, published, **facts) == 2
    assert told in capsys.readouterr().err
    assert (tmp_path / "README.md").read_text("utf-8") == whole


def test_results_of_another_protocol_are_no_published_ones(tmp_path, capsys):
    kept, page = tmp_path / "quick.json", tmp_path / "README.md"
    save(study(rows=[row()]), kept)
    page.write_text(TEXT, "utf-8")

    assert main([str(kept), "--published", str(kept), "--pages", str(page)]) == 2
    assert "results of the published protocol as it is now" in capsys.readouterr().err
    assert page.read_text("utf-8") == TEXT


def test_a_session_that_stopped_is_a_part(tmp_path, capsys):
    kept = tmp_path / "quick.json"
    save(replace(study(rows=BOTH), partial="stopped after 2 of 9 tests"), kept)
    assert main([str(kept), "--pages", str(Path("none"))]) == 2
    assert "stopped after 2 of 9" in capsys.readouterr().err


def test_the_whole_study_rewrites_what_it_wrote(tmp_path):
    whole = rewrite(WHOLE, BOTH, THERE)

    assert run_on(tmp_path, [*BOTH, row("test_new")], whole, THERE) == 0
    assert "-k new`" in (tmp_path / "more.md").read_text("utf-8")
