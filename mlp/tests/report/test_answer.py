"""The answer in one picture: its grid, its bars, what is said of each difference."""

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from mlp.report.figures import answer_figure
from mlp.report.figures.answer import NOTHING, screened
from mlp.report.figures.style import NEUTRAL
from mlp.report.page import render, write_report
from mlp.tests.report.helpers import HOSTILE, row, screen_of, study
from mlp.tests.report.test_figures import saved, texts

__all__ = ["saved"]


def screen(dataset="digits", shares=(("coverage", 0.4), ("order", 0.01)), **of):
    return row("test_screen", dataset=dataset, detail=screen_of(dict(shares), **of))


def bars(axes):
    """Of each bar: its length, and whether it is solid."""
    assert {to_hex(bar.get_facecolor()) for bar in axes.patches} <= {NEUTRAL}
    return [(round(bar.get_width(), 6), bar.get_alpha() > 0.5) for bar in axes.patches]


def test_without_a_screen_there_is_no_picture():
    assert answer_figure([]) is None
    assert answer_figure([row()]) is None
    assert 'id="answer"' not in render(study(rows=[row()]))[0]


def test_a_row_for_each_pair_and_a_column_for_each_dataset(saved):
    rows = [
        *(screen(dataset) for dataset in ("digits", "iris", "wine")),
        screen("iris", bad="layers", good="layers_estimator"),
    ]
    shown = texts(answer_figure(rows))
    assert [t for t in shown if t.startswith("from ")] == [
        "from matmul to matmul_estimator",
        "from layers to layers_estimator",
    ]
    assert len(saved[-1].axes) == 2 * 3
    assert [len(bars(axes)) for axes in saved[-1].axes] == [2, 2, 2, 0, 2, 0]
    assert shown.count("not screened") == 2
    assert len({axes.get_xlim() for axes in saved[-1].axes}) == 1, "one axis over the grid"


def test_a_bar_is_solid_and_numbered_where_its_interval_excludes_0(saved):
    shown = texts(answer_figure([screen()]))
    assert bars(saved[-1].axes[0]) == [(0.4, True), (0.01, False)]
    assert shown.count("+0.40") == 1
    assert "+0.01" not in shown
    assert [label.get_text() for label in saved[-1].axes[0].get_yticklabels()] == [
        "coverage",
        "order",
    ]


def test_the_whole_difference_is_said_or_that_none_was_detected():
    assert "+0.41 [+0.36, +0.46]" in texts(answer_figure([screen()]))
    nothing = texts(answer_figure([screen(shares=[("coverage", 0.01)])]))
    assert NOTHING in nothing
    assert not any("[" in text for text in nothing)


def test_claims_that_share_a_screen_share_a_cell(saved):
    answer_figure([screen(), screen(), screen()])
    assert len(saved[-1].axes) == 1
    assert len(bars(saved[-1].axes[0])) == 2


def test_a_screen_of_the_pair_the_other_way_round_is_read_backwards(saved):
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
    shown = texts(answer_figure(rows))
    assert "−0.41 [−0.46, −0.36]" in shown
    assert bars(saved[-1].axes[2]) == [(-0.4, True), (-0.01, False)]


def test_numbers_stay_within_their_panels(saved):
    answer_figure([screen("digits"), screen("iris", [("coverage", -0.3), ("order", 0.0)])])
    figure = saved[-1]
    renderer = FigureCanvasAgg(figure).get_renderer()
    numbers = [(axes, text) for axes in figure.axes for text in axes.texts]
    assert len(numbers) == 2
    for axes, text in numbers:
        box, panel = text.get_window_extent(renderer), axes.get_window_extent(renderer)
        assert panel.x0 <= box.x0 < box.x1 <= panel.x1, text.get_text()


def test_it_stands_before_the_verdicts_and_among_the_files(tmp_path):
    page = write_report(study(), tmp_path).read_text(encoding="utf-8")
    assert page.index('id="answer"') < page.index('id="verdicts"')
    assert (tmp_path / "figures" / "answer.svg").is_file()
    assert (tmp_path / "figures" / "answer.png").is_file()


def test_hostile_names_are_text():
    picture = answer_figure([screen(HOSTILE, [(HOSTILE, 0.4)], bad=HOSTILE)])
    assert "<script" not in picture.inline
    assert HOSTILE in "".join(texts(picture))


def test_a_file_has_a_ground_of_its_own_and_the_page_has_not():
    picture = answer_figure([screen()])
    assert b'fill="#ffffff"' in picture.svg
    assert "#ffffff" not in picture.inline
