"""What is logged, to the letter: as TensorFlow 1.4 printed NumPy's numbers."""

import re

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from mlp import estimator as learn
from mlp.tests.estimator.models import build, config

VALUE = np.float32(613.5752)
DATE = r"\d{4}-\d\d-\d\d-\d\d:\d\d:\d\d"


def constant_model(features, labels, mode):
    del labels
    loss = tf.identity(VALUE, name="constant")
    step = tf.assign_add(tf.train.get_global_step(), 1)
    metrics = {
        "vector": tf.zeros([2]),
        "count": tf.constant(3),
        "half": tf.constant(0.5, tf.float64),
        "text": tf.summary.scalar("text", tf.constant(2.0)),
    }
    return learn.ModelFnOps(mode, features, loss, step, metrics if mode == "eval" else {})


@pytest.fixture
def lines(tmp_path, caplog):
    """What is logged when a model is trained under watch, and evaluated."""
    x = np.zeros([2, 1], np.float32)
    watching = [
        learn.monitors.PrintTensor({"loss": "constant"}),
        tf.train.LoggingTensorHook({"z": "constant:0", "a": "constant:0"}, every_n_iter=9),
        learn.monitors.ValidationMonitor(x, every_n_steps=1, early_stopping_rounds=1),
    ]
    with caplog.at_level("INFO", logger="tensorflow"):
        estimator = build(constant_model, tmp_path, save_checkpoints_steps=1)
        estimator.fit(x, steps=2, monitors=watching)
    del estimator
    return caplog.messages


def test_printed_tensors(lines):
    assert "Step 1: loss = 613.5752" in lines
    assert "z = 613.5752, a = 613.5752" in lines


def test_validations(lines):
    start = "Validation (step 1): "
    (line,) = (line for line in lines if line.startswith(start))
    assert line.removeprefix(start).startswith("vector = [0. 0.], count = 3, half = 0.5, text = b")
    assert line.endswith("loss = 613.5752, global_step = 1")
    assert "Stopping. Best step: 1 with loss = 613.5751953125." in lines


def test_evaluations(lines):
    saved = (
        "Saving dict for global step 1: count = 3, global_step = 1, half = 0.5, loss = 613.5752, "
        "Type of text = <class 'bytes'>, Type of vector = <class 'numpy.ndarray'>"
    )
    at = lines.index(saved)
    before = [line for line in lines[:at] if " evaluation at " in line]
    assert re.fullmatch(f"Starting evaluation at {DATE}", before[-2])
    assert re.fullmatch(f"Finished evaluation at {DATE}", before[-1])
    assert lines[at + 1].startswith("Skipping summary for vector, must be a number")
    assert "Skipping summary for text" not in lines[at + 2]


def test_a_serialized_summary_is_written_under_its_name(tmp_path, lines):
    assert lines
    values = [
        (value.tag, value.simple_value)
        for path in (tmp_path / "eval").glob("events*")
        for event in tf.train.summary_iterator(str(path))
        for value in event.summary.value
    ]
    assert ("text", 2.0) in values
    assert ("count", 3.0) in values


def test_the_final_loss(lines):
    assert "Loss for final step: 613.5752." in lines


def test_a_config_of_ones_own_is_not_called_the_default(tmp_path, caplog):
    with caplog.at_level("INFO", logger="tensorflow"):
        learn.Estimator(constant_model, tmp_path)
        learn.Estimator(constant_model, tmp_path, config())
    assert caplog.messages.count("Using default config.") == 1
    assert sum(message.startswith("Using config: {") for message in caplog.messages) == 2
