"""What hooks and monitors see of variables: their values after the step, however they are named."""

import os
import subprocess
import sys
from collections import namedtuple

import pytest
import tensorflow.compat.v1 as tf

from mlp.estimator import monitors
from mlp.tests.estimator.models import TEN, build, mean_model

Pair = namedtuple("Pair", ["first", "second"])
AFTER = [-4.5, -9.0, -13.5]


def weight():
    (w,) = tf.trainable_variables()
    return w


class Fetching(tf.train.SessionRunHook):
    """Keeps what `ask` of the graph came to at every run."""

    def __init__(self, ask):
        self.ask = ask
        self.results = []

    def begin(self):
        self.fetches = self.ask()

    def before_run(self, _run_context):
        return tf.train.SessionRunArgs(self.fetches)

    def after_run(self, _run_context, run_values):
        self.results.append(run_values.results)


@pytest.mark.parametrize(
    "ask",
    [weight, lambda: "w:0", lambda: tf.get_default_graph().as_graph_element("w:0")],
    ids=["object", "name", "handle"],
)
def test_a_hook_sees_a_variable_after_its_update(tmp_path, ask):
    hook = Fetching(ask)
    build(mean_model, tmp_path).fit(TEN, steps=3, monitors=[hook])
    assert hook.results == AFTER


def test_a_hook_sees_the_global_step_after_its_update(tmp_path):
    hook = Fetching(lambda: [tf.train.get_global_step(), "global_step:0"])
    build(mean_model, tmp_path).fit(TEN, steps=200, monitors=[hook])
    assert hook.results == [[step, step] for step in range(1, 201)]


def test_variables_in_nested_fetches(tmp_path):
    hook = Fetching(lambda: {"a": [Pair("w:0", weight())], 2: ("w:0", {"loss": "Mean:0"})})
    build(mean_model, tmp_path).fit(TEN, steps=1, monitors=[hook])
    assert hook.results == [{"a": [Pair(-4.5, -4.5)], 2: (-4.5, {"loss": 0.0})}]
    assert isinstance(hook.results[0]["a"][0], Pair)


def test_a_variable_that_a_hook_makes(tmp_path):
    def ask():
        return tf.get_variable("made", [], initializer=tf.ones_initializer()).name

    hook = Fetching(ask)
    build(mean_model, tmp_path).fit(TEN, steps=1, monitors=[hook])
    assert hook.results == [1.0]


def test_hooks_of_the_model_see_variables_too(tmp_path):
    hooks = [Fetching(weight), Fetching(lambda: "w:0")]

    def model_fn(features, labels, mode):
        ops = mean_model(features, labels, mode)
        return ops._replace(training_hooks=hooks[:1], training_chief_hooks=hooks[1:])

    build(model_fn, tmp_path).fit(TEN, steps=3)
    assert [hook.results for hook in hooks] == [AFTER, AFTER]


def test_a_hook_of_an_evaluation_sees_a_variable(tmp_path):
    hook = Fetching(lambda: "w:0")
    build(mean_model, tmp_path).fit(TEN, steps=1).evaluate(TEN, hooks=[hook])
    assert hook.results == [-4.5]


@pytest.mark.parametrize("name", ["w", "w:0"])
def test_a_variable_is_captured_by_name(tmp_path, name):
    capture = monitors.CaptureVariable(name, every_n=1)
    build(mean_model, tmp_path).fit(TEN, steps=3, monitors=[capture])
    assert capture.values == dict(zip([1, 2, 3], AFTER, strict=True))


def test_a_monitor_that_asks_for_all_variables(tmp_path):
    class All(monitors.EveryN):
        def every_n_step_begin(self, _step):
            return [weight(), *(variable.name for variable in tf.global_variables())]

        def every_n_step_end(self, _step, outputs):
            self.outputs = {str(getattr(key, "name", key)): value for key, value in outputs.items()}

    monitor = All()
    build(mean_model, tmp_path).fit(TEN, steps=1, monitors=[monitor])
    assert monitor.outputs == {"w:0": -4.5, "global_step:0": 1}


