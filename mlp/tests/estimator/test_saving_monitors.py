"""Monitors that write summaries, the step rate and checkpoints."""

import pytest
import tensorflow.compat.v1 as tf

from mlp.estimator import monitors
from mlp.tests.estimator.models import TEN, build, checkpoint_steps, mean_model, summary_steps


def summarized(features, labels, mode):
    ops = mean_model(features, labels, mode)
    tf.summary.scalar("the_loss", ops.loss)
    return ops


def fit(directory, *given, steps=5):
    estimator = build(
        summarized,
        directory,
        save_summary_steps=None,
        log_step_count_steps=None,
        save_checkpoints_secs=None,
    )
    estimator.fit(TEN, steps=steps, monitors=list(given))


def test_summaries_in_the_estimators_directory(tmp_path):
    fit(tmp_path, monitors.SummarySaver("the_loss:0", save_steps=2))
    assert summary_steps("the_loss", tmp_path) == [1, 3, 5]


def test_summaries_of_a_scaffold_elsewhere(tmp_path):
    scaffold = tf.train.Scaffold(summary_op="the_loss:0")
    fit(tmp_path / "here", monitors.SummarySaver(None, 4, str(tmp_path / "there"), None, scaffold))
    assert summary_steps("the_loss", tmp_path / "there") == [1, 5]


def test_a_writer_may_be_given(tmp_path):
    with tf.Graph().as_default():
        writer = tf.summary.FileWriter(str(tmp_path / "mine"))
    fit(tmp_path / "here", monitors.SummarySaver("the_loss:0", 4, summary_writer=writer))
    assert summary_steps("the_loss", tmp_path / "mine") == [1, 5]


def test_the_step_rate(tmp_path):
    fit(tmp_path, monitors.StepCounter(every_n_steps=2))
    assert summary_steps("global_step/sec", tmp_path) == [3, 5]


@pytest.mark.parametrize(
    ("period", "kept"), [({"save_steps": 2}, [1, 3, 5, 6]), ({"save_secs": 600}, [1, 6])], ids=str
)
def test_checkpoints(tmp_path, period, kept):
    fit(tmp_path, monitors.CheckpointSaver(str(tmp_path), **period), steps=6)
    assert checkpoint_steps(tmp_path) == kept


def test_the_period_of_checkpoints_is_one_of_two():
    with pytest.raises(ValueError, match="Either save_steps or save_secs should be provided"):
        monitors.CheckpointSaver("d")
    with pytest.raises(ValueError, match="Can not provide both save_steps and save_secs"):
        monitors.CheckpointSaver("d", 1, 1)
