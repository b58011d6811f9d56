"""Figures, checked for what they show."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from mlp import reference
from mlp.genome import MATMUL
from mlp.report.figures import (
    answer_figure,
    comparison_figure,
    curve_figures,
    dose_figure,
    heat_map,
    waterfall,
)
from mlp.report.figures.style import (
    BLUE,
    GREEN,
    INK,
    NEUTRAL,
    PURPLE,
    STRAIN_COLOURS,
    VERMILLION,
    safe,
    wrapped,
)
from mlp.run import PROTOCOLS
from mlp.tests.report.helpers import (
    HOSTILE,
    comparison_detail,
    dose_detail,
    row,
    run,
    screen_detail,
    screen_of,
    study,
)

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture):
    return [t.text for t in ElementTree.fromstring(picture.svg).iter(f"{SVG}text")]


def drawn(picture, colour):
    """Paths of a colour that are drawn: lines, and the marks set by reference."""
    svg = re.sub(r"<defs>.*?</defs>", "", picture.svg.decode(), flags=re.DOTALL)
    return len(re.findall(rf'<(?:path|use) [^>]*style="[^"]*{colour}', svg))


@pytest.fixture
def saved(monkeypatch):
    """The figures saved, each twice: as SVG and as PNG."""
    found, save = [], Figure.savefig

    def keep(self, *args, **options):
        found.append(self)
        save(self, *args, **options)

    monkeypatch.setattr(Figure, "savefig", keep)
    return found


@pytest.fixture
def boxes(monkeypatch):
    """Every text drawn: (text, its box, the figure's box), in the pixels of its drawing."""
    found, draw = [], Text.draw

    def keep(self, renderer, *args, **options):
        draw(self, renderer, *args, **options)
        if self.get_visible() and self.get_text():
            box = self.get_window_extent(renderer)
            found.append((self.get_text(), box.extents, self.get_figure(root=True).bbox.extents))

    monkeypatch.setattr(Text, "draw", keep)
    return found


def looked(sizes, differences, **of):
    """A comparison of these differences, whose intervals at the `sizes` narrow to ±0.1."""
    detail = comparison_detail(differences)
    halves = [min(1.0, 0.1 * sizes[-1] / n) for n in sizes]
    detail["looks"] = [
        {"seeds": n, "low": -h, "high": h, "alpha": 1e-5, "outcome": "undecided"}
        for n, h in zip(sizes, halves, strict=True)
    ]
    return row(detail=detail, seeds=len(differences), **of)


def marks(axes, marker):
    """Where an axes has lines of this marker: (x, y) of each."""
    return [(*line.get_xdata(), *line.get_ydata()) for line in axes.lines if _is(line, marker)]


def _is(line, marker):
    return line.get_marker() == marker


def test_a_comparison_shows_every_difference_and_look():
    picture = comparison_figure(row(detail=comparison_detail([0.5, 0.25, 0.75, 0.5])), "one")
    shown = texts(picture)
    assert {"4 seeds, paired", "each look", "seeds seen", "2", "4"} <= set(shown)
    assert drawn(picture, BLUE) == 4 * 2 + 1 + 1, "4 stems, 4 dots, one decided look, its mean"
    assert picture.png.startswith(b"\x89PNG")


def test_a_comparison_of_unshared_seeds_is_not_called_paired(saved):
    detail = comparison_detail()
    for first, arm in zip((41000, 40000), detail["arms"], strict=True):
        arm["first_seed"] = first
    picture = comparison_figure(row(detail=detail, first_seed=41000), "one")
    shown = set(texts(picture))
    assert {"4 seeds each, unshared", "in order of the seeds"} <= shown
    assert "seed" not in shown
    assert "Differences between unshared seeds" in picture.title
    assert saved[-1].axes[0].get_xlim() == pytest.approx((0.3, 4.7))


def test_a_name_is_safe_as_a_file_and_an_id_and_no_other_names():
    assert safe("curves-layers-my_data.2") == "curves-layers-my_data.2"
    names = ["a/b", "a_b", 'a"><b>', "a b", "ä", "x" * 300, "x" * 301]
    made = [safe(name) for name in names]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", name) for name in made)
    assert len(set(made)) == len(names)


def test_a_comparison_says_which_arm_is_subtracted_from_which():
    assert "accuracy: matmul_estimator − matmul" in texts(comparison_figure(row(), "one"))


def test_the_tick_of_a_look_is_the_mean_of_the_differences_it_saw(saved):
    comparison_figure(looked([2, 4], [0.5, 0.25, 0.75, 0.0]), "one")
    assert marks(saved[-1].axes[1], "_") == [(0, 0.375), (1, 0.375)]
    comparison_figure(looked([2, 4], [0.5, 0.25, 0.0, 0.0]), "one")
    assert marks(saved[-1].axes[1], "_") == [(0, 0.375), (1, 0.1875)]


def test_an_early_look_is_cut_at_the_edge_with_an_arrow_and_sets_no_range(saved):
    comparison_figure(looked([8, 64], [0.05, -0.05] * 32, margin=0.05), "one")
    looks = saved[-1].axes[1]
    low, high = looks.get_ylim()
    assert -0.13 < low < -0.1, "the last look's end, and some room"
    assert 0.1 < high < 0.13
    for marker, edge in (("v", low), ("^", high)):
        ((place, at),) = marks(looks, marker)
        assert place == 0
        assert at == pytest.approx(edge, abs=0.01)
    for line in looks.lines:
        assert low <= min(line.get_ydata()) <= max(line.get_ydata()) <= high


def test_identical_arms_are_points_without_intervals(saved):
    same = looked([4], [0.0] * 4, identical=True, outcome="equivalent", margin=0.05)
    picture = comparison_figure(same, "one")
    looks = saved[-1].axes[1]
    assert marks(looks, "o") == [(0, 0.0)]
    assert not marks(looks, "_")
    assert looks.get_ylim()[1] < 0.06, "the margin sets the range"
    assert GREEN in picture.svg.decode()


def test_seeds_are_written_in_full():
    shown = texts(comparison_figure(looked([4], [0.1] * 4, first_seed=40_000), "one"))
    assert "40000" in shown
    assert not any(re.fullmatch(r"[+−]?[\d.]*e[+−\d]+", text) for text in shown)


def test_labels_of_looks_do_not_touch(boxes):
    sizes = [8, 16, 32, 64, 128, 256, 512]
    comparison_figure(looked(sizes, [0.01] * 512), "one")
    whole = boxes[-1][2][2]
    looks = {
        (*box,)
        for text, box, (_, _, width, _) in boxes
        if text in map(str, sizes) and width == whole
    }
    assert len(looks) == 4, "every other, the last among them"
    for (_, _, end, _), (start, _, _, _) in pairwise(sorted(looks)):
        assert end + 2 < start


def test_long_texts_are_wrapped_and_whole():
    assert wrapped("matmul[order=fixed] − matmul", 14) == "matmul[\norder=fixed] −\nmatmul"
    assert wrapped("a,b", 80) == "a,b"
    assert wrapped("x" * 7, 3) == "xxx\nxxx\nx"
    assert wrapped("", 3) == ""


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
    assert "digits: Shapley shares" in shown


def test_a_waterfall_has_the_strains_colours_and_one_for_shares(saved):
    waterfall(screen_detail(), "digits", "fall")
    colours = [to_hex(bar.get_facecolor()) for bar in saved[-1].axes[0].patches]
    assert colours == [PURPLE, NEUTRAL, NEUTRAL, GREEN], "matmul, coverage, order, its Estimator"


def test_a_long_name_of_a_strain_is_whole():
    detail = {**screen_detail(), "good": "layers_estimator[dtype=float32]"}
    shown = texts(waterfall(detail, "digits", "fall"))
    assert {"layers_estimator[", "dtype=float32]"} <= set(shown)


def test_a_dose_response_marks_the_published_dose():
    shown = texts(dose_figure(row(detail=dose_detail(), outcome="rising"), "dose"))
    assert shown.count("published") == 1
    assert {"12", "60", "120", "rows ever seen", "digits: 4 seeds, rising"} <= set(shown)


def test_the_doses_labels_do_not_touch(saved):
    rows = [50, 144, 288, 576, 1007, 1439]
    genomes = [
        MATMUL.with_alleles(coverage=share).seeded_by_run().alleles() for share in [*SHARES, "all"]
    ]
    many = {"rows": rows, "doses": rows, "means": [0.5] * 6, "accuracies": [[0.5]] * 6}
    dose_figure(row(detail={**dose_detail(), **many, "alleles": genomes}), "dose")
    labels = [t for t in saved[-1].axes[0].get_xticklabels() if t.get_text()]
    assert [t.get_text() for t in labels] == ["50", "144", "288", "576", "1439"]
    boxes = [text.get_window_extent() for text in labels]
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))


