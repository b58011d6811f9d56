"""Models small enough to follow by hand, and what the tests share."""

import numpy as np
import tensorflow.compat.v1 as tf

from mlp import estimator as learn

TEN = np.arange(10, dtype=np.float64)


def config(**arguments):
    """A quiet config of one thread."""
    session_config = tf.ConfigProto(
        intra_op_parallelism_threads=1, inter_op_parallelism_threads=1, allow_soft_placement=True
    )
    return learn.RunConfig(**{"session_config": session_config, **arguments})


def build(model_fn, tmp_path, **arguments):
    """An estimator of `model_fn` in `tmp_path`, its config made of `arguments`."""
    return learn.Estimator(model_fn, model_dir=tmp_path, config=config(**arguments))


def descend(loss, rate=1.0):
    """Gradient descent on `loss`, which is read before the update."""
    optimizer = tf.train.GradientDescentOptimizer(rate)
    with tf.control_dependencies([loss]):
        return optimizer.minimize(loss, global_step=tf.train.get_global_step())


def mean_model(features, labels, mode):
    """The loss is mean(w * x) and the rate 1: each step takes the mean of its batch from w.

    It predicts x + w, by row.
    """
    del labels
    w = tf.get_variable("w", [], features.dtype, tf.zeros_initializer())
    loss = tf.reduce_mean(w * features)
    return learn.ModelFnOps(mode, features[:, 0] + w, loss, descend(loss))


def rounding_model(features, labels, mode):
    """Predicts class round(x); the loss is the mean of |x - label|; nothing is learnt."""
    step = tf.assign_add(tf.train.get_global_step(), 1)
    predictions = {"class": tf.cast(tf.round(features[:, 0]), tf.int64), "x": features[:, 0]}
    loss = tf.constant(0.0)
    if labels is not None:
        loss = tf.reduce_mean(tf.abs(features[:, 0] - tf.cast(labels, features.dtype)))
    return learn.ModelFnOps(mode, predictions, loss, step)


def random_model(features, labels, mode):
    """A random initial weight, which a step leaves alone."""
    del labels
    w = tf.get_variable("w", [4], tf.float32, tf.random_uniform_initializer())
    loss = tf.reduce_sum(w) * 0 + tf.cast(tf.reduce_sum(features), tf.float32) * 0
    return learn.ModelFnOps(mode, features, loss, tf.assign_add(tf.train.get_global_step(), 1))


class Recorder(tf.train.SessionRunHook):
    """Keeps the value of a tensor at every run."""

    def __init__(self, name="input:0"):
        self.name = name
        self.values = []

    def before_run(self, _run_context):
        return tf.train.SessionRunArgs(self.name)

    def after_run(self, _run_context, run_values):
        self.values.append(run_values.results)


def slices(rows, batch_size, count):
    """The first `count` slices of the feeder's order, by definition of it."""
    generator = np.random.RandomState(42)
    result = []
    while len(result) < count:
        order = generator.permutation(rows)
        result += [order[at : at + batch_size] for at in range(0, rows, batch_size)]
    return result[:count]


def checkpoint_steps(directory):
    """Global steps of the checkpoints kept in `directory`."""
    return sorted(int(path.stem.rsplit("-", 1)[1]) for path in directory.glob("model.ckpt-*.index"))


def summary_steps(tag, directory):
    """Steps of the summaries of that tag in the event files of `directory`."""
    return [
        event.step
        for path in directory.glob("events*")
        for event in tf.train.summary_iterator(str(path))
        for value in event.summary.value
        if value.tag == tag
    ]
