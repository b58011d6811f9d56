"""A program of 2017 with nothing but its imports changed, and `SKCompat`."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from mlp import estimator as learn
from mlp.estimator import metrics as contrib_metrics
from mlp.estimator import model_fn as model_fn_lib
from mlp.tests.estimator.models import TEN, Recorder, build, mean_model, rounding_model

FEATURES = np.random.RandomState(0).uniform(-1, 1, (60, 2)).astype(np.float32)
LABELS = (FEATURES[:, 0] > FEATURES[:, 1]).astype(np.int64)


def classifier(features, labels, mode, params):
    """A linear classifier, as programs wrote them for tf.contrib.learn."""
    weights = tf.get_variable("weights", [2, 2], initializer=tf.zeros_initializer())
    logits = tf.matmul(features, weights)
    loss, train_op = None, None
    if mode != learn.ModeKeys.INFER:
        onehot_labels = tf.one_hot(tf.cast(labels, tf.int32), depth=2)
        loss = tf.losses.softmax_cross_entropy(onehot_labels=onehot_labels, logits=logits)
    if mode == learn.ModeKeys.TRAIN:
        optimizer = tf.train.AdamOptimizer(params["learning_rate"])
        train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    predictions = {"classes": tf.argmax(logits, 1), "probabilities": tf.nn.softmax(logits)}
    return model_fn_lib.ModelFnOps(mode=mode, predictions=predictions, loss=loss, train_op=train_op)


def test_a_program_written_for_contrib_learn(tmp_path):
    accuracy = {
        "accuracy": learn.MetricSpec(
            metric_fn=contrib_metrics.streaming_accuracy, prediction_key="classes"
        )
    }
    validation_monitor = learn.monitors.ValidationMonitor(
        FEATURES[40:],
        LABELS[40:],
        every_n_steps=10,
        metrics=accuracy,
        early_stopping_metric="accuracy",
        early_stopping_metric_minimize=False,
        early_stopping_rounds=1000,
    )
    estimator = learn.Estimator(
        model_fn=classifier,
        model_dir=str(tmp_path),
        config=learn.RunConfig(save_checkpoints_steps=20, tf_random_seed=1),
        params={"learning_rate": 0.1},
    )
    estimator.fit(
        x=FEATURES[:40], y=LABELS[:40], batch_size=16, steps=60, monitors=[validation_monitor]
    )
    results = estimator.evaluate(x=FEATURES[40:], y=LABELS[40:], metrics=accuracy)
    predictions = list(estimator.predict(x=FEATURES[40:], as_iterable=True))
    classes = np.array([row["classes"] for row in predictions])
    assert results["global_step"] == 60
    assert results["accuracy"] == pytest.approx(np.mean(classes == LABELS[40:]))
    assert results["accuracy"] > 0.9
    assert validation_monitor.best_value > 0.8
    assert estimator.get_variable_value("weights").shape == (2, 2)


def test_a_run_repeats_to_the_bit(tmp_path):
    def weights(name):
        estimator = learn.Estimator(
            classifier,
            str(tmp_path / name),
            learn.RunConfig(num_cores=1, tf_random_seed=1),
            {"learning_rate": 0.1},
        )
        estimator.fit(FEATURES, LABELS, steps=20, batch_size=16)
        return estimator.get_variable_value("weights")

    np.testing.assert_array_equal(weights("first"), weights("second"))


def test_sk_compat(tmp_path):
    estimator = build(mean_model, tmp_path)
    wrapped = learn.SKCompat(estimator)
    assert wrapped.fit(TEN, None, steps=2) is wrapped
    assert wrapped.fit(TEN, None, max_steps=3) is wrapped
    np.testing.assert_allclose(wrapped.predict(TEN), TEN - 3 * 4.5)
    results = wrapped.score(TEN, None, batch_size=5)
    assert results["loss"] == pytest.approx(-3 * 4.5**2)
    assert results["global_step"] == 3


def test_sk_compat_takes_batches_of_128(tmp_path):
    recorder = Recorder()
    rows = np.arange(300.0)
    wrapped = learn.SKCompat(build(rounding_model, tmp_path))
    wrapped.fit(rows, np.arange(300), steps=4, monitors=[recorder])
    assert [len(fed) for fed in recorder.values] == [128, 128, 44, 128]
    assert wrapped.predict(rows, outputs=["class"])["class"].tolist() == list(range(300))
    accuracy = {"accuracy": learn.MetricSpec(tf.metrics.accuracy, "class")}
    assert wrapped.score(rows, np.arange(300), steps=1, metrics=accuracy)["accuracy"] == 1


def test_sk_compat_called_wrongly(tmp_path):
    wrapped = learn.SKCompat(build(mean_model, tmp_path))
    with pytest.raises(learn.NotFittedError):
        wrapped.predict(TEN)
    with pytest.raises(learn.NotFittedError):
        wrapped.score(TEN, None)
    with pytest.raises(ValueError, match="Either x or input_fn must be provided"):
        wrapped.fit(None, None)


def test_what_an_estimator_is(tmp_path):
    estimator = build(mean_model, tmp_path)
    for base in (learn.BaseEstimator, learn.Trainable, learn.Evaluable):
        assert isinstance(estimator, base)
    assert not isinstance(learn.SKCompat(estimator), learn.BaseEstimator)


def test_parameters(tmp_path):
    estimator = learn.Estimator(classifier, str(tmp_path), params={"learning_rate": 0.1})
    assert estimator.get_params() == {"params": {"learning_rate": 0.1}}
    assert estimator.set_params(params={"learning_rate": 0.2}) is estimator
    assert estimator.params == {"learning_rate": 0.2}
    with pytest.raises(ValueError, match="Invalid parameter rate for estimator Estimator"):
        estimator.set_params(rate=1)


def test_parameters_of_a_member(tmp_path):
    class Wrapper(learn.SKCompat):
        def __init__(self, estimator):
            super().__init__(estimator)
            self.inner = estimator

    wrapper = Wrapper(build(mean_model, tmp_path))
    assert wrapper.get_params() == {"inner": wrapper.inner, "inner__params": None}
    assert wrapper.get_params(deep=False) == {"inner": wrapper.inner}
    wrapper.set_params(inner__params=3)
    assert wrapper.inner.params == 3


def test_an_estimator_describes_itself(tmp_path):
    estimator = build(mean_model, tmp_path)
    assert repr(estimator) == "Estimator(params=None)"
    assert repr(learn.SKCompat(estimator)) == "SKCompat()"
