"""The shim at ``tensorflow.contrib``, and the page that tells a contrib.learn user what is where.

The shim changes a whole process: each test of it has one of its own.
"""

import importlib
import json
import operator
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow.compat.v1 as tf

from mlp import estimator as learn

PAGE = Path(learn.__file__).parent / "README.md"
TEXT = PAGE.read_text("utf-8")
FIRST_LINE = "import mlp.estimator.contrib\n"


def run(program, directory):
    """What a process of its own prints for `program`, to its standard output and error."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=directory,
        env={key: value for key, value in os.environ.items() if key != "TF_USE_LEGACY_KERAS"}
        | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(PAGE.parents[2])},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


OF_2017 = """
import numpy as np
import tensorflow as tf
from tensorflow.contrib import learn
from tensorflow.contrib.learn.python.learn.estimators import model_fn as model_fn_lib

tf.logging.set_verbosity(tf.logging.INFO)
x = tf.placeholder(tf.float32, [None, 3])
assert x.get_shape()[1].value == 3


def model_fn(features, labels, mode, params):
    hidden = tf.layers.dense(features["x"], 4, tf.nn.relu)
    logits = tf.squeeze(tf.layers.dense(hidden, 1), 1)
    loss = train_op = None
    if mode != learn.ModeKeys.INFER:
        loss = tf.losses.mean_squared_error(labels, logits)
    if mode == learn.ModeKeys.TRAIN:
        optimizer = tf.train.AdagradOptimizer(params["rate"])
        train_op = optimizer.minimize(loss, tf.contrib.framework.get_global_step())
    return model_fn_lib.ModelFnOps(mode, {"y": logits}, loss, train_op)


data = {"x": np.arange(12, dtype=np.float32).reshape(6, 2)}
labels = np.arange(6, dtype=np.float32)
train = learn.io.numpy_input_fn(data, labels, 2, num_epochs=None)
once = learn.io.numpy_input_fn(data, labels, 2, shuffle=False)
capture = learn.monitors.CaptureVariable("dense/bias:0", every_n=1)
estimator = tf.contrib.learn.Estimator(model_fn, "here", params={"rate": 0.1})
estimator.fit(input_fn=train, steps=3, monitors=[capture])
metrics = {
    "mae": learn.MetricSpec(
        tf.contrib.metrics.streaming_mean_absolute_error, prediction_key="y"
    )
}
results = estimator.evaluate(input_fn=once, metrics=metrics)
assert sorted(capture.values) == [1, 2, 3]
assert len(list(estimator.predict(input_fn=once))) == 6
print({"mae": results["mae"] * 0 + np.float32(613.5752), "step": results["global_step"]})
"""


def rows(heading):
    """The cells of the first table below a heading of the page."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def paths(cell):
    return re.findall(r"`([\w.]+)`", cell)


def resolve(path):
    """The object at a dotted path, which is a module's or below one; ``tf`` is of version 1."""
    if path.startswith("tf."):
        return operator.attrgetter(path.removeprefix("tf."))(tf)
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        return operator.attrgetter(".".join(parts[length:]))(found) if parts[length:] else found
    raise ModuleNotFoundError(path)


IMPORTS = rows("Imports to change")


LOOK = """
import json
from mlp.tests.estimator.test_contrib import IMPORTS, paths, resolve

try:
    learn.DNNClassifier
except AttributeError as error:
    missing = str(error)
differing = [
    (old, new)
    for row in IMPORTS
    for old, new in zip(paths(row[0]), paths(row[1]))
    if not hasattr(resolve(old), "__path__") and resolve(old) is not resolve(new)
]
for row in IMPORTS:
    for old in paths(row[0]):
        parent, _, own = old.rpartition(".")
        exec(f"import {parent}; from {parent} import {own}")
print(json.dumps({"missing": missing, "differing": differing}))
"""


@pytest.fixture(scope="module")
def shimmed(tmp_path_factory):
    """What a program of 2017 with one more line prints, what it logs, and what it finds."""
    out, err = run(FIRST_LINE + OF_2017 + LOOK, tmp_path_factory.mktemp("program"))
    printed, found = out.splitlines()
    return printed, err, json.loads(found)


def test_a_program_of_2017_runs_with_one_line_added(shimmed):
    printed, log, _ = shimmed
    assert printed == "{'mae': 613.5752, 'step': 3}"
    assert "INFO:tensorflow:Saving dict for global step 3: global_step = 3, loss = " in log


def test_every_old_import_works_under_the_shim_and_is_the_new_one(shimmed):
    assert len([path for row in IMPORTS for path in paths(row[0])]) > 60
    assert shimmed[2]["differing"] == []


def test_what_the_port_has_not_is_told(shimmed):
    assert shimmed[2]["missing"] == (
        "tensorflow.contrib.learn.DNNClassifier is not in the port. "
        "mlp/estimator/README.md tells what is."
    )


def test_nothing_happens_by_itself_and_the_line_may_come_late(tmp_path):
    program = f"""
import mlp.estimator
import tensorflow as tf
assert not hasattr(tf, "contrib") and not hasattr(tf, "placeholder")
{FIRST_LINE}
assert tf.placeholder(tf.float32).shape.ndims is None
print(tf.contrib.learn.Estimator is mlp.estimator.Estimator)
"""
    assert run(program, tmp_path)[0] == "True\n"


@pytest.mark.parametrize("new", [path for row in IMPORTS for path in paths(row[1])])
def test_every_new_import_is_there(new):
    assert resolve(new)


def test_every_public_name_of_the_port_is_on_the_page():
    new = {path for row in IMPORTS for path in paths(row[1])}
    missing = {f"mlp.estimator.{name}" for name in learn.__all__} - new
    assert missing == {"mlp.estimator.NotAnArrayError"}
    assert "`mlp.estimator.NotAnArrayError`" in TEXT


def test_the_first_example_of_the_page_prints_what_it_says(capsys):
    program, printed = re.findall(r"```(?:python|text)\n(.*?)```", TEXT, re.DOTALL)[:2]
    exec(program, {})
    assert capsys.readouterr().out == printed


def test_what_the_page_calls_gone_is_gone():
    assert not hasattr(tf, "contrib")
    assert not hasattr(tf, "estimator")
