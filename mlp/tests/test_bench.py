"""The benchmark's measuring, table and command line; no test asserts a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from mlp.bench import __main__ as bench
from mlp.bench import contenders, table
from mlp.data import load


def result(contender, seconds, dataset="iris", cohort=1):
    return table.Result(
        dataset=dataset, contender=contender, cohort=cohort, seconds=seconds, flop=10**6
    )


def test_rates_and_ratios():
    results = [
        result("sgemm", 1e-5),
        result("jax", 4e-5),
        result("jax", 2e-5, cohort=4),
        result("engine", 1e-5, cohort=16),
        result("sgemm", 1e-9, dataset="digits"),
    ]
    assert results[0].gflops == pytest.approx(100)
    engine, digits = (
        dict(zip(table.header(results), row, strict=True)) for row in table.rows(results)[3:]
    )
    assert engine["GFLOP/s"] == "100.0"
    assert (engine["/ sgemm"], engine["/ jax"], digits["/ jax"]) == ("1.00", "2.00", "-")
    assert "/ direct" not in engine


def test_what_was_not_measured_has_no_column():
    assert table.header([result("mlpclassifier", 1e-5)])[5:] == ["/ mlpclassifier"]
    assert table.text([]) == table.markdown([]) == "nothing was measured"


def test_tables_have_a_line_for_each_result():
    results = [result("sgemm", 1e-5), result("engine", 2e-5)]
    assert len(table.text(results).splitlines()) == 3
    lines = table.markdown(results).splitlines()
    assert len(lines) == 4
    assert len({line.count("|") for line in lines}) == 1


def test_operations_are_six_for_each_weight_and_row():
    rows = 1439 / 23
    assert contenders.flop(load("digits")) == pytest.approx(6 * rows * (6 * 64 * 64 + 64 * 10))


def test_cost_is_the_slope_by_the_processors_clock(monkeypatch):
    time = [0.0]

    def train(steps):
        time[0] += 100 + 3 * 2 * steps

    monkeypatch.setitem(contenders.CONTENDERS, "engine", lambda *_: train)
    task = contenders.Task(contender="engine", dataset="iris", cohort=2, steps=400, repeats=2)
    assert contenders.measure(task, clock=lambda: time[0]).update == pytest.approx(3)


@pytest.mark.parametrize("contender", ["sgemm", "matmul", "mlpclassifier", "engine", "alone"])
def test_contenders_measure(contender, monkeypatch):
    from mlp.trainers import direct

    monkeypatch.setattr(direct, "session_config", direct.session_config)
    for name in contenders.THREAD_COUNTS:
        monkeypatch.setenv(name, os.environ.get(name, "1"))
    task = contenders.Task(contender=contender, dataset="iris", cohort=1, steps=200, repeats=1)
    assert contenders.measure(task).wall > 0


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--sizes", "1,x"], "--sizes must be whole numbers parted by commas; got '1,x'"),
        (["--sizes", "0"], "--sizes must be at least 1; got 0"),
        (["--repeats", "-1"], "--repeats must be at least 1; got -1"),
        (["--steps", "10"], "--steps must be at least 200; got 10"),
        (["--dataset", "mnist"], "invalid choice: 'mnist'"),
        (["--jax", "/nowhere"], "--jax must be a Python that can be run; got '/nowhere'"),
        (["--json", "/nowhere/x.json"], "needs a folder that exists; /nowhere does not"),
        (["--json", "/"], "needs a file; / is a folder"),
    ],
)
def test_wrong_options_are_refused(argv, told, capsys):
    with pytest.raises(SystemExit):
        bench.options(argv)
    assert told in capsys.readouterr().err


def test_tasks_cover_sizes_for_stacked_ways_alone():
    todo = list(bench.tasks(bench.options(["--dataset", "wine", "--sizes", "2,8"])))
    assert [t.cohort for t in todo if t.contender == "engine"] == [2, 8]
    assert [t.cohort for t in todo if t.contender == "direct"] == [1]
    assert {t.dataset for t in todo} == {"wine"}


def test_interrupted_it_prints_what_it_has(monkeypatch, capsys, tmp_path):
    answers = iter([{"update": 1e-5, "wall": 1.0}, {"missing": "not installed"}])

    def run(*_):
        answer = next(answers, None)
        if answer is None:
            raise KeyboardInterrupt
        return answer

    monkeypatch.setattr(bench, "run", run)
    written = tmp_path / "bench.json"
    argv = ["--dataset", "iris", "--only", "sgemm", "--only", "jax", "--json", str(written)]
    assert bench.main(argv) == 130
    captured = capsys.readouterr()
    assert "sgemm" in captured.out
    assert "skipped: not installed" in captured.err
    assert [r["contender"] for r in json.loads(written.read_text())["results"]] == ["sgemm"]


def test_the_whole_machine_is_measured_by_three_ways(monkeypatch, capsys):
    asked = []

    def run(task, _):
        asked.append((task.contender, task.core))
        return {"update": 0.0, "wall": {"alone": 2.0, "direct": 1.0, "engine": 4.0}[task.contender]}

    monkeypatch.setattr(bench, "run", run)
    monkeypatch.setattr(bench.os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    assert bench.main(["--machine", "--dataset", "iris"]) == 0
    assert asked[0] == ("alone", None)
    assert sorted(asked[1:]) == [("direct", 0), ("direct", 1), ("engine", 0), ("engine", 1)]
    shown = capsys.readouterr().out
    assert "by itself 30.0, one a core 120.0; engine 480.0: 16.0 and 4.0 times as many" in shown


def test_a_contender_that_fails_is_shown():
    task = contenders.Task(contender="sgemm", dataset="mnist", cohort=1, steps=200, repeats=1)
    with pytest.raises(bench.FailureError, match="must be one of"):
        bench.run(task, sys.executable)


def test_help_explains():
    shown = subprocess.run(
        [sys.executable, "-m", "mlp.bench", "--help"], capture_output=True, text=True, check=True
    )
    assert "practical limit" in shown.stdout
