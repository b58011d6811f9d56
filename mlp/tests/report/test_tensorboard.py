"""TensorBoard's event files: a folder a run, its curves in it."""

from __future__ import annotations

from dataclasses import replace

from mlp.lab.key import expressed
from mlp.report import tensorboard
from mlp.species.post.genome import MATMUL
from mlp.tests.report.helpers import TINY, comparison_detail, row, run, screen_detail, study


def test_runs_go_by_strain_dataset_and_seed_under_the_names_compared():
    made = study(rows=[], runs=[run("layers", "iris", 3)])
    assert [(name, r.seed) for name, r in tensorboard.named_runs(made)] == [("layers", 3)]
    detail = comparison_detail()
    edited = MATMUL.with_alleles(coverage="all")
    detail["arms"][0] |= {"genome": str(edited), "alleles": edited.seeded_by_run().alleles()}
    told = tensorboard.named_runs(study(rows=[row(detail=detail, executor="cohort engine")]))
    assert "matmul_estimator" in {name for name, _ in told}


def test_every_run_is_written_whoever_trained_it_and_whatever_asked_for_it():
    cell = MATMUL.with_alleles(coverage="all", batch_size=32).seeded_by_run()
    runs = [
        run("matmul", seed=0),
        run("matmul", seed=0, executor="direct"),
        replace(run("matmul", seed=0), genome=expressed(cell, "cohort")),
        replace(run("matmul", seed=0), genome=expressed(MATMUL, "cohort")),
    ]
    told = list(tensorboard.named_runs(study(rows=[row(detail=screen_detail())], runs=runs)))
    assert [name for name, _ in told] == [
        "matmul",
        "matmul[coverage=all, batch_size=32]",
        "matmul[split=42]",
        "matmul (direct)",
    ]
    assert {id(r) for _, r in told} == {id(r) for r in runs}


def test_curves_are_read_back_as_they_are(tmp_path):
    import tensorflow as tf

    made = study(rows=[], runs=[run("matmul", "iris", 7)])
    for _ in range(2):
        assert tensorboard.write(made, tmp_path) == 1
    (file,) = (tmp_path / "matmul" / "iris" / "seed-7").iterdir()
    found: dict[str, list[tuple[int, float]]] = {}
    for raw in tf.data.TFRecordDataset(str(file)):
        event = tf.compat.v1.Event.FromString(raw.numpy())
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, round(value.simple_value, 6)))
    expected = list(zip(TINY.sampled_steps, (0.1, 0.5, 0.9), strict=True))
    assert found == dict.fromkeys(tensorboard.TAGS.values(), expected)