SHARES = (0.03, 0.1, 0.2, 0.4, 0.7)


@pytest.mark.parametrize(
    ("gene", "alleles", "doses", "published"),
    [
        ("coverage", ("first_batch", 0.1, "all"), (0.03, 0.1, 1.0), [True, False, True]),
        ("coverage", (0.1, 0.2, 0.4), (0.1, 0.2, 0.4), [False] * 3),
        ("rate_scale", (1e-05, 0.1, 1.0), (1e-05, 0.1, 1.0), [False, False, True]),
        ("layer_size", (16, 32, 64), (4, 5, 6), [False, False, True]),
        ("layer_size", (16, 32, 64), (16, 32, 64), [False, False, True]),
    ],
)
def test_a_dose_is_published_where_a_strain_has_its_allele(saved, gene, alleles, doses, published):
    detail = dose_detail(gene, alleles, doses, of=MATMUL.with_alleles(batch_size=64))
    dose_figure(row(detail=detail), "dose")
    points = zip(detail["rows"], detail["means"], published, strict=True)
    marked = [line.get_xydata().tolist() for line in saved[-1].axes[0].lines if _is(line, "D")]
    expected = [[rows, mean] for rows, mean, own in points if own]
    assert marked == ([expected] if expected else [])


def test_a_dose_response_has_its_strains_colour(saved):
    dose_figure(row(detail=dose_detail(), outcome="rising"), "dose")
    *seeds, mean, published = saved[-1].axes[0].lines
    assert {line.get_color() for line in (*seeds, mean)} == {STRAIN_COLOURS["matmul"]}
    assert published.get_color() == INK
    assert all(line.get_alpha() >= 0.25 for line in seeds)


