"""Where the time of a process goes, and what a step of training costs."""

from __future__ import annotations

import pytest

from mlp.lab import times
from mlp.lab.times import FIRST_OF_ITS_KIND, Times, seconds_of, spent_here
from mlp.species.post.executors import DIRECT


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets."""
    now = [0.0]
    monkeypatch.setattr(times.time, "perf_counter", lambda: now[0])
    return now


def test_time_within_time_counts_once(clock):
    spent = Times()
    with spent.spent("waiting"):
        clock[0] = 1.0
        with spent.spent("direct", runs=1, work=2000):
            clock[0] = 5.0
        clock[0] = 7.0
        with spent.spent("direct", runs=1, work=2000):
            clock[0] = 8.0

    assert dict(spent.seconds) == {"waiting": 3.0, "direct": 5.0}
    assert spent.runs["direct"] == 2


def test_time_is_noted_however_what_was_done_ended(clock):
    spent = Times()

    def fail():
        with spent.spent("waiting"):
            clock[0] = 2.0
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    assert spent.seconds["waiting"] == 2.0


def test_a_step_costs_what_runs_long_enough_took(clock):
    spent = Times()
    with spent.spent("float32", runs=16, work=1000):
        clock[0] = 8.0
    with spent.spent("float32" + FIRST_OF_ITS_KIND, runs=16, work=1000):
        clock[0] = 16.0
    with spent.spent("direct", runs=1, work=20):
        clock[0] = 100.0

    assert spent.costs() == {"float32": pytest.approx(16 / 32_000)}


def test_what_processes_spent_adds_up(clock):
    total, spent = Times(), Times()
    with spent.spent("direct", runs=1, work=1000):
        clock[0] = 3.0
    for _ in range(2):
        total.add(spent.to_dict())

    assert total.seconds == {"direct": 6.0}
    assert total.costs() == spent.costs()
    spent.reset()
    assert not spent.costs()


def test_what_a_process_spent_since_then_leaves_out_what_it_did_before(monkeypatch):
    monkeypatch.setattr(times, "SPENT", Times())
    for kind in ("before", "both"):
        with times.SPENT.spent(kind, runs=2, work=1000):
            pass
    before = spent_here()
    with times.SPENT.spent("both", runs=3, work=1000):
        pass

    since = spent_here().since(before)
    assert (since.times["runs"], since.times["work"]) == ({"both": 3}, {"both": 3000})
    assert before.plus(since).times["runs"] == {"before": 2, "both": 5}


def test_only_costs_are_learned(monkeypatch):
    monkeypatch.setattr(times, "_COSTS", {})
    thought = {kind: DIRECT.seconds(kind) for kind in ("session loop", "Estimator")}
    assert seconds_of(DIRECT, "session loop") == thought["session loop"]

    for wrong in ("much", -1.0, 0.0, float("nan"), float("inf"), None, [1.0]):
        times.learn({"session loop": 2e-3, "Estimator": wrong})

    assert seconds_of(DIRECT, "session loop") == 2e-3
    assert seconds_of(DIRECT, "Estimator") == thought["Estimator"]
    times.learn(["no", "mapping"])
