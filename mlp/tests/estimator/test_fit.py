"""Training: what it feeds, when it stops, what it saves, and what it leaves alone."""

import functools
import gc
import threading

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from mlp import estimator as learn
from mlp.tests.estimator.models import (
    TEN,
    Recorder,
    build,
    checkpoint_steps,
    config,
    descend,
    mean_model,
    random_model,
    rounding_model,
    slices,
    summary_steps,
)


def test_every_step_trains_on_the_feeders_next_slice(tmp_path):
    recorder = Recorder()
    estimator = build(mean_model, tmp_path)
    assert estimator.fit(TEN, steps=7, batch_size=4, monitors=[recorder]) is estimator
    expected = slices(10, 4, 7)
    for fed, rows in zip(recorder.values, expected, strict=True):
        np.testing.assert_array_equal(fed[:, 0], TEN[rows])
    taken = sum(TEN[rows].mean() for rows in expected)
    assert estimator.get_variable_value("w") == pytest.approx(-taken, rel=1e-12)


def test_all_rows_at_once_without_a_batch_size(tmp_path):
    recorder = Recorder()
    build(mean_model, tmp_path).fit(TEN, steps=2, monitors=[recorder])
    assert [len(fed) for fed in recorder.values] == [10, 10]


def test_fit_goes_on_from_the_checkpoint(tmp_path):
    estimator = build(mean_model, tmp_path)
    estimator.fit(TEN, steps=5, batch_size=4).fit(TEN, steps=5, batch_size=4)
    assert estimator.get_variable_value("global_step") == 10
    once = sum(TEN[rows].mean() for rows in slices(10, 4, 5))
    assert estimator.get_variable_value("w") == pytest.approx(-2 * once, rel=1e-12)


def test_five_steps_and_five_more_are_ten(tmp_path):
    def momentum(features, labels, mode):
        w = tf.get_variable("w", [], features.dtype, tf.ones_initializer())
        loss = tf.reduce_mean((w * features[:, 0] - labels) ** 2)
        optimizer = tf.train.AdamOptimizer(0.1)
        step = optimizer.minimize(loss, global_step=tf.train.get_global_step())
        return learn.ModelFnOps(mode, w * features, loss, step)

    halves, whole = build(momentum, tmp_path / "halves"), build(momentum, tmp_path / "whole")
    halves.fit(TEN, TEN * 3, steps=5).fit(TEN, TEN * 3, steps=5)
    whole.fit(TEN, TEN * 3, steps=10)
    assert halves.get_variable_names() == whole.get_variable_names()
    for name in whole.get_variable_names():
        np.testing.assert_allclose(
            halves.get_variable_value(name), whole.get_variable_value(name), rtol=1e-12
        )


def test_another_estimator_goes_on_in_the_same_directory(tmp_path):
    build(mean_model, tmp_path).fit(TEN, steps=2)
    later = build(mean_model, tmp_path).fit(TEN, steps=1)
    assert later.get_variable_value("w") == pytest.approx(-3 * TEN.mean())


def test_max_steps_counts_from_the_start(tmp_path):
    estimator = build(mean_model, tmp_path).fit(TEN, steps=3)
    assert estimator.fit(TEN, max_steps=5).get_variable_value("global_step") == 5
    recorder = Recorder()
    estimator.fit(TEN, max_steps=5, monitors=[recorder])
    assert estimator.get_variable_value("global_step") == 5
    assert recorder.values == []


def test_partial_fit_takes_one_step(tmp_path):
    estimator = build(mean_model, tmp_path)
    assert estimator.partial_fit(TEN[:3]).partial_fit(TEN[3:]) is estimator
    assert estimator.get_variable_value("global_step") == 2
    assert estimator.get_variable_value("w") == pytest.approx(-(1.0 + 6.0))


def test_float64_features_train_in_float64(tmp_path):
    estimator = build(mean_model, tmp_path).fit(TEN, steps=1)
    assert estimator.get_variable_value("w").dtype == np.float64
    single = build(mean_model, tmp_path / "single").fit(TEN.astype(np.float32), steps=1)
    assert single.get_variable_value("w").dtype == np.float32


def test_integer_labels_arrive_as_int64(tmp_path):
    seen = []

    def model_fn(features, labels, mode):
        seen.append((features.dtype, labels.dtype, labels.shape.as_list()))
        return mean_model(features, labels, mode)

    build(model_fn, tmp_path).fit(TEN, np.arange(10), steps=1)
    assert seen == [(tf.float64, tf.int64, [None])]


