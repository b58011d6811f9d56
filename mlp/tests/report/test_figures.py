"""Figures, checked for what they show."""

import re
from xml.etree import ElementTree

import pytest

from mlp import reference
from mlp.report.figures import comparison_figure, curve_figures, dose_figure, heat_map, waterfall
from mlp.report.figures.style import BLUE, STRAIN_COLOURS, VERMILLION
from mlp.run import PROTOCOLS
from mlp.tests.report.helpers import (
    HOSTILE,
    comparison_detail,
    dose_detail,
    row,
    run,
    screen_detail,
    study,
)

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture):
    return [t.text for t in ElementTree.fromstring(picture.svg).iter(f"{SVG}text")]


def drawn(picture, colour):
    """Paths of a colour that are drawn: lines, and the marks set by reference."""
    svg = re.sub(r"<defs>.*?</defs>", "", picture.svg.decode(), flags=re.DOTALL)
    return len(re.findall(rf'<(?:path|use) [^>]*style="[^"]*{colour}', svg))


def test_a_comparison_shows_every_difference_and_look():
    picture = comparison_figure(row(detail=comparison_detail([0.5, 0.25, 0.75])), "one")
    shown = texts(picture)
    assert {"3 seeds, paired", "interval, each look", "seeds seen", "2", "4"} <= set(shown)
    assert drawn(picture, BLUE) == 3 * 2 + 1 + 1, "3 stems, 3 dots, one decided look, its mean"
    assert picture.png.startswith(b"\x89PNG")


@pytest.mark.parametrize(("outcome", "colour"), [("better", BLUE), ("worse", VERMILLION)])
def test_an_outcome_has_its_colour(outcome, colour):
    picture = comparison_figure(row(outcome=outcome), "one")
    assert colour in picture.svg.decode()


def test_a_chart_has_a_line_for_every_seed_and_one_for_the_mean():
    runs = [run(s, "digits", n) for s in ("layers", "layers_estimator") for n in range(5)]
    (picture, recorded) = curve_figures(study(rows=[], runs=runs))
    assert picture.name == "curves-layers-digits"
    assert "train_op.run, 5 seeds" in texts(picture)
    assert "Estimator.fit, 5 seeds" in texts(picture)
    assert "digits, by the cohort engine" in texts(picture)
    for strain in ("layers", "layers_estimator"):
        assert drawn(picture, STRAIN_COLOURS[strain]) == 5 + 1 + 1, "seeds, mean, legend"
    assert recorded.name == "recorded-layers-digits"
    assert "digits, recorded" in texts(recorded)


def test_recorded_curves_lie_over_the_runs_under_the_published_protocol_only():
    published = PROTOCOLS["published"]
    runs = [run("matmul", "iris", n, protocol=published) for n in range(2)]
    (picture,) = curve_figures(study(rows=[], runs=runs))
    assert {"train_op.run, recorded", "Estimator.fit, recorded"} <= set(texts(picture))
    assert len(reference.SEEDS) == 3


def test_a_dataset_that_was_never_recorded_has_no_recorded_chart():
    (picture,) = curve_figures(study(rows=[], runs=[run("layers", "own")]))
    assert picture.name == "curves-layers-own"


def test_real_runs_are_preferred_where_they_are_as_many():
    runs = [run("matmul", "iris", 0), run("matmul", "iris", 0, executor="direct")]
    picture = curve_figures(study(rows=[], runs=runs))[0]
    assert "train_op.run, 1 seed" in texts(picture)


def test_a_heat_map_numbers_every_cell():
    shown = texts(heat_map(screen_detail(), "digits", "map"))
    assert shown.count("0.40") == 2
    assert shown.count("0.90") == 2
    assert {"none", "coverage", "order", "digits: mean final accuracy"} <= set(shown)


def test_a_waterfall_goes_from_the_bad_strain_to_the_good_by_the_shares():
    shown = texts(waterfall(screen_detail(), "digits", "fall"))
    labels = [t for t in shown if t in ("matmul", "coverage", "order", "matmul_estimator")]
    assert labels == ["matmul", "coverage", "order", "matmul_estimator"]
    assert {"0.400", "+0.500", "+0.000", "0.900"} <= set(shown)


def test_a_dose_response_marks_the_published_dose():
    shown = texts(dose_figure(row(detail=dose_detail(), outcome="rising"), "dose"))
    assert shown.count("published") == 1
    assert {"12", "60", "120", "rows ever seen", "digits: 4 seeds, rising"} <= set(shown)


def test_hostile_names_are_text_in_a_figure():
    picture = comparison_figure(row(statement=HOSTILE, dataset=HOSTILE), "one")
    assert "<script" not in picture.inline
    assert "<script" not in picture.svg.decode()
    dose = dose_figure(row(detail=dose_detail(), dataset=HOSTILE), "two")
    assert any(t.startswith(HOSTILE) for t in texts(dose))


def test_the_same_study_gives_the_same_figure():
    assert comparison_figure(row(), "one").svg == comparison_figure(row(), "one").svg
