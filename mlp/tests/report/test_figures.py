"""Figures, checked for what they show."""

import re
from xml.etree import ElementTree

import pytest

from mlp.report.figures.compare import comparison_figure
from mlp.report.figures.curves import Curves, curve_figure
from mlp.report.figures.dose import dose_figure
from mlp.report.figures.screen import cells_figure
from mlp.report.figures.style import safe
from mlp.report.figures.svg import Scale, polyline
from mlp.species.post.genome import MATMUL
from mlp.tests.report.helpers import (
    HOSTILE,
    claim,
    comparison_detail,
    dose_detail,
    row,
    screen_detail,
)

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture):
    return [t.text for t in ElementTree.fromstring(picture.svg).iter(f"{SVG}text")]


def paths(picture, colour):
    """The paths stroked in a colour: (d, attributes) of each."""
    found = ElementTree.fromstring(picture.svg).iter(f"{SVG}path")
    return [(p.attrib["d"], p.attrib) for p in found if p.attrib["class"] == f"s-{colour}"]


def dots(picture, colour):
    """How many round dots are drawn in a colour."""
    round_ = [d for d, given in paths(picture, colour) if "stroke-linecap" in given]
    return sum(d.count("h0") for d in round_)


def strokes(picture, colour, width):
    """The lines of a width in a colour, each as its numbers."""
    chosen = [d for d, given in paths(picture, colour) if given["stroke-width"] == str(width)]
    lines = [line for d in chosen for line in d.split("M") if line]
    return [[float(number) for number in re.findall(r"-?[\d.]+", line)] for line in lines]


def looked(sizes, differences, **of):
    """A comparison of these differences, whose intervals at the `sizes` narrow to ±0.1."""
    detail = comparison_detail(differences)
    halves = [min(1.0, 0.1 * sizes[-1] / n) for n in sizes]
    detail["looks"] = [
        {"seeds": n, "low": -h, "high": h, "alpha": 1e-5, "outcome": "undecided"}
        for n, h in zip(sizes, halves, strict=True)
    ]
    return row(detail=detail, seeds=len(differences), **of)


def test_a_comparison_shows_every_difference_and_look():
    picture = comparison_figure(row(detail=comparison_detail([0.5, 0.25, 0.75, 0.5])), "one")
    assert {"seed", "seeds seen", "2", "4"} <= set(texts(picture))
    assert dots(picture, "blue") == 4
    assert len(strokes(picture, "blue", 1)) == 4, "a stem for each seed"
    assert len(strokes(picture, "blue", 3)) == len(strokes(picture, "soft", 3)) == 1
    assert picture.see == (
        "Left: score of matmul_estimator − matmul at each of 4 seeds; 4 lie above 0, 0 below. "
        "Right: the interval at each look; the last lies above the shaded margin: better."
    )


def test_a_comparison_of_unshared_seeds_is_not_called_paired():
    detail = comparison_detail()
    for first, arm in zip((41000, 40000), detail["arms"], strict=True):
        arm["first_seed"] = first
    shown = set(texts(comparison_figure(row(detail=detail, first_seed=41000), "one")))
    assert "pair, of seeds that are not shared" in shown
    assert "seed" not in shown


def test_a_name_is_safe_as_a_file_and_an_id_and_no_other_names():
    assert safe("curves-layers-my_data.2") == "curves-layers-my_data.2"
    names = ["a/b", "a_b", 'a"><b>', "a b", "ä", "x" * 300, "x" * 301]
    made = [safe(name) for name in names]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", name) for name in made)
    assert len(set(made)) == len(names)


def test_the_tick_of_a_look_is_the_mean_of_the_differences_it_saw():
    same = strokes(comparison_figure(looked([2, 4], [0.5, 0.25, 0.75, 0.0]), "one"), "soft", 2)
    assert same[0][1] == same[1][1]
    lower = strokes(comparison_figure(looked([2, 4], [0.5, 0.25, 0.0, 0.0]), "one"), "soft", 2)
    assert lower[0][1] < lower[1][1], "places are counted from the top"


