"""Sessions: what they save and where, by which config, and what they leave alone."""

import gc
import threading

import pytest
import tensorflow.compat.v1 as tf

from mlp import estimator as learn
from mlp.tests.estimator.models import (
    TEN,
    build,
    checkpoint_steps,
    mean_model,
    random_model,
    summary_steps,
)


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
    build(mean_model, tmp_path).fit(TEN, steps=7, monitors=[hook])
    assert checkpoint_steps(tmp_path) == [1, 4, 7]


def test_a_subclass_of_the_checkpoint_hook_saves_after_the_first_step_too(tmp_path):
    class Saving(tf.train.CheckpointSaverHook):
        saved = ()

        def after_create_session(self, session, coord):
            self.created = True
            super().after_create_session(session, coord)

        def _save(self, session, step):
            self.saved += (int(step),)
            return super()._save(session, step)

    hook = Saving(str(tmp_path), save_steps=2)
    estimator = build(mean_model, tmp_path).fit(TEN, steps=3, monitors=[hook])
    estimator.fit(TEN, steps=2, monitors=[hook])
    assert hook.created
    assert hook.saved == (1, 3, 5)


def test_a_profiler_profiles_the_first_step(tmp_path):
    with tf.Graph().as_default():
        hook = tf.train.ProfilerHook(save_steps=2, output_dir=str(tmp_path))
    build(mean_model, tmp_path).fit(TEN, steps=4, monitors=[hook])
    assert sorted(path.name for path in tmp_path.glob("timeline*")) == [
        "timeline-1.json",
        "timeline-3.json",
    ]


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
