"""What a run saw, as plain values by name, and as a result of the lab."""

import numpy as np

from mlp.run import Result
from mlp.tests.trace.test_divergence import regression
from mlp.trace import load, record


def changed(a, b):
    return {name for name in a.keys() | b.keys() if a.get(name) != b.get(name)}


def test_a_trace_fills_a_result():
    result = Result.of(regression(), score=0.5)
    assert set(result.saw) == {"init", "order", "distinct_rows", "updates"}
    assert (result.saw["distinct_rows"], result.saw["updates"]) == (60, 6)
    assert result == Result.of(regression(), score=0.5)
    other = Result.of(regression(rate=0.2), score=0.5)
    assert other.saw == result.saw
    assert other.weights != result.weights


def test_each_value_changes_with_what_it_tells_and_with_nothing_else():
    def anew(epoch):
        return np.random.default_rng(epoch).permutation(60)

    def once(_):
        return np.random.default_rng(0).permutation(60)

    saw = regression().saw()
    assert changed(saw, regression(start=1.0).saw()) == {"init"}
    assert changed(saw, regression(order=anew).saw()) == {"order"}
    assert changed(regression(order=once).saw(), regression(order=anew).saw()) == {"order"}
    assert changed(saw, regression(epochs=1).saw()) == {"order", "updates"}
    assert changed(saw, regression(told=False, keep=0).saw()) == set()


def test_what_was_not_seen_is_left_out():
    with record() as trace:
        trace.step(loss=1.0)
    assert trace.saw() == {"updates": 1}
    assert trace.weights == Result.of(trace, score=0.5).weights == ""


def test_a_file_gives_back_the_same_values(tmp_path):
    trace = regression(to=tmp_path / "a.trace")
    assert load(tmp_path / "a.trace").saw() == trace.saw()
    assert load(tmp_path / "a.trace").weights == trace.weights
