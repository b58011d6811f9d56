"""What a run saw, as plain values by name."""

import numpy as np

from mlp.tests.trace.test_divergence import regression
from mlp.trace import load, record


def changed(a, b):
    return {name for name in a.keys() | b.keys() if a.get(name) != b.get(name)}


def test_names_and_kinds_are_these():
    saw = regression().saw()
    texts = {"order", "rows", "targets", "init"}
    wholes = {"updates": 6, "distinct_rows": 60, "batches": 3, "batch_size": 20}
    assert set(saw) == texts | {*wholes, "first_loss", "first_rate", "evaluated_rows"}
    assert {name: saw[name] for name in wholes} == wholes
    assert all(isinstance(saw[name], str) and len(saw[name]) == 64 for name in texts)
    assert {type(value) for value in saw.values()} == {str, int, float}
    assert saw["first_rate"] == 0.1
    assert saw["evaluated_rows"] == 20


def test_each_value_changes_with_what_it_tells_and_with_nothing_else():
    def anew(epoch):
        return np.random.default_rng(epoch).permutation(60)

    saw = regression().saw()
    assert changed(saw, regression().saw()) == set()
    assert changed(saw, regression(rate=0.2).saw()) == {"first_rate"}
    assert changed(saw, regression(start=1.0).saw()) == {"init", "first_loss"}
    assert changed(saw, regression(order=anew).saw()) == {"order", "targets", "first_loss"}
    short = {"order", "targets", "updates", "evaluated_rows"}
    assert changed(saw, regression(epochs=1).saw()) == short


def test_what_was_not_seen_is_left_out():
    with record() as trace:
        trace.step(loss=np.nan)
    assert trace.saw() == {"updates": 1}
    assert "first_loss" not in regression(told=False).saw()
    with record() as trace:
        trace.step(np.zeros((3, 2)), training=True)
    assert trace.saw()["training"] == 1


def test_a_file_gives_back_the_same_values(tmp_path):
    trace = regression(to=tmp_path / "a.trace")
    assert load(tmp_path / "a.trace").saw() == trace.saw()
