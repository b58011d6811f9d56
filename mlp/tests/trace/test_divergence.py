"""First divergence of traces that a program feeds by hand, and what comes of them."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from mlp.trace import (
    TraceError,
    draw_picture,
    first_divergence,
    load,
    record,
    save,
    write_page,
)
from mlp.trace.__main__ import main

RUNGS = (
    *("inputs", "trainable variables", "initial weights", "mode", "loss", "gradient", "update"),
    *("buffers", "rate and updates", "evaluation"),
)

X = np.random.default_rng(0).normal(size=(60, 5))
Y = X @ np.arange(1.0, 6.0) + 1
BATCH = 20


def regression(name="numpy", *, rate=0.1, factor=2.0, epochs=2, told=True, keep=None, order=None,
               nan_at=None, start=0.0, to=None, updates=4, later=None):  # fmt: skip
    """Least squares by gradient descent, in NumPy; `later` is the factor after the first update."""
    weights = np.full(5, start)
    options = {} if keep is None else {"keep": keep}
    with record(name=name, to=to, updates=updates, **options) as trace:
        for epoch in range(epochs):
            rows = np.arange(60) if order is None else order(epoch)
            for k, begin in enumerate(range(0, 60, BATCH)):
                chosen = rows[begin : begin + BATCH]
                x, y = X[chosen], Y[chosen]
                left = x @ weights - y
                scale = factor if later is None or (epoch, k) == (0, 0) else later
                gradient = scale * x.T @ left / BATCH
                loss = np.mean(left**2) if nan_at != (epoch, k) else np.nan
                after = weights - rate * gradient
                trace.step(
                    x, y, loss if told else None, weights=[weights], gradients=[gradient],
                    after=[after], rate=rate,
                )  # fmt: skip
                weights = after
            trace.evaluated(X[:10])
    return trace


def states(found):
    return {rung.name: rung.state for rung in found.rungs}


def test_the_same_program_twice_is_equal():
    found = first_divergence(regression(), regression())
    assert found.first is None
    assert found.verdict == "equal through 6 updates; what is left is within rounding"
    assert states(found)["buffers"] == "passed"
    assert [rung.name for rung in found.rungs] == list(RUNGS)


def test_that_one_program_trains_longer_is_said():
    found = first_divergence(regression("fit", epochs=1), regression("mine"))
    assert found.first is None
    assert found.verdict.endswith(
        "not compared: how long each trains (updates watched: 3 of fit and 6 of mine)"
    )


def test_a_rate_is_found_where_it_first_shows():
    found = first_divergence(regression(), regression(rate=0.2))
    assert found.first.rung == "update"
    assert "0.1 against 0.2" in found.first.hints[0]
    assert [f.rung for f in found.findings] == ["update", "rate and updates"]


def test_a_gradient_of_another_factor_is_found():
    found = first_divergence(regression(), regression(factor=1.0))
    assert found.first.rung == "gradient"
    assert "0.5 times those of" in found.first.hints[0]
    assert states(found)["loss"] == "passed"
    assert states(found)["update"] == "not comparable"


def test_a_gradient_that_differs_later_explains_a_gap_though_the_first_updates_were_equal():
    for told in (True, False):
        found = first_divergence(regression(told=told), regression("scaled", later=4.0, told=told))
        assert (found.first.rung, found.first.at, found.first.explains) == ("gradient", 1, True)
        assert not any("updates are equal" in hint for hint in found.first.hints)


def test_what_one_trace_does_not_show_is_not_seen():
    found = first_divergence(regression(), regression(told=False))
    assert states(found)["loss"] == "not seen"
    assert found.first is None
    assert "not compared: loss" in found.verdict


def test_later_updates_are_not_compared_after_a_difference():
    found = first_divergence(regression(), regression(start=1.0))
    told = states(found)
    assert told["initial weights"] == "failed"
    assert {told[name] for name in ("loss", "gradient", "update")} == {"not comparable"}
    assert told["rate and updates"] == told["evaluation"] == "passed"


def test_the_order_of_the_second_epoch_is_compared_though_weights_differ():
    def same(_):
        return np.random.default_rng(0).permutation(60)

    def anew(epoch):
        return np.random.default_rng(epoch).permutation(60)

    found = first_divergence(regression("anew", order=anew), regression("same", order=same))
    assert found.first.rung == "inputs"
    assert "same never shuffles its rows, or shuffles once" in found.first.hints[0]


def test_summaries_are_compared_where_values_were_not_kept():
    whole, summary = regression(), regression(keep=0)
    assert summary.trace().updates[0].gradient["variable 0"].data is None
    found = first_divergence(whole, summary)
    assert found.first is None
    assert states(found)["gradient"] == "passed"
    assert states(found)["update"] == "not seen"
    assert first_divergence(whole, regression(keep=0, factor=1.5)).first.rung == "gradient"


def test_weights_changed_outside_the_optimizer_are_found():
    def clamped(clamp):
        weights = np.zeros(5)
        with record(name="clamped" if clamp else "free") as trace:
            for begin in (0, 20, 40):
                x, y = X[begin : begin + 20], Y[begin : begin + 20]
                gradient = 2 * x.T @ (x @ weights - y) / BATCH
                after = weights - 0.1 * gradient
                trace.step(x, y, np.mean((x @ weights - y) ** 2), weights=[weights],
                           gradients=[gradient], after=[after], rate=0.1)  # fmt: skip
                weights = np.clip(after, -0.2, 0.2) if clamp else after
        return trace

    found = first_divergence(clamped(False), clamped(True))
    assert found.first.rung == "update"
    assert found.first.at == 1
    assert "clamped has changed variable 0 since its update before" in found.first.sentence
    assert "outside the optimizer" in found.first.hints[0]
    assert first_divergence(clamped(True), clamped(True)).first is None


def test_nan_is_told():
    found = first_divergence(regression(), regression(nan_at=(0, 1)))
    assert found.first.at == 1
    assert "against nan" in found.first.sentence


def test_unequal_numbers_of_recorded_updates_are_compared_as_far_as_both_go():
    found = first_divergence(regression(), regression(updates=1))
    assert found.updates == 2
    assert found.first is None


def test_a_ladder_is_short_and_narrow():
    def anew(epoch):
        return np.random.default_rng(epoch + 5).permutation(60)

    worst = first_divergence(regression(), regression(rate=0.3, factor=1, start=2.0, order=anew))
    for found in (worst, first_divergence(regression(), regression())):
        lines = str(found).splitlines()
        assert len(lines) <= 25
        assert max(map(len, lines)) <= 100
        for name in RUNGS:
            assert any(f" {name}" in line for line in lines)


@pytest.mark.parametrize("keep", [None, 0])
def test_a_file_gives_back_what_was_recorded(tmp_path, keep):
    trace = regression(keep=keep, to=tmp_path / "a.trace")
    again = load(tmp_path / "a.trace")
    assert first_divergence(trace, again).first is None
    assert again.saw() == trace.saw()
    assert again.updates[0].where == trace.trace().updates[0].where
    assert "trace.step" in again.updates[0].where
    save(again, tmp_path / "b.trace")
    assert load(tmp_path / "b.trace").saw() == trace.saw()


def test_other_models_empty_traces_and_other_things_are_refused():
    with record(name="small") as small:
        small.step(X[:5], Y[:5], 1.0, weights=[np.zeros((2, 3))], after=[np.ones((2, 3))])
    with pytest.raises(TraceError, match="different models: numpy trains variable 0"):
        first_divergence(regression(), small)
    with record(name="idle") as idle:
        pass
    with pytest.raises(TraceError, match="idle holds no update"):
        first_divergence(regression(), idle)
    with pytest.raises(TraceError, match="yields, or the file it wrote; got int"):
        first_divergence(regression(), 3)


def test_a_model_of_no_known_framework_is_refused():
    from mlp.trace import watch

    with pytest.raises(TraceError, match="needs a Keras 3 or PyTorch model; got dict"), watch({}):
        pass


def test_a_trace_and_a_page_replace_only_their_own_kind(tmp_path):
    mine = tmp_path / "train.py"
    mine.write_text("x = 1\n")
    trace = regression()
    entered = []
    with pytest.raises(TraceError, match=r"train\.py is another"), record(to=mine):
        entered.append(1)
    assert not entered, "it is refused before anything is trained"
    found = first_divergence(trace, regression(rate=0.2))
    for write in (lambda: save(trace, mine), lambda: write_page(found, mine)):
        with pytest.raises(TraceError, match=r"train\.py is another: name a new file"):
            write()
    assert mine.read_text() == "x = 1\n"
    for _ in range(2):
        save(trace, tmp_path / "kept.trace")
        write_page(found, tmp_path / "page.html")


def damaged(path):
    whole = path.read_bytes()
    return {
        "cut": (whole[: len(whole) // 2], "is damaged or is no trace"),
        "text": (b"hello", "is damaged or is no trace"),
        "empty": (b"", "is damaged or is no trace"),
    }


@pytest.mark.parametrize("kind", ["cut", "text", "empty"])
def test_a_damaged_file_is_one_sentence(tmp_path, kind):
    regression(to=tmp_path / "a.trace")
    content, sentence = damaged(tmp_path / "a.trace")[kind]
    (tmp_path / "bad.trace").write_bytes(content)
    with pytest.raises(TraceError, match=sentence):
        load(tmp_path / "bad.trace")


def test_a_flipped_bit_is_found(tmp_path):
    regression(to=tmp_path / "a.trace")
    whole = bytearray((tmp_path / "a.trace").read_bytes())
    whole[len(whole) // 3] ^= 0xFF
    (tmp_path / "a.trace").write_bytes(whole)
    with pytest.raises(TraceError, match="damaged"):
        load(tmp_path / "a.trace")


def test_a_foreign_file_and_one_of_another_format_are_one_sentence(tmp_path):
    np.savez(tmp_path / "foreign.npz", weights=np.zeros(3))
    with pytest.raises(TraceError, match="is no trace"):
        load(tmp_path / "foreign.npz")
    text = np.frombuffer(b'{"kind": "mlp.trace", "format": 99, "trace": {}}', np.uint8)
    np.savez(tmp_path / "later.npz", description=text)
    with pytest.raises(TraceError, match=r"has format 99.*reads format 2"):
        load(tmp_path / "later.npz")
    pickled = np.array([{"a": 1}], dtype=object)
    np.savez(tmp_path / "pickled.npz", description=pickled)
    with pytest.raises(TraceError, match="no trace"):
        load(tmp_path / "pickled.npz")


def test_the_command_compares_two_files(tmp_path, capsys):
    paths = [str(tmp_path / name) for name in ("a.trace", "b.trace", "c.trace")]
    for path, rate in zip(paths, (0.1, 0.1, 0.2), strict=True):
        regression(rate=rate, to=path)
    assert main(["compare", *paths[:2]]) == 0
    assert "equal through 6 updates" in capsys.readouterr().out
    page, picture = str(tmp_path / "page.html"), str(tmp_path / "picture.png")
    assert main(["compare", paths[0], paths[2], "--html", page, "--picture", picture]) == 1
    assert "First divergence of numpy (a) and numpy (b): update" in capsys.readouterr().out
    assert main(["compare", paths[0], "nowhere.trace"]) == 2
    told = capsys.readouterr().err
    assert told == "python -m mlp.trace: there is no file nowhere.trace: give the path of a trace\n"
    assert main(["compare", *paths[:2], "--map", "nonsense"]) == 2
    assert main(["compare", *paths[:2], "--map", "variable 0=variable 0"]) == 0


def test_the_command_runs_as_a_module(tmp_path):
    for name in ("a.trace", "b.trace"):
        regression(to=tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-m", "mlp.trace", "compare", "a.trace", "b.trace"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_page_and_picture_show_the_verdict(tmp_path):
    found = first_divergence(regression("fit"), regression("<loop>", rate=0.2))
    text = write_page(found, tmp_path / "page.html").read_text("utf-8")
    assert "moves by" in text
    assert "&lt;loop&gt;" in text
    assert "<loop>" not in text
    assert not re.search(r"(src|href)=.http|url\(.?http|<script|<link", text)
    for name in RUNGS:
        assert f">{name}</th>" in text
    assert "Norm of the gradient" in text
    assert text == write_page(found, tmp_path / "page.html").read_text("utf-8")
    assert draw_picture(found, tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(TraceError, match="picture cannot be written"):
        draw_picture(found, tmp_path / "p.nonsense")
    with pytest.raises(TraceError, match="a folder that exists"):
        write_page(found, tmp_path / "nowhere" / "page.html")
