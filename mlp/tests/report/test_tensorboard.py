"""TensorBoard's event files: a folder a run, its curves in it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from mlp.report import tensorboard
from mlp.report.study import ReportError
from mlp.species.post.genome import MATMUL
from mlp.tests.report.helpers import (
    ROOT,
    TINY,
    acting,
    comparison_detail,
    row,
    run,
    screen_detail,
    study,
)


def test_runs_go_by_strain_dataset_and_seed_under_the_names_compared():
    made = study(rows=[], runs=[run("layers", "iris", 3)])
    assert [(name, r.seed) for name, r in tensorboard.named_runs(made)] == [("layers", 3)]
    detail = comparison_detail()
    edited = MATMUL.with_alleles(coverage="all")
    detail["arms"][0] |= {"genome": str(edited), "alleles": edited.as_compared().alleles()}
    told = tensorboard.named_runs(study(rows=[row(detail=detail, executor="cohort engine")]))
    assert "matmul_estimator" in {name for name, _ in told}


def test_every_run_is_written_whoever_trained_it_and_whatever_asked_for_it():
    cell = MATMUL.with_alleles(coverage="all", batch_size=32).as_compared()
    runs = [
        run("matmul", seed=0),
        run("matmul", seed=0, executor="direct"),
        replace(run("matmul", seed=0), genome=acting(cell, "cohort")),
        replace(run("matmul", seed=0), genome=acting(MATMUL, "cohort")),
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
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

    made = study(rows=[], runs=[run("matmul", "iris", 7)])
    for _ in range(2):
        assert tensorboard.write(made, tmp_path) == 1
    (file,) = (tmp_path / "matmul" / "iris" / "seed-7").iterdir()
    events = accumulator.EventAccumulator(str(file))
    events.Reload()
    found = {
        tag: [(event.step, round(event.value, 6)) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }
    expected = list(zip(TINY.sampled_steps, (0.1, 0.5, 0.9), strict=True))
    assert found == dict.fromkeys(("validation", "test"), expected)


def test_tensorflow_is_not_imported(tmp_path):
    pytest.importorskip("tensorboard")
    program = f"""
import pathlib, sys
from mlp.report import tensorboard
from mlp.tests.report.helpers import run, study
tensorboard.write(study(rows=[], runs=[run()]), pathlib.Path({str(tmp_path)!r}))
assert "tensorflow" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
    assert list(tmp_path.rglob("events.out.tfevents.*"))


def test_without_the_package_there_is_a_sentence(tmp_path, monkeypatch):
    for name in ("event_pb2", "summary_pb2"):
        monkeypatch.setitem(sys.modules, f"tensorboard.compat.proto.{name}", None)
    with pytest.raises(ReportError, match="needs the package tensorboard; it is not installed"):
        tensorboard.write(study(rows=[], runs=[run()]), tmp_path)
