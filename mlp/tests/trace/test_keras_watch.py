"""Watching Keras: what is recorded, and that the training is left as it was."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from mlp.tests.trace.keras_programs import (
    BATCH,
    CLASSES,
    LOGITS,
    X,
    adam,
    fitted,
    model,
    sgd,
    steps,
    train,
)
from mlp.trace import TraceError, watch


def net():
    return model(norm=True, regulariser="l2", dropout=0.3)


def by_fit(made, optimizer, watched):
    fitted(made, optimizer, watched=watched, epochs=3, validation_data=(X, CLASSES))


def by_train_on_batch(made, optimizer, watched):
    made.compile(optimizer, LOGITS)

    def run():
        for start in [0, 32, 64] * 3:
            made.train_on_batch(X[start : start + BATCH], CLASSES[start : start + BATCH])

    if not watched:
        return run()
    with watch(made):
        return run()


def by_loop(use, wrap):
    def run(made, optimizer, watched):
        step = steps(made, optimizer, use=use)
        if not watched:
            return train(wrap(step), made, epochs=3)
        with watch(made, optimizer):
            return train(wrap(step), made, epochs=3)

    return run


WAYS = {
    "fit": by_fit,
    "train_on_batch": by_train_on_batch,
    "eager apply": by_loop("apply", lambda step: step),
    "eager apply_gradients": by_loop("apply_gradients", lambda step: step),
    "function apply": by_loop("apply", tf.function),
    "function apply_gradients": by_loop("apply_gradients", tf.function),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("momentum", [0.9, None], ids=["momentum", "adam"])
def test_watched_and_unwatched_training_end_with_the_same_weights(way, momentum):
    ends = []
    for watched in (False, True):
        made = net()
        WAYS[way](made, sgd(momentum=momentum) if momentum else adam(), watched)
        ends.append(made.get_weights())
    for plain, seen in zip(*ends, strict=True):
        np.testing.assert_array_equal(plain, seen)


def test_fit_is_seen_whole():
    made = net()
    trace = fitted(made, adam(), epochs=3, validation_data=(X[:40], CLASSES[:40])).trace()
    assert [(u.epoch, u.index) for u in trace.updates] == [(e, i) for e in (0, 1) for i in range(3)]
    assert trace.updates_made == 9
    assert trace.log.sizes.tolist() == [32] * 6
    first = trace.updates[0]
    batch = first.batches[0]
    np.testing.assert_array_equal(batch.x.data, X[:32])
    np.testing.assert_array_equal(batch.y.data.ravel(), CLASSES[:32])
    assert set(batch.modes.values()) == {True}
    assert batch.regularisation > 0
    assert first.rate == pytest.approx(0.01)
    assert first.loss > batch.regularisation
    assert set(first.before) == set(first.gradient) == {v.name for v in trace.trainable}
    moved = first.after[trace.trainable[0].name].data - first.before[trace.trainable[0].name].data
    assert 0 < np.abs(moved).max() < 0.011
    assert len(first.buffers) == 2
    evaluation = trace.evaluations[0]
    assert (evaluation.after, len(evaluation.rows)) == (3, 40)
    assert set(evaluation.modes.values()) == {False}
    assert "fit(x, y" in first.where or "net.fit" in first.where


def test_the_losses_recorded_are_those_that_keras_reports():
    made = model()
    made.compile(adam(), LOGITS)
    with watch(made) as trace:
        told = made.fit(X, CLASSES, batch_size=96, epochs=2, shuffle=False, verbose=0)
    seen = [update.loss for update in trace.trace().updates]
    np.testing.assert_allclose(seen, told.history["loss"], rtol=1e-6)


def test_a_function_traced_in_an_earlier_watch_is_seen_in_the_next():
    made, optimizer = model(), sgd()
    with watch(made, optimizer) as first:
        step = tf.function(steps(made, optimizer, trace=first))
        train(step, made, epochs=1)
    with watch(made, optimizer) as second:
        train(step, made, epochs=1)
    seen = second.trace()
    assert len(seen.updates) == len(first.trace().updates) == 3
    assert seen.updates[0].loss is not None
    last = first.trace().updates[-1].after
    for name, value in seen.updates[0].before.items():
        np.testing.assert_array_equal(value.data, last[name].data)


def test_the_lines_of_a_traced_function_are_the_users():
    made, optimizer = model(), sgd()
    with watch(made, optimizer) as trace:
        train(tf.function(steps(made, optimizer)), made, epochs=1)
    where = trace.trace().updates[0].batches[0].where
    assert "keras_programs.py" in where
    assert "net(x, training=training)" in where


def test_nothing_of_a_watch_is_left_on_the_model():
    made, optimizer = net(), adam()
    made.compile(optimizer, LOGITS)
    before = [set(vars(layer)) for layer in (made, optimizer, *made.layers)]
    with watch(made):
        made.fit(X, CLASSES, verbose=0)
    left = [set(vars(layer)) for layer in (made, optimizer, *made.layers)]
    for old, new in zip(before, left, strict=True):
        assert not {"call", "apply", "compute_loss", "fit"} & (new - old)


def test_mixed_precision_is_watched_through_its_loss_scale():
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    try:
        made = model()
        trace = fitted(made, adam()).trace()
    finally:
        keras.mixed_precision.set_dtype_policy("float32")
    assert trace.precision == "float16"
    assert trace.optimizer == "Adam"
    assert max(v.norm for v in trace.updates[0].gradient.values()) < 100


def test_xla_is_switched_off_and_said_so():
    made = model()
    trace = fitted(made, adam(), jit_compile=True)
    assert len(trace.trace().updates) == 6
    assert any("XLA was switched off" in note for note in trace.notes)
    assert made.jit_compile is True


def test_a_function_that_xla_compiles_is_one_sentence():
    made, optimizer = model(), sgd()
    step = tf.function(steps(made, optimizer), jit_compile=True)
    with pytest.raises(TraceError, match="leave jit_compile=True out"), watch(made, optimizer):
        train(step, made, epochs=1)


def test_a_function_traced_before_is_one_sentence():
    made, optimizer = model(), sgd()
    step = tf.function(steps(made, optimizer))
    train(step, made, epochs=1)
    with (
        pytest.raises(TraceError, match=r"saw none of the 3 updates made.*traced before"),
        watch(made, optimizer),
    ):
        train(step, made, epochs=1)


def test_a_strategy_is_refused():
    with tf.distribute.OneDeviceStrategy("cpu:0").scope():
        made = model()
        made.compile(sgd(), LOGITS)
    with pytest.raises(TraceError, match="OneDeviceStrategy"), watch(made):
        pass


def test_an_optimizer_of_another_model_is_refused():
    made, other, optimizer = model(), model(), sgd()
    optimizer.build(other.trainable_variables)
    with (
        pytest.raises(TraceError, match="the optimizer that updates the model"),
        watch(made, optimizer),
    ):
        pass
    with (
        pytest.raises(TraceError, match="of which the model has none"),
        watch(made, fresh := sgd()),
    ):
        train(steps(other, fresh), other, epochs=1)


def test_a_model_never_trained_is_one_sentence():
    made = model()
    with (
        pytest.raises(TraceError, match="saw no update: the model was never called"),
        watch(made, sgd()),
    ):
        pass
    with pytest.raises(TraceError, match="saw no update: the model was called"), watch(made, sgd()):
        made(X)


def test_start_copies_the_first_weights():
    first = fitted(model(norm=True), adam())
    keras.utils.set_random_seed(7)
    other = model(norm=True)
    for variable in other.trainable_variables:
        variable.assign(variable + 1)
    other.compile(adam(), LOGITS)
    with watch(other, start=first) as trace:
        other.fit(X, CLASSES, batch_size=BATCH, shuffle=False, verbose=0)
    there = list(first.trace().updates[0].before.values())
    for mine, theirs in zip(trace.trace().updates[0].before.values(), there, strict=True):
        np.testing.assert_array_equal(mine.data, theirs.data)


def test_start_needs_a_trace_and_a_model_with_variables_of_those_shapes():
    first = fitted(model(), adam())
    with (
        pytest.raises(TraceError, match="there is no file nope"),
        watch(model(), sgd(), start="nope"),
    ):
        pass
    unbuilt = keras.Sequential([keras.layers.Dense(3)])
    with (
        pytest.raises(TraceError, match="has none yet: build the model"),
        watch(unbuilt, sgd(), start=first),
    ):
        pass
    with (
        pytest.raises(TraceError, match="of the same shapes"),
        watch(model(outputs=5), sgd(), start=first),
    ):
        pass


def test_what_was_seen_before_ctrl_c_is_kept(tmp_path):
    from mlp.trace import load

    made, optimizer = model(), sgd()

    def run():
        with watch(made, optimizer, to=tmp_path / "cut.trace") as trace:
            train(steps(made, optimizer, trace=trace), made, epochs=1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    kept = load(tmp_path / "cut.trace")
    assert kept.cut_off == "KeyboardInterrupt"
    assert len(kept.updates) == 3
