"""Evaluation: which checkpoint, which rows, which metrics."""

import gc

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from mlp import estimator as learn
from mlp.estimator import metrics as streaming
from mlp.tests.estimator.models import TEN, Recorder, build, mean_model, rounding_model

X = np.array([0.1, 0.9, 2.2, 2.6, 4.0])
Y = np.array([0, 1, 2, 2, 4])
ACCURACY = {"accuracy": learn.MetricSpec(tf.metrics.accuracy, prediction_key="class")}


@pytest.fixture
def rounding(tmp_path):
    return build(rounding_model, tmp_path).fit(X, Y, steps=3)


def test_metrics_loss_and_step_by_name(rounding):
    results = rounding.evaluate(X, Y, metrics=ACCURACY)
    assert set(results) == {"accuracy", "loss", "global_step"}
    assert results["accuracy"] == pytest.approx(4 / 5)
    assert results["loss"] == pytest.approx(np.mean([0.1, 0.1, 0.2, 0.6, 0.0]))
    assert results["global_step"] == 3


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 100])
def test_metrics_do_not_depend_on_the_batches(rounding, batch_size):
    results = rounding.evaluate(X, Y, metrics=ACCURACY, batch_size=batch_size)
    assert results["accuracy"] == pytest.approx(4 / 5)


def test_the_loss_is_the_mean_over_batches(rounding):
    results = rounding.evaluate(X, Y, batch_size=2)
    assert results["loss"] == pytest.approx(np.mean([0.1, (0.2 + 0.6) / 2, 0.0]))


def test_rows_come_once_and_in_order(rounding):
    recorder = Recorder()
    rounding.evaluate(X, Y, batch_size=2, hooks=[recorder])
    assert [batch.ravel().tolist() for batch in recorder.values] == [[0.1, 0.9], [2.2, 2.6], [4.0]]


def test_steps_limit_the_batches(rounding):
    recorder = Recorder()
    results = rounding.evaluate(X, Y, batch_size=2, steps=1, hooks=[recorder])
    assert len(recorder.values) == 1
    assert results["loss"] == pytest.approx(0.1)
    assert rounding.evaluate(X, Y, batch_size=2, steps=9)["loss"] == pytest.approx(0.5 / 3)
    assert rounding.evaluate(X, Y, batch_size=2, steps=-1)["loss"] == pytest.approx(0.1)
    assert rounding.evaluate(X, Y, batch_size=2, steps=0)["loss"] == pytest.approx(0.5 / 3)


def test_evaluation_changes_nothing(rounding):
    before = {name: rounding.get_variable_value(name) for name in rounding.get_variable_names()}
    rounding.evaluate(X, Y)
    assert before == {name: rounding.get_variable_value(name) for name in before}


def test_a_bare_function_by_name_and_prediction_key(rounding):
    metrics = {("accuracy", "class"): streaming.streaming_accuracy}
    assert rounding.evaluate(X, Y, metrics=metrics)["accuracy"] == pytest.approx(4 / 5)


def test_a_bare_function_by_name(tmp_path):
    estimator = build(mean_model, tmp_path).fit(TEN, TEN, steps=1)
    metrics = {"error": streaming.streaming_mean_absolute_error}
    assert estimator.evaluate(TEN, TEN, metrics=metrics)["error"] == pytest.approx(4.5)