def test_an_early_look_ends_at_the_edge_and_sets_no_range():
    picture = comparison_figure(looked([8, 64], [0.05, -0.05] * 32, margin=0.05), "one")
    (_, top, _, bottom), (_, a, _, b) = (
        (x, min(y, z), w, max(y, z)) for x, y, w, z in strokes(picture, "soft", 3)
    )
    assert (top, bottom) == (8, 134), "the whole height"
    assert top < a < top + 15, "the last look fills the height but for some room"
    assert bottom > b > bottom - 15


def test_seeds_are_written_in_full():
    shown = texts(comparison_figure(looked([4], [0.1] * 4, first_seed=40_000), "one"))
    assert "40,000" in shown
    assert not any(re.fullmatch(r"[+−]?[\d.]*e[+−\d]+", text) for text in shown)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (-0.13, 0.31, [-0.1, 0, 0.1, 0.2, 0.3]), (0, 0, [0])],
)
def test_ticks_are_round(low, high, ticks):
    assert Scale(low, high, 0, 100).ticks(5) == pytest.approx(ticks)


def test_a_place_beyond_the_scale_is_at_its_end():
    up = Scale(0, 1, 100, 0)
    assert [up(v) for v in (-1, 0, 0.25, 1, 7)] == [100, 100, 75, 0, 0]
    assert Scale(1, 100, 0, 2, log=True)(10) == pytest.approx(1)


def test_a_polyline_ends_where_its_points_do():
    """Steps from point to point add up to the whole way, however they are rounded."""
    points = [(k * 1.37, (k * 7.77) % 50) for k in range(100)]
    first, *steps = (tuple(map(int, re.findall(r"-?\d+", s))) for s in polyline(points).split("l"))
    assert first == (0, 0)
    assert sum(x for x, _ in steps) == round(points[-1][0])
    assert sum(y for _, y in steps) == round(points[-1][1])


@pytest.mark.parametrize(("outcome", "colour"), [("better", "blue"), ("worse", "vermillion")])
def test_an_outcome_has_its_colour(outcome, colour):
    assert dots(comparison_figure(row(outcome=outcome), "one"), colour) == 4


def curves(label, *values):
    return Curves(label, "blue", [((0, 10, 20), each) for each in values])


def test_curves_have_a_line_for_every_seed_and_one_for_the_mean():
    picture = curve_figure(
        "name", "title", "digits", [curves("fit", (0.1, 0.5, 0.9), (0, 0.5, 0.7))]
    )
    assert "fit, 2 seeds" in texts(picture)
    assert len(paths(picture, "blue")) == 2 + 1 + 1, "seeds, mean, legend"
    assert picture.see == "digits: mean ends at 0.80 under fit."
    nowhere = curve_figure("name", "title", "", [curves("fit", (0.1, 0.5, 0.9))])
    assert nowhere.see == "Mean ends at 0.90 under fit."


def test_curves_that_are_no_shares_have_an_axis_of_their_own_and_no_place_for_what_is_no_number():
    picture = curve_figure("name", "title", "", [curves("fit", (40.0, float("nan"), 10.0))])
    assert {"0", "10", "40"} <= set(texts(picture))
    assert "nan" not in picture.svg.decode()


def test_a_screen_has_a_row_and_a_number_for_each_combination():
    picture = cells_figure(claim(detail=screen_detail()), "screen")
    shown = texts(picture)
    assert {"coverage", "order", "mean score"} <= set(shown)
    assert sorted(t for t in shown if re.fullmatch(r"0\.\d\d", t)) == ["0.40"] * 2 + ["0.90"] * 2
    assert dots(picture, "ink") == dots(picture, "rule") == 4, "each gene is on in half the cells"
    assert "The largest main effect is that of coverage" in picture.see
    assert "its large dot changes score by +0.50 [+0.40, +0.60]" in picture.see


