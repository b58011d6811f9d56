"""``Estimator``, as ``tf.contrib.learn`` 1.4 had it."""

import contextlib
import copy
import os
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow.compat.v1 as tf

from mlp.estimator import predictions as predicted
from mlp.estimator import sessions
from mlp.estimator.bases import BaseEstimator
from mlp.estimator.errors import NotFittedError
from mlp.estimator.evaluation import split_metrics, write_results
from mlp.estimator.hooks import EventWriters, StopAfterRuns
from mlp.estimator.inputs import FeedFn, InputFn, resolve_inputs, verify_positive
from mlp.estimator.model import FeatureEngineeringFn, Model, ModelFn
from mlp.estimator.model_fn import ModeKeys, ModelFnOps
from mlp.estimator.monitor_hook import replace_monitors_with_hooks
from mlp.estimator.run_config import RunConfig
from mlp.estimator.tensor_signature import compatible, placeholders_for, signatures_of


class Estimator(BaseEstimator):
    """Trains, evaluates and runs the model that a `model_fn` describes.

    Args:
        model_fn: `model_fn(features, labels)` and, where its signature names them, `mode`,
            `params`, `config` and `model_dir`. Returns `ModelFnOps`, or the older tuple
            (predictions, loss, train_op). When inferring, labels are placeholders that are never
            fed, of the labels last seen, or None.
        model_dir: directory of checkpoints and summaries; None takes the config's, or a new
            temporary one.
        config: a `RunConfig`; None takes the defaults.
        params: handed to `model_fn`.
        feature_engineering_fn: `(features, labels) -> (features, labels)`, ahead of `model_fn`.

    Raises:
        ValueError: no `model_fn`, params that it does not take, or a `model_dir` that is not the
            config's.
    """

    def __init__(
        self,
        model_fn: ModelFn | None = None,
        model_dir: str | os.PathLike[str] | None = None,
        config: RunConfig | None = None,
        params: Any = None,
        feature_engineering_fn: FeatureEngineeringFn | None = None,
    ) -> None:
        self._model = Model(model_fn, params, feature_engineering_fn)
        self.params = params
        self._config = _with_directory(config or RunConfig(), model_dir)
        tf.logging.info("Using config: %s", self._config)
        self._features_info: Any = None
        self._labels_info: Any = None
        self._event_writers = EventWriters()
        weakref.finalize(self, self._event_writers.close)

    @property
    def config(self) -> RunConfig:
        """A copy of the configuration, its `model_dir` filled in."""
        return copy.deepcopy(self._config)

    @property
    def model_dir(self) -> str:
        """Directory of checkpoints and summaries."""
        assert self._config.model_dir is not None
        return os.fspath(self._config.model_dir)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: InputFn | None = None,
        steps: int | None = None,
        batch_size: int | None = None,
        monitors: list[Any] | None = None,
        max_steps: int | None = None,
    ) -> "Estimator":
        """Train, from the latest checkpoint if there is one; returns self.

        Args:
            x: features: array [rows, ...], dict of such, or iterator of rows.
            y: labels: array [rows] or [rows, ...], dict of such, iterator, or None.
            input_fn: returns (features, labels) tensors, in place of `x` and `y`.
            steps: how many more steps; None goes on until the input ends or a monitor stops.
            batch_size: rows of a step; None is all of them.
            monitors: monitors and `SessionRunHook`s.
            max_steps: global step to stop at; nothing is done if the checkpoint is there already.

        Raises:
            ValueError: both or neither of `x` and `input_fn`, both of `steps` and `max_steps`,
                one of them below 1, `batch_size` with `input_fn`, or inputs unlike those of an
                earlier call.
            NotAnArrayError: `x` or `y` is neither an array nor an iterator.
            NanLossDuringTrainingError: the loss became NaN.
        """
        if steps is not None and max_steps is not None:
            raise ValueError("Can not provide both steps and max_steps.")
        verify_positive(steps=steps, max_steps=max_steps)
        input_fn, feed_fn = resolve_inputs(x, y, input_fn, None, batch_size, training=True)
        if max_steps is not None and self._saved_step() >= max_steps:
            tf.logging.info("Skipping training since max_steps has already saved.")
            return self
        feeding = [tf.train.FeedFnHook(feed_fn)] if feed_fn else []
        hooks = replace_monitors_with_hooks([*feeding, *(monitors or [])], self)
        if steps is not None or max_steps is not None:
            hooks.append(tf.train.StopAtStepHook(num_steps=steps, last_step=max_steps))
        with self._new_graph():
            features, labels = input_fn()
            self._check_inputs(features, labels)
            ops = sessions.build_training(lambda: self._build(features, labels, ModeKeys.TRAIN))
            self._event_writers.open(self.model_dir)
            loss = sessions.train(ops, hooks, self._config, self.model_dir)
        tf.logging.info("Loss for final step: %s.", loss)
        return self

    def partial_fit(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: InputFn | None = None,
        steps: int | None = 1,
        batch_size: int | None = None,
        monitors: list[Any] | None = None,
    ) -> "Estimator":
        """`fit` for one more step: of a chunk of the data, in a loop over chunks."""
        tf.logging.warning(
            "The current implementation of partial_fit is not optimized for use in a loop. "
            "Consider using fit() instead."
        )
        return self.fit(
            x=x, y=y, input_fn=input_fn, steps=steps, batch_size=batch_size, monitors=monitors
        )

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: InputFn | None = None,
        feed_fn: FeedFn | None = None,
        batch_size: int | None = None,
        steps: int | None = None,
        metrics: Mapping[Any, Any] | None = None,
        name: str | None = None,
        checkpoint_path: str | None = None,
        hooks: list[Any] | None = None,
        log_progress: bool = True,
    ) -> dict[str, Any]:
        """Metrics of a checkpoint, by name, with its `loss` and `global_step`.

        `loss` is the mean over batches of each batch's loss, so a short last batch weighs as much
        as the others.

        Args:
            x: features, as for `fit`, once through in the order of the rows.
            y: labels, as for `fit`.
            input_fn: returns (features, labels) tensors, in place of `x` and `y`.
            feed_fn: returns a feed dict for each batch of `input_fn`.
            batch_size: rows of a batch; None is all of them.
            steps: how many batches; None or 0 goes on until the input ends.
            metrics: `MetricSpec`, or function of (predictions, labels), by name or by (name,
                prediction key). Each returns a (value, update) pair.
            name: keeps this evaluation's summaries apart from others'.
            checkpoint_path: checkpoint to evaluate; None is the latest.
            hooks: `SessionRunHook`s.
            log_progress: report each of `steps` to the log.

        Raises:
            NotFittedError: there is no checkpoint.
            ValueError: both or neither of `x` and `input_fn`, metrics that are not a dict or do
                not suit the model, or inputs unlike those of an earlier call.
        """
        input_fn, feed_fn = resolve_inputs(x, y, input_fn, feed_fn, batch_size, training=False)
        if metrics is not None and not isinstance(metrics, dict):
            raise ValueError(f"Metrics argument should be None or dict. Got {metrics}.")
        if steps is not None and steps < 0:
            raise ValueError(f"Must specify steps >= 0, given: {steps}")
        path = checkpoint_path or self._latest_checkpoint()
        hooks = list(hooks or [])
        if feed_fn is not None:
            hooks.append(tf.train.FeedFnHook(feed_fn))
        if steps:
            hooks.append(StopAfterRuns(steps, log_progress=log_progress))
        with self._new_graph():
            features, labels = input_fn()
            self._check_inputs(features, labels)
            ops = self._build(features, labels, ModeKeys.EVAL, metrics)
            if "loss" not in ops.eval_metric_ops:
                ops.eval_metric_ops["loss"] = tf.metrics.mean(ops.loss)
            update_op, values = split_metrics(ops.eval_metric_ops)
            values["global_step"] = tf.train.get_global_step()
            results = sessions.evaluate(update_op, values, ops.scaffold, hooks, self._config, path)
            directory = os.path.join(self.model_dir, f"eval_{name}" if name else "eval")
            write_results(self._event_writers.open(directory), results, results["global_step"])
        return results

    def predict(
        self,
        x: Any = None,
        input_fn: InputFn | None = None,
        batch_size: int | None = None,
        outputs: list[str] | None = None,
        as_iterable: bool = True,
        iterate_batches: bool = False,
    ) -> Any:
        """Predictions of the latest checkpoint, in the order of the rows.

        Args:
            x: features, as for `fit`.
            input_fn: returns features, or (features, labels), tensors, in place of `x`.
            batch_size: rows of a batch; None is all of them.
            outputs: which of a dict of predictions; None is all.
            as_iterable: return an iterable of rows; if False, an array [rows, ...] or a dict of
                such, of which `input_fn` gives one batch.
            iterate_batches: make the iterable one of batches.

        Raises:
            NotFittedError: there is no checkpoint.
            ValueError: both or neither of `x` and `input_fn`, or outputs that are not predicted.
        """
        input_fn, feed_fn = resolve_inputs(x, None, input_fn, None, batch_size, training=False)
        path = self._latest_checkpoint()
        with self._new_graph() as graph:
            features = input_fn()
            if isinstance(features, (list, tuple)):
                features = features[0]
            ops = self._build(features, placeholders_for(self._labels_info), ModeKeys.INFER)
            fetches = predicted.chosen(ops.predictions, outputs)
        batches = sessions.infer(graph, fetches, ops.scaffold, feed_fn, self._config, path)
        if as_iterable:
            return batches if iterate_batches else predicted.rows(batches)
        return predicted.concatenated(batches) if feed_fn else predicted.first(batches)

    def get_variable_names(self) -> list[str]:
        """Names of all variables in the latest checkpoint, sorted.

        Raises:
            ValueError: there is no checkpoint.
        """
        return [name for name, _ in tf.train.list_variables(self.model_dir)]

    def get_variable_value(self, name: str) -> Any:
        """Value of a variable, such as ``w`` or ``w:0``, in the latest checkpoint.

        Raises:
            ValueError: there is no checkpoint.
            tf.errors.NotFoundError: there is no such variable.
        """
        return tf.train.load_variable(self.model_dir, name)

    @contextlib.contextmanager
    def _new_graph(self) -> Iterator[Any]:
        """A new default graph with the config's seed and a global step."""
        with tf.Graph().as_default() as graph:
            tf.set_random_seed(self._config.tf_random_seed)
            tf.train.create_global_step()
            yield graph

    def _build(
        self, features: Any, labels: Any, mode: str, metrics: Mapping[Any, Any] | None = None
    ) -> ModelFnOps:
        return self._model.build(
            features, labels, mode, params=self.params, config=self.config, metrics=metrics
        )

    def _check_inputs(self, features: Any, labels: Any) -> None:
        """Hold the inputs to the types and shapes of the first ones seen."""
        if self._features_info is None:
            self._features_info = signatures_of(features)
        elif not compatible(features, self._features_info):
            raise ValueError(
                "Features are incompatible with given information. "
                f"Given features: {features}, required signatures: {self._features_info}."
            )
        if labels is None:
            return
        if self._labels_info is None:
            self._labels_info = signatures_of(labels)
        elif not compatible(labels, self._labels_info):
            raise ValueError(
                "Labels are incompatible with given information. "
                f"Given labels: {labels}, required signatures: {self._labels_info}."
            )

    def _latest_checkpoint(self) -> str:
        path = tf.train.latest_checkpoint(self.model_dir)
        if not path:
            raise NotFittedError(f"Couldn't find trained model at {self.model_dir}.")
        return path

    def _saved_step(self) -> int:
        """Global step of the latest checkpoint, -1 without one."""
        path = tf.train.latest_checkpoint(self.model_dir)
        if path is None:
            return -1
        return int(tf.train.load_variable(path, tf.GraphKeys.GLOBAL_STEP))


def _with_directory(config: RunConfig, model_dir: str | os.PathLike[str] | None) -> RunConfig:
    """`config` with its `model_dir` settled: the one given, its own, or a temporary one."""
    model_dir = None if model_dir is None else os.fspath(model_dir)
    if model_dir is not None and config.model_dir not in (None, model_dir):
        raise ValueError(
            "model_dir are set both in constructor and RunConfig, but with different values. "
            f"In constructor: '{model_dir}', in RunConfig: '{config.model_dir}' "
        )
    directory = model_dir or config.model_dir
    if directory is None:
        directory = tempfile.mkdtemp()
        tf.logging.warning("Using temporary folder as model directory: %s", directory)
    return config if config.model_dir is not None else config.replace(model_dir=directory)