def test_streaming_metrics(rounding):
    functions = {
        "mean": lambda x, _: streaming.streaming_mean(x),
        "mse": lambda x, _: streaming.streaming_mean_squared_error(x, x - 2),
        "rmse": lambda x, _: streaming.streaming_root_mean_squared_error(x, x - 2),
        "mae": lambda x, _: streaming.streaming_mean_absolute_error(x, x - 2),
        "precision": lambda x, y: streaming.streaming_precision(x > 2, y > 3),
        "recall": lambda x, y: streaming.streaming_recall(x > 3, y > 1),
    }
    expected = {
        "mean": X.mean(),
        "mse": 4,
        "rmse": 2,
        "mae": 2,
        "precision": 1 / 3,
        "recall": 1 / 3,
    }
    metrics = {(name, "x"): function for name, function in functions.items()}
    results = rounding.evaluate(X, Y, metrics=metrics, batch_size=2)
    assert {name: results[name] for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize(
    "function",
    [getattr(streaming, name) for name in vars(streaming) if name.startswith("streaming_")],
    ids=lambda function: function.__name__,
)
def test_collections_of_streaming_metrics(function):
    with tf.Graph().as_default() as graph:
        arguments = [tf.constant([1.0])] * (1 if function is streaming.streaming_mean else 2)
        value, update = function(*arguments, None, ["values"], ["updates"], "named")
        assert graph.get_collection("values") == [value]
        assert graph.get_collection("updates") == [update]
        assert all(variable.name.startswith("named/") for variable in tf.local_variables())


def test_metrics_of_the_model_and_overriding_them(tmp_path):
    def model_fn(features, labels, mode):
        ops = rounding_model(features, labels, mode)
        found = {"loss": tf.metrics.mean(features), "constant": tf.constant(7.0)}
        return ops._replace(eval_metric_ops=found if mode == "eval" else {})

    estimator = build(model_fn, tmp_path).fit(X, Y, steps=1)
    results = estimator.evaluate(X, Y)
    assert results["loss"] == pytest.approx(X.mean())
    assert results["constant"] == 7
    first = {"loss": learn.MetricSpec(lambda predictions: tf.metrics.mean(predictions * 0), "x")}
    assert estimator.evaluate(X, Y, metrics=first)["loss"] == 0


def test_weights_from_a_feature(tmp_path):
    def model_fn(features, labels, mode):
        return rounding_model(features["x"], labels, mode)

    x = {"x": X, "weight": np.array([0, 0, 1, 3, 0])}
    estimator = build(model_fn, tmp_path).fit(x, Y, steps=1)
    spec = learn.MetricSpec(
        lambda labels, predictions, weights: tf.metrics.accuracy(
            labels, predictions, weights[:, 0]
        ),
        prediction_key="class",
        weight_key="weight",
    )
    assert estimator.evaluate(x, Y, metrics={"a": spec})["a"] == pytest.approx(1 / 4)


def test_labels_in_a_dict(tmp_path):
    def model_fn(features, labels, mode):
        return rounding_model(features, labels["class"], mode)

    labels = {"class": Y, "other": 1 - Y}
    estimator = build(model_fn, tmp_path).fit(X, labels, steps=1)
    spec = learn.MetricSpec(tf.metrics.accuracy, "class", label_key="class")
    results = estimator.evaluate(
        X, labels, metrics={"a": spec, ("b", "class"): streaming.streaming_accuracy}
    )
    assert results["a"] == results["b"] == pytest.approx(4 / 5)


def test_an_earlier_checkpoint(tmp_path):
    estimator = build(mean_model, tmp_path, save_checkpoints_steps=1).fit(TEN, steps=3)
    path = tf.train.get_checkpoint_state(str(tmp_path)).all_model_checkpoint_paths[0]
    earlier = estimator.evaluate(TEN, checkpoint_path=path)
    assert earlier["global_step"] == 1
    assert earlier["loss"] == pytest.approx(-(4.5**2))
    assert estimator.evaluate(TEN)["loss"] == pytest.approx(-3 * 4.5**2)


def test_an_input_fn_with_and_without_a_feed_fn(tmp_path):
    estimator = build(mean_model, tmp_path).fit(TEN, steps=1)
    batches = iter([[[1.0]], [[3.0]]])

    def feed_fn():
        return {"fed:0": next(batches)}

    def fed_input():
        return tf.placeholder(tf.float64, [None, 1], name="fed"), None

    def constant_input():
        return tf.constant([[2.0]], tf.float64), None

    assert estimator.evaluate(input_fn=fed_input, feed_fn=feed_fn)["loss"] == pytest.approx(-9)
    assert estimator.evaluate(input_fn=constant_input, steps=2)["loss"] == pytest.approx(-9)


def test_results_are_written_under_the_evaluations_name(tmp_path):
    estimator = build(rounding_model, tmp_path).fit(X, Y, steps=3)
    estimator.evaluate(X, Y)
    estimator.evaluate(X, Y, metrics=ACCURACY, name="held_out")
    estimator.evaluate(X, Y, metrics=ACCURACY, name="held_out")
    del estimator
    gc.collect()

    def written(directory):
        (path,) = directory.glob("events*")
        return [
            (event.step, value.tag)
            for event in tf.train.summary_iterator(str(path))
            for value in event.summary.value
        ]

    assert written(tmp_path / "eval") == [(3, "loss")]
    assert sorted(written(tmp_path / "eval_held_out")) == [(3, "accuracy")] * 2 + [(3, "loss")] * 2


def test_nothing_to_evaluate_yet(tmp_path):
    estimator = build(rounding_model, tmp_path)
    with pytest.raises(learn.NotFittedError, match="Couldn't find trained model at"):
        estimator.evaluate(X, Y)
    assert issubclass(learn.NotFittedError, ValueError)
    assert issubclass(learn.NotFittedError, AttributeError)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Either x or input_fn must be provided"),
        ({"x": X, "y": Y, "input_fn": lambda: None}, "Can not provide both input_fn and x or y"),
        ({"x": X, "y": Y, "feed_fn": dict}, "Can not provide both feed_fn and x or y"),
        ({"input_fn": lambda: None, "batch_size": 2}, "both input_fn and batch_size"),
        ({"x": X, "y": Y, "metrics": ["accuracy"]}, "Metrics argument should be None or dict"),
        ({"x": X, "y": Y, "metrics": {"a": max}}, "provide only name, no prediction"),
        ({"x": X, "y": Y, "metrics": {("a", "b", "c"): max}}, "with len 3, expected 2"),
        ({"x": X.astype(np.float32), "y": Y}, "Features are incompatible"),
        ({"x": X, "y": Y * 1.0}, "Labels are incompatible"),
        ({"x": X, "y": Y, "metrics": {"a": learn.MetricSpec(tf.metrics.mean)}}, "prediction_key"),
    ],
)
def test_evaluate_called_wrongly(rounding, arguments, message):
    with pytest.raises(ValueError, match=message):
        rounding.evaluate(**arguments)


