"""The answer: its table, and in one picture its grid, its bars, what is said of each difference."""

from xml.etree import ElementTree

import pytest

from mlp.report.explanation import answers
from mlp.report.figures.answer import NOT_TOLD, answer_figure, screened
from mlp.report.page import render, write_report
from mlp.tests.report.helpers import HOSTILE, finding_row, row, screen_of, study
from mlp.tests.report.test_figures import SVG, texts


def screen(dataset="digits", shares=(("coverage", 0.4), ("order", 0.01)), **of):
    return row("test_screen", dataset=dataset, detail=screen_of(dict(shares), **of))


def bars(picture):
    """Of each bar: its width, and whether it is solid."""
    rects = ElementTree.fromstring(picture.svg).iter(f"{SVG}rect")
    soft = [r.attrib for r in rects if r.attrib.get("class") == "f-soft"]
    return [(float(r["width"]), float(r["opacity"]) > 0.5) for r in soft]


def test_claims_that_state_findings_are_told_by_a_word_and_a_number():
    rows = [
        finding_row("1", "test_a", "Finding 1: it is.", "digits", "supported", 0.25),
        finding_row("1", "test_a", "Finding 1: it is.", "iris", "refuted", -0.1),
        finding_row("1", "test_b", "Finding 1: both.", "iris", "refuted", 0.1, arm="x-"),
        finding_row("1", "test_b", "Finding 1: both.", "iris", "supported", 0.2, arm="y-"),
        finding_row("1", "test_c", "It explains.", "iris", "supported", 0.2),
        finding_row(
            "Conclusion", "test_d", "Conclusion: c.", "iris", "refuted", 0.0, identical=True
        ),
    ]
    first, both, last = answers(rows)
    assert (first.heading, first.claim) == ("Finding 1", "it is.")
    assert {d: c.text for d, c in first.cells.items()} == {
        "digits": "supported, +0.25",
        "iris": "refuted, -0.10",
    }
    assert both.cells["iris"] == ("", "1 of 2 supported")
    assert last.cells["iris"] == ("refuted", "refuted, identical")


def test_without_a_screen_there_is_no_picture():
    assert answer_figure([]) is None
    assert answer_figure([row()]) is None
    assert "What makes the difference" not in render(study(rows=[row()]))[0]


def test_a_row_for_each_pair_and_a_panel_for_each_dataset():
    rows = [
        *(screen(dataset) for dataset in ("digits", "iris", "wine")),
        screen("iris", bad="layers", good="layers_estimator"),
    ]
    found = answer_figure(rows)
    assert [title for title, _ in found.pairs] == [
        "from matmul to matmul_estimator",
        "from layers to layers_estimator",
    ]
    assert [len(panels) for _, panels in found.pairs] == [3, 1]
    shown = texts(found.file)
    assert {title for title, _ in found.pairs} <= set(shown)
    assert len(bars(found.file)) == 4 * 2
    assert {"digits: not screened", "wine: not screened"} <= set(shown)


def test_a_bar_is_solid_and_numbered_where_its_interval_excludes_0():
    ((_, (panel,)),) = answer_figure([screen()]).pairs
    (long, sure), (short, unsure) = bars(panel)
    assert (sure, unsure) == (True, False)
    assert long == pytest.approx(40 * short, rel=0.05)
    assert texts(panel).count("+0.40") == 1
    assert "+0.01" not in texts(panel)
    assert panel.see == "digits: coverage (+0.40)."


def test_the_whole_difference_is_said_and_whether_it_is_told_from_0():
    assert "+0.41 [+0.36, +0.46]" in texts(answer_figure([screen()]).file)
    small = answer_figure([screen(shares=[("coverage", 0.01)])])
    assert f"+0.01 [−0.04, +0.06], {NOT_TOLD}" in texts(small.file)
    assert small.pairs[0][1][0].see == "digits: no single gene's share is shown to differ from 0."


def test_claims_that_share_a_screen_share_a_panel():
    ((_, panels),) = answer_figure([screen(), screen(), screen()]).pairs
    assert len(panels) == 1


def test_a_screen_of_the_pair_the_other_way_round_is_read_backwards():
    rows = [
        screen("digits", bad="matmul", good="layers"),
        screen("iris", bad="matmul", good="layers"),
        screen("wine", bad="layers", good="matmul"),
    ]
    for given in (rows, rows[::-1]):
        (pair,) = screened(given)
        assert (pair.bad, pair.good) == ("matmul", "layers")
        share = pair.cells["wine"].shares["coverage"]
        assert share == pytest.approx({"mean": -0.4, "low": -0.45, "high": -0.35})
    assert "−0.41 [−0.46, −0.36]" in texts(answer_figure(rows).file)


def test_it_stands_before_the_words_and_the_verdicts_and_among_the_files(tmp_path):
    page = write_report(study(sentences=["one"]), tmp_path).read_text(encoding="utf-8")
    assert page.index('id="answer"') < page.index('id="words"') < page.index('id="verdicts"')
    assert (tmp_path / "figures" / "answer.svg").is_file()


def test_hostile_names_are_text():
    found = answer_figure([screen(HOSTILE, [(HOSTILE, 0.4)], bad=HOSTILE)])
    assert "<script" not in found.file.svg.decode() + found.pairs[0][1][0].inline
    assert HOSTILE in "".join(texts(found.file))
