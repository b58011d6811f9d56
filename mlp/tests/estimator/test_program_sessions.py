"""Monitors apart from `fit`: in sessions of the program's own, and called by hand."""

import pytest
import tensorflow.compat.v1 as tf

from mlp import estimator as learn
from mlp.estimator import monitors
from mlp.tests.estimator.models import build, mean_model


class Steps(monitors.BaseMonitor):
    """Keeps the steps it is told of."""

    def __init__(self):
        super().__init__()
        self.ended = []

    def step_end(self, step, output):
        self.ended.append(step)
        return super().step_end(step, output)


@pytest.fixture
def updates():
    """An operation that adds 1 to the global step and takes 4.5 from ``w``, in its graph."""
    with tf.Graph().as_default():
        step = tf.train.create_global_step()
        w = tf.get_variable("w", [], tf.float64, tf.zeros_initializer())
        local = tf.get_local_variable("local", [], tf.int32, tf.zeros_initializer())
        yield tf.group(tf.assign_add(step, 1), tf.assign_sub(w, 4.5), tf.assign_add(local, 2))


def run(update, given, directory=None):
    estimator = learn.Estimator(mean_model)
    hooks = monitors.replace_monitors_with_hooks(given, estimator)
    with tf.train.MonitoredTrainingSession(hooks=hooks, checkpoint_dir=directory) as session:
        while not session.should_stop():
            session.run(update)


def test_steps_and_updates_in_a_session_of_the_programs_own(updates, tmp_path):
    steps, stop = Steps(), monitors.StopAtStep(last_step=4)
    run(updates, [steps, stop], str(tmp_path))
    assert steps.ended == [1, 2, 3, 4]
    assert tf.train.load_variable(str(tmp_path), "w") == -18
    again = Steps()
    run(updates, [again, monitors.StopAtStep(num_steps=2)], str(tmp_path))
    assert again.ended == [5, 6]


def test_the_first_step_is_learnt_at_the_first_run(updates):
    class Restoring(tf.train.SessionRunHook):
        def after_create_session(self, session, _coord):
            session.run(updates)

    steps = Steps()
    run(updates, [steps, monitors.StopAtStep(last_step=3), Restoring()])
    assert steps.ended == [2, 3]


def test_a_run_that_makes_no_step_is_told_as_the_same(updates):
    steps, stop = Steps(), monitors.StopAtStep(last_step=9)
    hooks = monitors.replace_monitors_with_hooks([steps, stop], learn.Estimator(mean_model))
    nothing = tf.no_op()
    with tf.train.MonitoredSession(hooks=hooks) as session:
        for operation in (nothing, updates, nothing, updates):
            session.run(operation)
    assert steps.ended == [1, 1, 2, 2]


@pytest.mark.parametrize("name", ["w", "w:0"])
def test_variables_are_seen_after_the_run(updates, name):
    capture = monitors.CaptureVariable(name, every_n=1)
    run(updates, [capture, monitors.StopAtStep(last_step=3)])
    assert capture.values == {1: -4.5, 2: -9, 3: -13.5}


def test_a_variable_object_and_a_local_variable(updates):
    class All(Steps):
        def step_begin(self, step):
            return [*super().step_begin(step), *tf.trainable_variables(), "local:0"]

        def step_end(self, step, output):
            self.seen = {getattr(key, "name", key): value for key, value in output.items()}
            return super().step_end(step, output)

    seen = All()
    run(updates, [seen, monitors.StopAtStep(last_step=2)])
    assert seen.seen == {"w:0": -9, "local:0": 4}


def test_trainable_variables_are_logged(updates, caplog):
    logging = monitors.LoggingTrainable(every_n=2)
    with caplog.at_level("INFO", logger="tensorflow"):
        run(updates, [logging, monitors.StopAtStep(last_step=3)])
    lines = [line for line in caplog.messages if line.startswith("Logging Trainable")]
    assert lines == [
        "Logging Trainable: Step 1: w:0 = -4.5",
        "Logging Trainable: Step 3: w:0 = -13.5",
    ]


def test_graphs_are_dumped_and_compared(updates):
    first, second = monitors.GraphDump(), monitors.GraphDump()
    run(updates, [first, second, monitors.StopAtStep(last_step=2)])
    assert sorted(first.data) == [1, 2]
    values = {tensor.name: value for tensor, value in first.data[2].items()}
    assert (values["w:0"], values["global_step:0"]) == (-9, 2)
    first.data = {1: {"a": 1.0, "b": 2.0}}
    second.data = {1: {"a": 1.0, "b": 3.0}}
    assert first.compare(second, 1) == (["a"], {"b": (2.0, 3.0)})


NAN = float("nan")


@pytest.fixture
def tensor():
    with tf.Graph().as_default():
        yield tf.constant(1.0, name="a")


def told(monitor, output):
    monitor.begin()
    monitor.step_begin(1)
    return monitor.step_end(1, output)


@pytest.mark.parametrize("by_name", [True, False])
def test_outputs_may_be_keyed_by_a_tensors_name(tensor, by_name):
    key = "a:0" if by_name else tensor
    assert told(monitors.NanLoss(tensor, fail_on_nan_loss=False), {key: NAN}) is True
    assert told(monitors.NanLoss(tensor), {key: 1.0}) in (False, None)
    capture = monitors.CaptureVariable(tensor)
    told(capture, {key: 3.0})
    assert capture.values == {1: 3.0}


def test_printed_tensors_may_be_keyed_by_name(tensor, caplog):
    with caplog.at_level("INFO", logger="tensorflow"):
        told(monitors.PrintTensor({"loss": tensor, "gone": "gone:0"}), {"a:0": 3.0})
    assert caplog.messages[-1] == "Step 1: loss = 3.0"


def test_summaries_may_be_keyed_by_name(tensor):
    class Writer:
        written = ()

        def add_summary(self, *written):
            self.written = written

    writer = Writer()
    told(monitors.SummarySaver(tensor, summary_writer=writer), {"a:0": b"summary"})
    assert writer.written == (b"summary", 1)


def test_variables_may_be_keyed_by_name():
    with tf.Graph().as_default():
        variable = tf.get_variable("v", [])
    assert told(monitors.NanLoss(variable, fail_on_nan_loss=False), {"v:0": NAN}) is True


def test_the_monitors_that_come_by_default(tensor):
    loss, summary = monitors.get_default_monitors(tensor, tensor, 7)
    assert isinstance(loss, monitors.PrintTensor)
    assert isinstance(summary, monitors.SummarySaver)
    assert monitors.get_default_monitors() == []


def test_monitors_of_an_estimators_directory_in_another_session(updates, tmp_path):
    estimator = build(mean_model, tmp_path)
    counter = monitors.StepCounter(every_n_steps=1)
    hooks = monitors.replace_monitors_with_hooks(
        [counter, monitors.StopAtStep(last_step=2)], estimator
    )
    with tf.train.MonitoredSession(hooks=hooks) as session:
        while not session.should_stop():
            session.run(updates)
    assert list(tmp_path.glob("events*"))
