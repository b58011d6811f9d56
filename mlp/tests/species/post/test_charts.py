"""The post's two charts, remade, and the recorded runs laid over or beside them."""

from mlp.report.charts import charts_of
from mlp.report.page import render
from mlp.species.post import reference
from mlp.species.post.charts import COLOURS
from mlp.species.post.protocol import PROTOCOLS
from mlp.tests.report.helpers import row, run, study
from mlp.tests.report.test_figures import paths, texts


def pictures(runs):
    """The pictures of the one section of charts that a study of these runs has."""
    (charts,) = charts_of(study(rows=[], runs=runs))
    return charts.pictures


def test_a_chart_has_a_line_for_every_seed_and_one_for_the_mean():
    runs = [run(s, "digits", n) for s in ("layers", "layers_estimator") for n in range(5)]
    picture, recorded = pictures(runs)
    assert picture.name == "curves-layers-digits"
    assert {"train_op.run, 5 seeds", "Estimator.fit, 5 seeds"} <= set(texts(picture))
    assert picture.see == (
        "digits: mean accuracy ends at 0.90 under train_op.run and 0.90 under Estimator.fit; "
        "trained by the cohort engine."
    )
    for strain in ("layers", "layers_estimator"):
        assert len(paths(picture, COLOURS[strain])) == 5 + 1 + 1, "seeds, mean, legend"
    assert recorded.name == "recorded-layers-digits"
    assert recorded.see.startswith("digits, recorded under TensorFlow 1.4.1")


def test_recorded_curves_lie_over_the_runs_under_the_published_protocol_only():
    published = PROTOCOLS["published"]
    runs = [run("matmul", "iris", n, protocol=published) for n in range(2)]
    (picture,) = pictures(runs)
    dashed = [given for _, given in paths(picture, "ink") if "stroke-dasharray" in given]
    assert len(dashed) == len(reference.SEEDS), "of the strain that has runs"
    other = pictures([run("matmul", "iris")])[0]
    assert not any("stroke-dasharray" in given for _, given in paths(other, "ink"))


def test_a_dataset_that_was_never_recorded_has_no_recorded_chart():
    (picture,) = pictures([run("layers", "own")])
    assert picture.name == "curves-layers-own"


def test_real_runs_are_preferred_where_they_are_as_many():
    runs = [run("matmul", "iris", 0), run("matmul", "iris", 0, executor="direct")]
    assert "engine" not in pictures(runs)[0].see


def test_the_published_protocol_says_that_recorded_curves_lie_over():
    text, _ = render(study(rows=[row(protocol="published")]))
    assert "dashed lines are the original programs" in text
    assert "dashed" not in render(study())[0]