def test_a_variable_is_printed_by_name(tmp_path, caplog):
    printer = monitors.PrintTensor(["w:0"], every_n=2)
    with caplog.at_level("INFO", logger="tensorflow"):
        build(mean_model, tmp_path).fit(TEN, steps=3, monitors=[printer])
    assert {"Step 1: w:0 = -4.5", "Step 3: w:0 = -13.5"} <= set(caplog.messages)


@pytest.mark.parametrize("by_name", [True, False])
def test_logged_variables(tmp_path, by_name):
    logged = []

    def model_fn(features, labels, mode):
        ops = mean_model(features, labels, mode)
        logging = tf.train.LoggingTensorHook(
            {"W": "w:0" if by_name else weight()},
            every_n_iter=1,
            formatter=lambda values: logged.append(float(values["W"])),
        )
        return ops._replace(training_hooks=[logging])

    build(model_fn, tmp_path).fit(TEN, steps=3)
    assert logged == AFTER


def test_the_loss_is_logged_with_the_step_after(tmp_path, caplog):
    with caplog.at_level("INFO", logger="tensorflow"):
        build(mean_model, tmp_path).fit(TEN, steps=201)
    steps = [line.split("step = ")[1].split()[0] for line in caplog.messages if "step = " in line]
    assert [step.rstrip(",") for step in steps] == ["1", "101", "201"]


class Executed(tf.train.SessionRunHook):
    """Fetches a tensor, and keeps the names of what a run executed."""

    def __init__(self, fetch):
        self.fetch = fetch

    def before_run(self, _run_context):
        options = tf.RunOptions(trace_level=tf.RunOptions.SOFTWARE_TRACE)
        return tf.train.SessionRunArgs(self.fetch, options=options)

    def after_run(self, _run_context, run_values):
        devices = run_values.run_metadata.step_stats.dev_stats
        self.names = " ".join(node.node_name for one in devices for node in one.node_stats)


@pytest.mark.parametrize(("fetch", "read"), [("w:0", True), ("Mean:0", False)])
def test_a_variable_that_nobody_fetches_is_not_read(tmp_path, fetch, read):
    executed = Executed(fetch)
    build(mean_model, tmp_path).fit(TEN, steps=2, monitors=[executed])
    assert "Mean" in executed.names
    assert ("variables_after_run" in executed.names) is read


DISABLED = """
import sys
from mlp import estimator as learn
from mlp.tests.estimator.models import TEN, build, mean_model
import tensorflow.compat.v1 as tf

getattr(tf, sys.argv[1])()
capture = learn.monitors.CaptureVariable("w:0", every_n=1)
read = learn.monitors.CaptureVariable("w/read:0", every_n=1)
estimator = build(mean_model, sys.argv[2]).fit(TEN, steps=3, monitors=[capture, read])
assert sorted(read.values) == [1, 2, 3]
assert estimator.get_variable_value("w") == -13.5
assert list(capture.values.values()) == [-4.5, -9.0, -13.5]
assert estimator.evaluate(TEN)["global_step"] == 3
assert list(estimator.predict(TEN[:1])) == [-13.5]

if sys.argv[1] == "disable_v2_behavior":  # what the page of the port says that it cures
    x = tf.placeholder(tf.float32, [None, 3])
    assert x.shape[1].value == 3
    assert (x == x) is True
    one = tf.get_variable("one", [], initializer=tf.ones_initializer())
    tf.cond(one > 0, lambda: one, lambda: -one)
    tf.while_loop(lambda value: value < 3, lambda value: value + 1, [one])
    with tf.Session() as session:
        session.run(one.initializer)
        assert session.run(["one:0", "cond/Merge:0", "while/Exit:0"]) == [1, 1, 3]
"""


@pytest.mark.parametrize("switch", ["disable_v2_behavior", "disable_resource_variables"])
def test_a_program_that_disables_resource_variables(tmp_path, switch):
    run = subprocess.run(
        [sys.executable, "-c", DISABLED, switch, str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert run.returncode == 0, run.stderr
