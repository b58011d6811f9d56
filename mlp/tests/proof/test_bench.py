"""The benchmark's measuring, table and command line; no test asserts a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing

import pytest

from mlp.proof.bench import __main__ as bench
from mlp.proof.bench import contenders, cores, memory, table
from mlp.proof.bench.contenders import Cost, Task
from mlp.proof.bench.rounds import FailureError, Way, rounds
from mlp.species.post.data import load


def result(contender, *seconds, dataset="iris", cohort=1):
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
    assert (engine["/ sgemm"], engine["/ jax"]) == ("1.00±0.00", "2.00±0.00")
    assert digits["/ jax"] == "-"
    assert "/ direct" not in engine


def test_a_ratio_is_the_median_of_those_of_each_round_whatever_the_machines_speed():
    """The speed doubles and halves from round to round; within one, the engine takes 0.8."""
    speeds = [1, 2, 4, 1, 8, 2, 1, 4, 2]
    results = [
        result("jax", *(1e-5 * s for s in speeds)),
        result("engine", *(0.8e-5 * s for s in speeds)),
    ]
    assert [row[-1] for row in table.rows(results)] == ["1.00±0.00", "1.25±0.00"]
    assert table.UNCLEAR not in table.text(results)


def test_rounds_that_differ_too_much_say_so():
    ratios = [1.0, 1.0, 1.02, 0.7, 1.3, 1.01, 0.99, 0.98, 0.97]
    results = [result("jax", *[1e-5] * 9), result("engine", *(1e-5 / r for r in ratios))]
    assert table.rows(results)[1][-1] == "1.00±0.03", "its one slow and fast round do not matter"

    wide = [1.0, 1.0, 1.2, 0.7, 1.3, 1.25, 0.8, 0.7, 0.9]
    results = [result("jax", *[1e-5] * 9), result("engine", *(1e-5 / r for r in wide))]
    assert table.rows(results)[1][-1] == "1.00±0.30 ?"
    for shown in (table.text(results), table.markdown(results)):
        assert shown.endswith(table.UNCLEAR)


@pytest.mark.parametrize(("rounds", "left_out"), [(1, 0), (5, 0), (8, 0), (9, 1), (17, 4)])
def test_the_interval_of_a_median_is_that_of_the_sign_test(rounds, left_out):
    ratio = table.Ratio.of(range(1, rounds + 1))

    assert (ratio.low, ratio.high) == (1 + left_out, rounds - left_out)


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


def clocked(monkeypatch, seconds):
    """What measures the engine by a clock that its training of so many steps sets forward."""
    time = [0.0]

    def train(steps):
        time[0] += seconds(steps)

    monkeypatch.setitem(contenders.CONTENDERS, "engine", lambda *_: train)
    task = Task(contender="engine", dataset="iris", cohort=2, steps=400)
    return contenders.prepare(task, clock=lambda: time[0])


def test_cost_is_the_slope_by_the_processors_clock(monkeypatch):
    measure = clocked(monkeypatch, lambda steps: 100 + 3 * 2 * steps)

    assert measure().update == pytest.approx(3)


def test_a_cost_that_is_none_is_refused(monkeypatch):
    measure = clocked(monkeypatch, lambda _: 100)

    with pytest.raises(ValueError, match="more steps must take longer; 400 took no longer"):
        measure()


@pytest.mark.parametrize("contender", ["sgemm", "matmul", "mlpclassifier", "engine", "alone"])
def test_contenders_measure(contender, monkeypatch):
    from mlp.species.post.trainers import direct

    monkeypatch.setattr(direct, "session_config", direct.session_config)
    for name in contenders.THREAD_COUNTS:
        monkeypatch.setenv(name, os.environ.get(name, "1"))
    task = Task(contender=contender, dataset="iris", cohort=1, steps=200)
    assert contenders.prepare(task)().wall > 0


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--sizes", "1,x"], "--sizes must be whole numbers parted by commas; got '1,x'"),
        (["--sizes", "0"], "--sizes must be at least 1; got 0"),
        (["--rounds", "0"], "--rounds must be at least 1; got 0"),
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


def a_way(contender, dataset):
    return Way(Task(contender=contender, dataset=dataset, cohort=1, steps=200), sys.executable)


class Waiting:
    """A way whose costs are told, in the order in which ways are measured."""

    missing = ""

    def __init__(self, name, order, cohort=1):
        self.task = Task(contender=name, dataset="iris", cohort=cohort, steps=200)
        self.order = order

    def measure(self):
        self.order.append(self.task.contender)
        return Cost(update=len(self.order), wall=1.0)


def test_every_way_is_measured_once_a_round_in_changing_order(monkeypatch):
    order = []
    monkeypatch.setattr(Way, "measure", Waiting.measure)
    teams = [[Waiting(name, order)] for name in ("sgemm", "engine", "jax")]

    costs = list(rounds(teams, 8, of="iris"))

    each = [tuple(order[i : i + 3]) for i in range(0, 24, 3)]
    assert all(sorted(names) == ["engine", "jax", "sgemm"] for names in each)
    assert len(set(each)) > 2
    for i, names in enumerate(each):
        placed = [3 * i + 1 + names.index(team[0].task.contender) for team in teams]
        assert [cost.update for (cost,) in costs[i]] == placed


def test_a_process_waits_to_be_measured_as_often_as_it_is_asked():
    with closing(a_way("sgemm", "iris")) as way:
        done = list(rounds([[way]], 2, of="iris"))

    assert len(done) == 2
    assert all(cost.update > 0 for ((cost,),) in done)


def test_a_process_that_lacks_a_library_says_so(tmp_path, monkeypatch):
    (tmp_path / "jax.py").write_text("raise ImportError", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    cannot = pytest.raises(FailureError, match="jax cannot be measured: JAX is not installed")
    with closing(a_way("jax", "iris")) as way, cannot:
        list(rounds([[way]], 1, of="iris"))


def test_interrupted_it_prints_the_rounds_it_has(monkeypatch, capsys, tmp_path):
    def interrupted(teams, count, *, of):
        assert (len(teams), count, of) == (1, 9, "iris")
        yield [[Cost(update=1e-5, wall=1.0)]]
        raise KeyboardInterrupt

    def way(task, _):
        made = Waiting(task.contender, [])
        made.missing = "not installed" if task.contender == "jax" else ""
        made.close = lambda: None
        return made

    monkeypatch.setattr(bench, "rounds", interrupted)
    monkeypatch.setattr(bench, "Way", way)
    written = tmp_path / "bench.json"
    argv = ["--dataset", "iris", "--only", "sgemm", "--only", "jax", "--sizes", "1"]
    assert bench.main([*argv, "--json", str(written)]) == 130
    captured = capsys.readouterr()
    assert "sgemm" in captured.out
    assert "skipped: not installed" in captured.err
    (found,) = json.loads(written.read_text())["results"]
    assert (found["contender"], found["seconds"], found["median"]) == ("sgemm", [1e-5], 1e-5)


def test_the_whole_machine_is_measured_by_three_ways(monkeypatch, capsys):
    asked = []

    def way(task, _):
        asked.append((task.contender, task.core))
        made = Waiting(task.contender, [], task.cohort)
        made.close = lambda: None
        return made

    def told(teams, count, *, of):
        assert of == "iris"
        walls = {"alone": 2.0, "direct": 1.0, "engine": 4.0}
        costs = [[Cost(update=0, wall=walls[w.task.contender]) for w in team] for team in teams]
        return [costs] * count

    monkeypatch.setattr(cores, "Way", way)
    monkeypatch.setattr(cores, "rounds", told)
    monkeypatch.setattr(cores.os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    assert bench.main(["--machine", "--dataset", "iris"]) == 0
    assert asked == [("alone", None), ("direct", 0), ("direct", 1), ("engine", 0), ("engine", 1)]
    shown = capsys.readouterr().out
    assert "itself 30.0, one a core 120.0; engine 480.0: 16.00±0.00 and 4.00±0.00 times" in shown


def test_a_contender_that_fails_is_shown():
    failed = pytest.raises(FailureError, match="must be one of")
    with closing(a_way("sgemm", "mnist")) as way, failed:
        list(rounds([[way]], 1, of="mnist"))


def test_a_contender_that_fails_while_it_is_measured_is_shown():
    with closing(a_way("sgemm", "iris")) as way:
        assert not way.missing
        way._process.kill()
        with pytest.raises(FailureError, match="sgemm failed"):
            way.measure()


def test_the_memory_of_a_process_grows_with_what_it_holds():
    before = memory.anonymous()
    if before is None:
        pytest.skip("Linux tells it")
    held = b"x" * 50_000_000

    assert 0.9 * len(held) < memory.anonymous() - before < 1.2 * len(held)
    assert memory.told().endswith("MB anonymous memory")


def test_help_explains():
    shown = subprocess.run(
        [sys.executable, "-m", "mlp.proof.bench", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "practical limit" in shown.stdout
