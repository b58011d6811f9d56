"""Monitors: the steps they are told, what they ask for, and how they stop training."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from mlp import estimator as learn
from mlp.estimator import monitors
from mlp.tests.estimator.models import TEN, build, descend, mean_model


class Log(monitors.BaseMonitor):
    """Writes down every call."""

    def __init__(self, requests=()):
        super().__init__()
        self.requests = list(requests)
        self.calls = []
        self.outputs = []

    def begin(self, max_steps=None):
        super().begin(max_steps)
        self.calls.append("begin")

    def step_begin(self, step):
        self.calls.append(f"begin {step}")
        return super().step_begin(step) + self.requests

    def step_end(self, step, output):
        self.calls.append(f"end {step}")
        self.outputs.append(dict(output))
        return super().step_end(step, output)

    def post_step(self, step, _session):
        self.calls.append(f"post {step}")

    def end(self, session=None):
        super().end(session)
        self.calls.append("end")


class Every(monitors.EveryN):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.ended, self.posted = [], []

    def every_n_step_end(self, step, _outputs):
        self.ended.append(step)

    def every_n_post_step(self, step, _session):
        self.posted.append(step)


def test_steps_are_counted_from_one(tmp_path):
    log = Log()
    build(mean_model, tmp_path).fit(TEN, steps=2, monitors=[log])
    steps = [f"{what} {step}" for step in (1, 2) for what in ("begin", "end", "post")]
    assert log.calls == ["begin", *steps, "end"]


def test_steps_go_on_where_training_does(tmp_path):
    log = Log()
    estimator = build(mean_model, tmp_path).fit(TEN, steps=3)
    estimator.fit(TEN, steps=2, monitors=[log])
    assert [call for call in log.calls if call.startswith("end ")] == ["end 4", "end 5"]


def test_steps_follow_the_global_step(tmp_path):
    def by_two(features, labels, mode):
        ops = mean_model(features, labels, mode)
        with tf.control_dependencies([ops.train_op]):
            return ops._replace(train_op=tf.assign_add(tf.train.get_global_step(), 1).op)

    log = Log()
    build(by_two, tmp_path).fit(TEN, steps=5, monitors=[log])
    assert [call for call in log.calls if call.startswith("end ")] == ["end 1", "end 3", "end 5"]


def test_the_step_is_exact_over_many_steps(tmp_path):
    log = Log()
    build(mean_model, tmp_path).fit(TEN, steps=200, monitors=[log])
    ended = [call for call in log.calls if call.startswith("end ")]
    assert ended == [f"end {step}" for step in range(1, 201)]


def test_tensors_by_name_with_and_without_a_suffix(tmp_path):
    log = Log(["input:0", "Mean"])
    build(mean_model, tmp_path).fit(TEN, steps=1, monitors=[log])
    (output,) = log.outputs
    np.testing.assert_array_equal(np.sort(output["input:0"][:, 0]), TEN)
    assert output["Mean"] == 0


def test_requests_that_cannot_be_met(tmp_path):
    with tf.Graph().as_default():
        foreign = tf.constant(1)
    estimator = build(mean_model, tmp_path)
    with pytest.raises(ValueError, match="should be of the current graph"):
        estimator.fit(TEN, steps=1, monitors=[Log([foreign])])

    class Tuple(monitors.BaseMonitor):
        def step_begin(self, _step):
            return ("input:0",)

    with pytest.raises(ValueError, match="should return a list"):
        estimator.fit(TEN, steps=1, monitors=[Tuple()])

    def two_outputs(features, labels, mode):
        tf.split(tf.zeros([2]), 2, name="halves")
        return mean_model(features, labels, mode)

    with pytest.raises(ValueError, match="halves is ambiguous"):
        build(two_outputs, tmp_path).fit(TEN, steps=1, monitors=[Log(["halves"])])


@pytest.mark.parametrize(
    ("every_n", "first_n", "ended"),
    [(3, 1, [1, 4, 7]), (3, -1, [3, 6]), (3, 2, [1, 2, 5, 8]), (1, 1, list(range(1, 9)))],
)
def test_every_n_steps_and_the_first_ones(tmp_path, every_n, first_n, ended):
    every = Every(every_n, first_n)
    build(mean_model, tmp_path).fit(TEN, steps=8, monitors=[every])
    assert every.ended == ended
    assert every.posted == ended + ([] if ended[-1] == 8 else [8])


@pytest.mark.parametrize(
    ("stop", "last"), [({"num_steps": 2}, 5), ({"last_step": 4}, 4)], ids=["num", "last"]
)
def test_stop_at_step(tmp_path, stop, last):
    estimator = build(mean_model, tmp_path).fit(TEN, steps=3)
    estimator.fit(TEN, monitors=[monitors.StopAtStep(**stop)])
    assert estimator.get_variable_value("global_step") == last


def test_stop_at_step_takes_one_of_two():
    with pytest.raises(ValueError, match="One of num_steps or last_step must be"):
        monitors.StopAtStep()
    with pytest.raises(ValueError, match="Only one of num_steps or last_step can be"):
        monitors.StopAtStep(1, 2)


def test_captured_values(tmp_path):
    capture = monitors.CaptureVariable("w_after:0", every_n=2, first_n=0)

    def model_fn(features, labels, mode):
        ops = mean_model(features, labels, mode)
        (w,) = tf.trainable_variables()
        with tf.control_dependencies([ops.train_op]):
            tf.identity(w.read_value(), name="w_after")
        return ops

    build(model_fn, tmp_path).fit(TEN, steps=5, monitors=[capture])
    assert capture.values == {2: -9.0, 4: -18.0}


@pytest.mark.parametrize("names", [["Mean"], {"the loss": "Mean"}])
def test_printed_tensors(tmp_path, monkeypatch, names):
    lines = []
    monkeypatch.setattr(tf.logging, "info", lambda text, *values: lines.append(text % values))
    printer = monitors.PrintTensor(names, every_n=2)
    build(mean_model, tmp_path).fit(TEN, steps=3, monitors=[printer])
    label = next(iter(names))
    assert [line for line in lines if line.startswith("Step")] == [
        f"Step 1: {label} = 0.0",
        f"Step 3: {label} = -40.5",
    ]


def test_nan_loss_stops_quietly_when_told_to(tmp_path):
    def diverging(features, _labels, mode):
        loss = tf.get_variable("w", [], features.dtype, tf.zeros_initializer()) + 1
        tf.log(loss, name="watched")
        return learn.ModelFnOps(mode, features, loss, descend(loss))

    quiet = monitors.NanLoss("watched", every_n_steps=1, fail_on_nan_loss=False)
    estimator = build(diverging, tmp_path).fit(TEN, steps=9, monitors=[quiet])
    assert estimator.get_variable_value("global_step") == 3
    loud = monitors.NanLoss("watched", every_n_steps=1)
    with pytest.raises(learn.NanLossDuringTrainingError):
        estimator.fit(TEN, steps=9, monitors=[loud])


def test_hooks_and_monitors_may_be_mixed(tmp_path):
    log = Log()
    stop = tf.train.StopAtStepHook(num_steps=2)
    estimator = build(mean_model, tmp_path).fit(TEN, monitors=[log, stop])
    assert estimator.get_variable_value("global_step") == 2
    assert log.calls[-2:] == ["post 2", "end"]


def test_monitors_run_in_a_session_of_the_programs_own():
    log = Log()
    with tf.Graph().as_default():
        step = tf.train.create_global_step()
        train_op = tf.assign_add(step, 1)
        hook = monitors.RunHookAdapterForMonitors([log])
        with tf.train.MonitoredTrainingSession(hooks=[hook]) as session:
            session.run(train_op)
    assert log.calls == ["begin", "begin 1", "end 1", "post 1", "end"]


def test_misuse_is_noticed():
    monitor = monitors.BaseMonitor()
    with pytest.raises(ValueError, match="Missing estimator"):
        monitor.set_estimator(None)
    with pytest.raises(ValueError, match="end called without begin"):
        monitor.end()
    monitor.begin(max_steps=5)
    with pytest.raises(ValueError, match="begin called twice without end"):
        monitor.begin()
    for step in (-1, 6):
        with pytest.raises(ValueError, match=f"Invalid step {step}"):
            monitor.step_begin(step)
    monitor.step_begin(2)
    with pytest.raises(ValueError, match="step_end expected 2 but got 3"):
        monitor.step_end(3, {})


def test_epochs_of_a_loop_of_the_programs_own():
    monitor = monitors.BaseMonitor()
    monitor.epoch_begin(1)
    with pytest.raises(ValueError, match="epoch_begin called twice without epoch_end"):
        monitor.epoch_begin(2)
    with pytest.raises(ValueError, match="epoch_end expected 1 but got 2"):
        monitor.epoch_end(2)
    monitor.epoch_end(1)
    with pytest.raises(ValueError, match="Invalid epoch -1"):
        monitor.epoch_begin(-1)