def test_dict_features(tmp_path):
    def model_fn(features, labels, mode):
        return mean_model(features["a"] + features["b"], labels, mode)

    estimator = build(model_fn, tmp_path).fit({"a": TEN, "b": TEN * 2}, steps=1)
    assert estimator.get_variable_value("w") == pytest.approx(-3 * TEN.mean())


def test_a_stream_trains_to_its_end(tmp_path):
    rows = (np.array([value]) for value in TEN)
    estimator = build(mean_model, tmp_path).fit(rows, batch_size=4)
    assert estimator.get_variable_value("global_step") == 3
    taken = TEN[:4].mean() + TEN[4:8].mean() + TEN[8:].mean()
    assert estimator.get_variable_value("w") == pytest.approx(-taken)


def test_an_input_fn_trains_to_its_end(tmp_path):
    def input_fn():
        dataset = tf.data.Dataset.from_tensor_slices(TEN[:, np.newaxis]).batch(5)
        return tf.data.make_one_shot_iterator(dataset).get_next(), None

    estimator = build(mean_model, tmp_path).fit(input_fn=input_fn)
    assert estimator.get_variable_value("w") == pytest.approx(-(2.0 + 7.0))


def test_the_loss_is_guarded_against_nan(tmp_path):
    def diverging(features, _labels, mode):
        loss = tf.reduce_mean(tf.get_variable("w", [], features.dtype)) * np.nan
        return learn.ModelFnOps(mode, features, loss, descend(loss))

    with pytest.raises(learn.NanLossDuringTrainingError):
        build(diverging, tmp_path).fit(TEN, steps=3)


@pytest.mark.parametrize(
    ("saving", "kept"),
    [
        ({"save_checkpoints_steps": 4}, [1, 5, 9, 10]),
        ({"save_checkpoints_steps": 9}, [1, 10]),
        ({}, [1, 10]),
        ({"save_checkpoints_steps": 1, "keep_checkpoint_max": 2}, [9, 10]),
        ({"save_checkpoints_steps": 2, "keep_checkpoint_max": None}, [1, 3, 5, 7, 9, 10]),
    ],
    ids=str,
)
def test_checkpoints_after_the_first_step_then_each_period_then_at_the_end(tmp_path, saving, kept):
    build(mean_model, tmp_path, **saving).fit(TEN, steps=10)
    assert checkpoint_steps(tmp_path) == kept


def test_no_checkpoints_when_they_are_off(tmp_path):
    estimator = build(mean_model, tmp_path, save_checkpoints_secs=None).fit(TEN, steps=2)
    assert tf.train.latest_checkpoint(str(tmp_path)) is None
    with pytest.raises(learn.NotFittedError):
        estimator.predict(TEN)


def test_a_checkpoint_hook_of_the_programs_own_replaces_the_configs(tmp_path):
    hook = tf.train.CheckpointSaverHook(str(tmp_path), save_steps=3)
    build(mean_model, tmp_path).fit(TEN, steps=6, monitors=[hook])
    assert checkpoint_steps(tmp_path) == [0, 3, 6]


def test_the_seed_fixes_the_initial_weights(tmp_path):
    def weights(name, seed):
        estimator = build(random_model, tmp_path / name, tf_random_seed=seed)
        return estimator.fit(TEN, steps=1).get_variable_value("w").tolist()

    assert weights("a", 5) == weights("b", 5)
    assert weights("c", 6) != weights("a2", 5)
    assert weights("d", None) != weights("e", None)


def test_the_session_config_is_used(tmp_path):
    class Devices(tf.train.SessionRunHook):
        def after_create_session(self, session, _coord):
            self.names = [device.name for device in session.list_devices()]

    devices = Devices()
    session_config = tf.ConfigProto(device_count={"CPU": 3})
    build(mean_model, tmp_path, session_config=session_config).fit(TEN, steps=1, monitors=[devices])
    assert sum("CPU" in name for name in devices.names) == 3