def test_a_prediction_key_needs_a_dict(tmp_path):
    estimator = build(mean_model, tmp_path).fit(TEN, TEN, steps=1)
    with pytest.raises(ValueError, match="predictions are not dict"):
        estimator.evaluate(TEN, TEN, metrics={("a", "b"): streaming.streaming_accuracy})
    with pytest.raises(ValueError, match="requires predictions dict"):
        estimator.evaluate(TEN, TEN, metrics={"a": learn.MetricSpec(tf.metrics.mean, "b")})


def test_a_missing_key(rounding):
    spec = learn.MetricSpec(tf.metrics.accuracy, "absent")
    with pytest.raises(KeyError, match="Key 'absent' missing from"):
        rounding.evaluate(X, Y, metrics={"a": spec})


def test_the_arguments_of_a_metric_function():
    def ambiguous(label, labels, predictions):
        pass

    def unlabelled(predictions):
        pass

    with pytest.raises(ValueError, match="Ambiguous arguments"):
        learn.MetricSpec(ambiguous)
    with pytest.raises(ValueError, match="missing from unlabelled"):
        learn.MetricSpec(unlabelled, label_key="y")
    with pytest.raises(ValueError, match="missing from unlabelled"):
        learn.MetricSpec(unlabelled, weight_key="w")


@pytest.mark.parametrize(
    "metric",
    [
        lambda labels, predictions: (labels, predictions),
        lambda predictions, labels: (labels, predictions),
        lambda targets, logits: (targets, logits),
        lambda target, anything: (target, anything),
        lambda anything, label: (label, anything),
    ],
)
def test_arguments_are_found_by_name(metric):
    spec = learn.MetricSpec(metric)
    assert spec.create_metric_ops({}, "label", "prediction") == ("label", "prediction")


def test_a_spec_describes_itself():
    spec = learn.MetricSpec(streaming.streaming_accuracy, "p", "l", "w")
    assert (spec.prediction_key, spec.label_key, spec.weight_key) == ("p", "l", "w")
    assert str(spec) == (
        "MetricSpec(metric_fn=streaming_accuracy, prediction_key=p, label_key=l, weight_key=w)"
    )