def test_hostile_names_are_text_in_a_figure():
    picture = comparison_figure(row(statement=HOSTILE, dataset=HOSTILE), "one")
    assert "<script" not in picture.inline
    assert "<script" not in picture.svg.decode()
    dose = dose_figure(row(detail=dose_detail(), dataset=HOSTILE), "two")
    assert HOSTILE in "".join(texts(dose))


def test_the_same_study_gives_the_same_figure():
    assert comparison_figure(row(), "one").svg == comparison_figure(row(), "one").svg


LONG = "matmul_estimator[coverage=first_batch,order=fixed,batch_size=50,dtype=float32]"


def every_figure():
    """Figures of every kind, with names short, long and hostile."""
    detail = comparison_detail([0.01, -0.02] * 128)
    detail["arms"][0]["genome"] = LONG
    yield comparison_figure(row(detail=detail, first_seed=40_000), "long")
    yield comparison_figure(
        row(detail={**detail, "arms": []}, statement=f"({LONG}) against {LONG}"), "four"
    )
    yield comparison_figure(row(detail=comparison_detail(), statement=HOSTILE), "one")
    for dataset in ("digits", "breast_cancer", HOSTILE):
        genes = ["double_softmax", "batch_size", "coverage", "order"]
        screened = screen_of(
            dict.fromkeys(genes, 0.1), bad=LONG, good="layers_estimator[dtype=float32]"
        )
        yield waterfall(screened, dataset, "fall")
        yield heat_map(screened, dataset, "map")
        yield dose_figure(row(detail=dose_detail(), dataset=dataset, outcome="not rising"), "dose")
        yield answer_figure([row(detail=screened, dataset=dataset)])
    yield from curve_figures(study(rows=[], runs=[run("matmul", "iris", n) for n in range(2)]))


def test_every_text_lies_within_its_figure(boxes):
    assert len(list(every_figure())) == 3 + 3 * 4 + 2
    assert len(boxes) > 200
    for text, (left, bottom, right, top), (_, _, width, height) in boxes:
        assert left >= -0.5, text
        assert bottom >= -0.5, text
        assert right <= width + 0.5, text
        assert top <= height + 0.5, text


def test_every_text_of_a_page_has_nine_pixels_at_least():
    for made in every_figure():
        (least,) = re.findall(r"min-width: (\d+)px", made.inline)
        (points,) = re.findall(r'viewBox="0 0 ([\d.]+) ', made.inline)
        sizes = re.findall(r"font(?:-size)?: (?:\w+ )*([\d.]+)px", made.inline)
        assert sizes
        assert min(map(float, sizes)) * int(least) / float(points) >= 9, made.title


def test_fonts_are_those_of_the_page_in_it_and_have_substitutes_in_a_file():
    made = comparison_figure(row(), "one")
    assert "DejaVu" not in made.inline
    assert made.inline.count("var(--font)") == len(texts(made))
    assert made.svg.count(b"Verdana, sans-serif") == len(texts(made))