def test_summaries_are_written_where_there_are_any(tmp_path):
    def summarized(features, labels, mode):
        ops = mean_model(features, labels, mode)
        tf.summary.scalar("the_loss", ops.loss)
        return ops

    def tags(model_fn, directory):
        estimator = build(model_fn, directory, save_summary_steps=2, log_step_count_steps=3)
        estimator.fit(TEN, steps=8)
        del estimator
        gc.collect()
        (path,) = directory.glob("events*")
        return [
            value.tag
            for event in tf.train.summary_iterator(str(path))
            for value in event.summary.value
        ]

    with_summary = tags(summarized, tmp_path / "with")
    assert with_summary.count("the_loss") == 4
    assert with_summary.count("global_step/sec") == 2
    assert set(tags(mean_model, tmp_path / "without")) == {"global_step/sec"}


def test_event_files_are_closed_with_their_estimator(tmp_path):
    def writers():
        names = [type(thread).__name__ for thread in threading.enumerate()]
        return names.count("_EventLoggerThread")

    gc.collect()
    before = writers()
    estimator = build(mean_model, tmp_path).fit(TEN, steps=1)
    estimator.evaluate(TEN)
    assert writers() == before + 2
    del estimator
    gc.collect()
    assert writers() == before


@pytest.mark.parametrize("whose", ["got first", "got later"])
def test_a_writer_of_the_program_goes_on_after_the_estimator(tmp_path, whose):
    def writer():
        with tf.Graph().as_default():
            return tf.summary.FileWriterCache.get(str(tmp_path))

    mine = writer() if whose == "got first" else None
    estimator = build(mean_model, tmp_path).fit(TEN, steps=1)
    del estimator
    gc.collect()
    mine = mine or writer()
    mine.add_summary(tf.Summary(value=[tf.Summary.Value(tag="mine", simple_value=1)]), 7)
    mine.close()
    assert summary_steps("mine", tmp_path) == [7]


def test_the_programs_graph_and_mode_are_left_alone(tmp_path):
    outside = tf.Graph()
    with outside.as_default():
        estimator = build(mean_model, tmp_path).fit(TEN, steps=1)
        estimator.evaluate(TEN)
        list(estimator.predict(TEN))
        assert tf.get_default_graph() is outside
    assert outside.get_operations() == []
    assert tf.executing_eagerly()


def old_tuple(features, labels):
    ops = mean_model(features, labels, learn.ModeKeys.TRAIN)
    return ops.predictions, ops.loss, ops.train_op


class CallableModel:
    def __call__(self, features, labels, mode):
        return mean_model(features, labels, mode)


def scaled(features, labels, mode, params):
    return mean_model(features * params["scale"], labels, mode)


@pytest.mark.parametrize(
    ("model_fn", "params", "scale"),
    [
        (old_tuple, None, 1),
        (CallableModel(), None, 1),
        (scaled, {"scale": 2}, 2),
        (functools.partial(scaled, params={"scale": 3}), None, 3),
    ],
    ids=["tuple", "callable", "params", "partial"],
)
def test_forms_of_model_fn(tmp_path, model_fn, params, scale):
    estimator = learn.Estimator(model_fn, str(tmp_path), config(), params).fit(TEN, steps=1)
    assert estimator.params == params
    assert estimator.get_variable_value("w") == pytest.approx(-scale * TEN.mean())
    np.testing.assert_allclose(
        estimator.predict(TEN, as_iterable=False), scale * (TEN - TEN.mean())
    )


def test_model_fn_is_told_mode_config_and_directory(tmp_path):
    calls = []

    def model_fn(features, labels, mode, config, model_dir):
        calls.append((mode, config.tf_random_seed, model_dir, config.model_dir))
        return mean_model(features, labels, mode)

    estimator = build(model_fn, tmp_path, tf_random_seed=9).fit(TEN, steps=1)
    estimator.evaluate(TEN)
    list(estimator.predict(TEN))
    where = str(tmp_path)
    assert calls == [(mode, 9, where, where) for mode in ("train", "eval", "infer")]


def test_feature_engineering_comes_first(tmp_path):
    estimator = learn.Estimator(
        mean_model, str(tmp_path), config(), feature_engineering_fn=lambda x, y: (x * 10, y)
    )
    assert estimator.fit(TEN, steps=1).get_variable_value("w") == pytest.approx(-45)


