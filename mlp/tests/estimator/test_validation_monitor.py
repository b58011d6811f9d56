"""Validation during training, and early stopping."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from mlp import estimator as learn
from mlp.tests.estimator.models import TEN, Recorder, build, mean_model


def losses_of(losses):
    """A model whose loss at global step s is `losses[s]`, and whose score is minus that."""

    def model_fn(features, _labels, mode):
        step = tf.train.get_global_step()
        loss = tf.gather(tf.constant(losses, tf.float32), step)
        score = {"score": tf.metrics.mean(-loss)} if mode == "eval" else None
        return learn.ModelFnOps(mode, features, loss, tf.assign_add(step, 1), eval_metric_ops=score)

    return model_fn


class Watching(learn.ValidationMonitor):
    """Keeps, of each evaluation, the training step it was made at and the checkpoint's."""

    def __init__(self, **arguments):
        super().__init__(x=TEN, **arguments)
        self.points = []

    def every_n_step_end(self, step, outputs):
        before = self._latest_path
        stop = super().every_n_step_end(step, outputs)
        if self._latest_path != before:
            self.points.append((step, int(self._latest_path.rsplit("-", 1)[1])))
        return stop


VALLEY = [6.0, 5, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    ("save_every", "look_every", "points"),
    [
        (1, 1, [(step, step) for step in range(1, 5)]),
        (3, 1, [(1, 1), (4, 4)]),
        (2, 2, [(2, 1), (4, 3)]),
        (1, 3, [(3, 3)]),
        (100, 2, [(2, 1)]),
    ],
)
def test_only_new_checkpoints_are_evaluated(tmp_path, save_every, look_every, points):
    monitor = Watching(every_n_steps=look_every)
    build(mean_model, tmp_path, save_checkpoints_steps=save_every).fit(
        TEN, steps=4, monitors=[monitor]
    )
    assert monitor.points == points


def test_nothing_is_evaluated_without_checkpoints(tmp_path):
    monitor = Watching(every_n_steps=1)
    build(mean_model, tmp_path, save_checkpoints_secs=None).fit(TEN, steps=3, monitors=[monitor])
    assert monitor.points == []
    assert (monitor.best_step, monitor.best_value, monitor.best_metrics) == (None, None, None)


@pytest.mark.parametrize(
    "watched",
    [{}, {"early_stopping_metric": "score", "early_stopping_metric_minimize": False}],
    ids=["less is better", "more is better"],
)
def test_training_stops_when_the_metric_no_longer_improves(tmp_path, watched):
    monitor = Watching(every_n_steps=1, early_stopping_rounds=2, **watched)
    estimator = build(losses_of(VALLEY), tmp_path, save_checkpoints_steps=1)
    estimator.fit(TEN, steps=7, monitors=[monitor])
    assert monitor.early_stopped
    assert estimator.get_variable_value("global_step") == 4
    assert monitor.best_step == 2
    assert monitor.best_value == (-4 if watched else 4)
    assert monitor.best_metrics == {"loss": 4, "score": -4, "global_step": 2}


def test_training_goes_on_while_the_metric_improves(tmp_path):
    monitor = Watching(every_n_steps=1, early_stopping_rounds=2)
    estimator = build(losses_of(VALLEY[:3]), tmp_path, save_checkpoints_steps=1)
    estimator.fit(TEN, steps=2, monitors=[monitor])
    assert not monitor.early_stopped
    assert (monitor.best_step, monitor.best_value) == (2, 4)


def test_without_rounds_nothing_stops(tmp_path):
    monitor = Watching(every_n_steps=1)
    estimator = build(losses_of(VALLEY), tmp_path, save_checkpoints_steps=1)
    estimator.fit(TEN, steps=5, monitors=[monitor])
    assert not monitor.early_stopped
    assert estimator.get_variable_value("global_step") == 5


def test_validation_does_not_change_training(tmp_path):
    plain = build(mean_model, tmp_path / "plain", save_checkpoints_steps=1)
    watched = build(mean_model, tmp_path / "watched", save_checkpoints_steps=1)
    plain.fit(TEN, steps=4, batch_size=3)
    watched.fit(TEN, steps=4, batch_size=3, monitors=[Watching(every_n_steps=2)])
    assert plain.get_variable_value("w") == watched.get_variable_value("w")


def test_arguments_of_the_evaluation(tmp_path):
    def mean_label(labels, predictions):
        del predictions
        return tf.metrics.mean(labels)

    recorder = Recorder()
    monitor = learn.ValidationMonitor(
        x=TEN[:6],
        y=np.arange(6),
        batch_size=2,
        eval_steps=2,
        every_n_steps=1,
        metrics={"seen": learn.MetricSpec(mean_label)},
        hooks=[recorder],
        early_stopping_rounds=10,
        name="held_out",
    )
    build(mean_model, tmp_path).fit(TEN, np.arange(10), steps=1, monitors=[monitor])
    assert [len(batch) for batch in recorder.values] == [2, 2]
    assert monitor.best_metrics["seen"] == pytest.approx(1.5)
    assert (tmp_path / "eval_held_out").is_dir()


def test_an_input_fn(tmp_path):
    def input_fn():
        return tf.constant([[2.0]], tf.float64), None

    monitor = learn.ValidationMonitor(
        input_fn=input_fn, eval_steps=1, every_n_steps=1, early_stopping_rounds=9
    )
    build(mean_model, tmp_path).fit(TEN, steps=1, monitors=[monitor])
    assert monitor.best_value == pytest.approx(-4.5 * 2)


def test_a_subclass_may_evaluate_by_itself(tmp_path):
    class Counting(learn.ValidationMonitor):
        def _evaluate_estimator(self):
            return {"loss": 5 - self._estimator.get_variable_value("global_step")}

    monitor = Counting(x=TEN, every_n_steps=1, early_stopping_rounds=9)
    estimator = build(mean_model, tmp_path, save_checkpoints_steps=1)
    estimator.fit(TEN, steps=3, monitors=[monitor])
    assert (monitor._best_value, monitor._best_value_step) == (2, 3)


def test_called_wrongly(tmp_path):
    with pytest.raises(ValueError, match="Either x or input_fn should be provided"):
        learn.ValidationMonitor()
    with pytest.raises(ValueError, match="Missing call to set_estimator"):
        learn.ValidationMonitor(x=TEN).every_n_step_end(1, {})
    monitor = Watching(every_n_steps=1, early_stopping_rounds=1, early_stopping_metric="absent")
    with pytest.raises(ValueError, match="Metric absent missing from outputs"):
        build(mean_model, tmp_path).fit(TEN, steps=1, monitors=[monitor])