def test_a_screen_of_more_genes_is_as_wide_as_they_need():
    detail = screen_detail()
    genes = [f"gene_{k}" for k in range(14)]
    wide = {**detail, "genes": genes, "cells": [{"on": genes, "mean": 0.5, "accuracies": [0.5]}]}
    assert "0.50" in texts(cells_figure(claim(detail=wide), "screen"))


def test_a_dose_response_shows_every_seed_and_the_mean():
    picture = dose_figure(row(detail=dose_detail(), outcome="rising", seeds=2), "dose")
    colour = "blue"
    assert len(strokes(picture, colour, 0.8)) == 2
    assert len(strokes(picture, colour, 2.4)) == 1
    assert {"12", "60", "120", "rows ever seen"} <= set(texts(picture))
    assert picture.see.startswith(
        "Mean score is 0.30 at 12 rows ever seen and 0.90 at 120: rising."
    )


def test_doses_that_rows_do_not_follow_lie_at_the_doses():
    detail = {**dose_detail(), "rows": [120, 120, 120]}
    assert "dose" in texts(dose_figure(row(detail=detail), "dose"))


def test_labels_of_doses_do_not_touch():
    detail = {**dose_detail(), "rows": [50, 60, 70], "doses": [0.1, 0.11, 1.0]}
    far = {**dose_detail(), "rows": [50, 1430, 1439]}
    assert {"50", "60", "70"} <= set(texts(dose_figure(row(detail=detail), "dose")))
    assert "1,430" not in texts(dose_figure(row(detail=far), "dose"))


@pytest.mark.parametrize(
    ("gene", "alleles", "doses", "published"),
    [
        ("coverage", ("first_batch", 0.1, "all"), (0.03, 0.1, 1.0), 2),
        ("coverage", (0.1, 0.2, 0.4), (0.1, 0.2, 0.4), 0),
        ("rate_scale", (1e-05, 0.1, 1.0), (1e-05, 0.1, 1.0), 1),
        ("layer_size", (16, 32, 64), (4, 5, 6), 1),
    ],
)
def test_a_dose_is_ringed_where_a_strain_has_its_allele(gene, alleles, doses, published):
    detail = dose_detail(gene, alleles, doses, of=MATMUL.with_alleles(batch_size=64))
    picture = dose_figure(row(detail=detail), "dose")
    assert dots(picture, "ink") == published
    assert ("a strain's own dose" in picture.see) is bool(published)


def test_a_loss_is_drawn_in_its_unit():
    detail = {**dose_detail(), "means": [2.0, 1.5, 1.0], "rows": [None] * 3}
    picture = dose_figure(row(detail=detail, unit="loss", scale=2.0), "dose")
    assert picture.see.startswith("Mean loss is 2.00 at dose 0.1 and 1.00 at 1: ")
    cells = screen_detail()
    cells["cells"] = [{**cell, "mean": 5 * cell["mean"]} for cell in cells["cells"]]
    screen = cells_figure(claim(detail=cells, unit="loss", scale=5.0), "screen")
    assert {"mean loss", "4.50"} <= set(texts(screen))
    two = comparison_figure(row(unit="loss", scale=2.0), "one")
    assert two.see.startswith("Left: loss of matmul − matmul_estimator at each of 4 seeds; ")


def test_hostile_names_are_text_in_a_figure():
    picture = comparison_figure(row(statement=HOSTILE, dataset=HOSTILE), "one")
    assert "<script" not in picture.inline
    assert "<script" not in picture.svg.decode()
    assert ElementTree.fromstring(picture.svg)[0].text.endswith(f"{HOSTILE} on {HOSTILE}")


def test_the_same_study_gives_the_same_figure():
    assert comparison_figure(row(), "one").svg == comparison_figure(row(), "one").svg


def test_a_file_has_a_ground_and_colours_of_its_own_and_the_page_has_not():
    picture = comparison_figure(row(), "one")
    assert b'fill="#ffffff"' in picture.svg
    assert b".s-blue{stroke:#0072b2}" in picture.svg
    assert "#" not in picture.inline