def test_hooks_and_scaffold_of_the_model(tmp_path):
    recorder, chief_recorder = Recorder(), Recorder()

    def model_fn(features, labels, mode):
        ops = mean_model(features, labels, mode)
        (w,) = tf.trainable_variables()
        init_op = tf.group(tf.global_variables_initializer(), name="init")
        with tf.control_dependencies([init_op]):
            init_op = tf.assign(w, 100.0).op
        return ops._replace(
            training_hooks=[recorder],
            training_chief_hooks=[chief_recorder],
            scaffold=tf.train.Scaffold(init_op=init_op),
        )

    estimator = build(model_fn, tmp_path).fit(TEN, steps=2)
    assert len(recorder.values) == len(chief_recorder.values) == 2
    assert estimator.get_variable_value("w") == pytest.approx(100 - 2 * TEN.mean())


def test_a_temporary_directory_when_none_is_given():
    first, second = learn.Estimator(mean_model), learn.Estimator(mean_model)
    assert first.model_dir != second.model_dir
    assert first.config.model_dir == first.model_dir


def test_the_directory_may_come_from_the_config(tmp_path):
    settled = learn.RunConfig(model_dir=str(tmp_path))
    assert learn.Estimator(mean_model, config=settled).model_dir == str(tmp_path)
    assert learn.Estimator(mean_model, str(tmp_path), settled).model_dir == str(tmp_path)
    with pytest.raises(ValueError, match="model_dir are set both in constructor and RunConfig"):
        learn.Estimator(mean_model, model_dir="elsewhere", config=settled)


def test_the_config_is_a_copy(tmp_path):
    estimator = build(mean_model, tmp_path)
    estimator.config.session_config.intra_op_parallelism_threads = 99
    assert estimator.config.session_config.intra_op_parallelism_threads == 1


def constant_input():
    return tf.constant([[1.0]]), None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Either x or input_fn must be provided"),
        ({"x": TEN, "input_fn": constant_input}, "Can not provide both input_fn and x or y"),
        ({"y": TEN, "input_fn": constant_input}, "Can not provide both input_fn and x or y"),
        ({"input_fn": constant_input, "batch_size": 2}, "both input_fn and batch_size"),
        ({"x": TEN, "steps": 1, "max_steps": 1}, "Can not provide both steps and max_steps"),
        ({"x": TEN, "steps": 0}, "Must specify steps > 0, given: 0"),
        ({"x": TEN, "steps": -1}, "Must specify steps > 0, given: -1"),
        ({"x": TEN, "max_steps": 0}, "Must specify max_steps > 0, given: 0"),
        ({"x": TEN, "batch_size": 0, "steps": 1}, "Invalid batch_size 0"),
    ],
)
def test_fit_called_wrongly(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        build(mean_model, tmp_path).fit(**arguments)


def test_tensors_are_no_arrays(tmp_path):
    with tf.Graph().as_default():
        tensor = tf.constant([[1.0]])
    estimator = build(mean_model, tmp_path)
    for x, y in ((tensor, None), (TEN, tensor)):
        with pytest.raises(ValueError, match="Inputs cannot be tensors"):
            estimator.fit(x, y, steps=1)


def test_inputs_must_stay_of_one_kind(tmp_path):
    estimator = build(rounding_model, tmp_path).fit(TEN, np.arange(10), steps=1)
    with pytest.raises(ValueError, match="Features are incompatible with given information"):
        estimator.fit(TEN.astype(np.float32), np.arange(10), steps=1)
    with pytest.raises(ValueError, match="Features are incompatible with given information"):
        estimator.fit(np.ones((10, 2)), np.arange(10), steps=1)
    with pytest.raises(ValueError, match="Labels are incompatible with given information"):
        estimator.fit(TEN, TEN, steps=1)
    with pytest.raises(ValueError, match="Features are incompatible with given information"):
        estimator.fit({"a": TEN}, np.arange(10), steps=1)


def test_params_that_model_fn_does_not_take(tmp_path):
    with pytest.raises(ValueError, match="does not have a params argument"):
        learn.Estimator(mean_model, str(tmp_path), params={"rate": 1})


def test_a_model_fn_is_needed():
    with pytest.raises(ValueError, match="model_fn must be provided"):
        learn.Estimator()


@pytest.mark.parametrize(
    ("result", "error"), [(None, TypeError), ((1, 2), ValueError), ("ops", ValueError)]
)
def test_a_model_fn_that_returns_something_else(tmp_path, result, error):
    with pytest.raises(error, match="please return ModelFnOps"):
        build(lambda _features, _labels: result, tmp_path).fit(TEN, steps=1)
