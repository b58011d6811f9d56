"""``ModelRunner``: trains, evaluates and infers, as `BaseEstimator` has it done.

The methods that begin with an underscore are those of contrib.learn 1.4 that subclasses override.
"""

import contextlib
import copy
import os
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import tensorflow.compat.v1 as tf

from mlp.estimator import predictions as predicted
from mlp.estimator import sessions
from mlp.estimator.bases import Parameters
from mlp.estimator.errors import NotFittedError
from mlp.estimator.evaluation import split_metrics, write_results
from mlp.estimator.hooks import EventWriters, StopAfterRuns
from mlp.estimator.inputs import FeedFn, InputFn
from mlp.estimator.model_fn import ModelFnOps
from mlp.estimator.run_config import RunConfig
from mlp.estimator.shapes import dimensions
from mlp.estimator.tensor_signature import create_signatures, tensors_compatible


class ModelRunner(Parameters):
    """The model of a subclass in sessions; arguments as for `BaseEstimator`."""

    _Config: Callable[..., RunConfig] = RunConfig

    def __init__(
        self,
        model_dir: str | os.PathLike[str] | None = None,
        config: RunConfig | None = None,
    ) -> None:
        if config is None:
            config = ModelRunner._Config()
            tf.logging.info("Using default config.")
        self._config = _with_directory(config, model_dir)
        self._model_dir = os.fspath(model_dir or self._config.model_dir or "")
        self._session_config = self._config.session_proto()
        tf.logging.info("Using config: %s", vars(self._config))
        self._features_info: Any = None
        self._labels_info: Any = None
        self._graph: Any = None
        self._event_writers = EventWriters()
        weakref.finalize(self, self._event_writers.close)

    @property
    def config(self) -> RunConfig:
        """A copy of the configuration, its `model_dir` filled in."""
        return copy.deepcopy(self._config)

    @property
    def model_dir(self) -> str:
        """Directory of checkpoints and summaries."""
        return self._model_dir

    def _get_train_ops(self, features: Any, labels: Any) -> ModelFnOps:
        """Build the model to train."""
        raise NotImplementedError("_get_train_ops is the subclass's: it returns ModelFnOps.")

    def _get_eval_ops(self, features: Any, labels: Any, metrics: Any) -> ModelFnOps:
        """Build the model to evaluate, with `metrics` on top of its own."""
        raise NotImplementedError("_get_eval_ops is the subclass's: it returns ModelFnOps.")

    def _get_predict_ops(self, features: Any) -> ModelFnOps:
        """Build the model to predict."""
        raise NotImplementedError("_get_predict_ops is the subclass's: it returns ModelFnOps.")

    def _train_model(self, input_fn: InputFn, hooks: list[Any]) -> Any:
        """Train until a hook stops; the last step's loss."""
        with self._new_graph() as self._graph:
            with dimensions():
                features, labels = input_fn()
                self._check_inputs(features, labels)
                ops = sessions.build_training(lambda: self._get_train_ops(features, labels))
            self._event_writers.open(self._model_dir)
            return sessions.train(ops, hooks, self._config, self._session_config, self._model_dir)

    def _evaluate_model(
        self,
        input_fn: InputFn,
        steps: int | None,
        feed_fn: FeedFn | None = None,
        metrics: Mapping[Any, Any] | None = None,
        name: str | None = "",
        checkpoint_path: str | None = None,
        hooks: list[Any] | None = None,
        log_progress: bool = True,
    ) -> tuple[dict[str, Any], Any]:
        """The results of one evaluation, and its global step."""
        path = checkpoint_path or self._latest_checkpoint()
        hooks = list(hooks or [])
        if feed_fn is not None:
            hooks.append(tf.train.FeedFnHook(feed_fn))
        if steps:
            hooks.append(StopAfterRuns(steps, log_progress=log_progress))
        with self._new_graph():
            with dimensions():
                features, labels = input_fn()
                self._check_inputs(features, labels)
                ops = self._get_eval_ops(features, labels, metrics)
                update_op, values = self._extract_metric_update_ops(ops.eval_metric_ops)
            step_key = "global_step"
            while step_key in values:
                step_key = f"_{step_key}"
            values[step_key] = tf.train.get_global_step()
            results = sessions.evaluate(
                update_op,
                values,
                ops.scaffold,
                hooks,
                self._config.evaluation_master,
                self._session_config,
                path,
            )
            directory = os.path.join(self._model_dir, f"eval_{name}" if name else "eval")
            write_results(self._event_writers.open(directory), results, results[step_key])
        return results, results[step_key]

    def _infer_model(
        self,
        input_fn: InputFn,
        feed_fn: FeedFn | None = None,
        outputs: list[str] | None = None,
        as_iterable: bool = True,
        iterate_batches: bool = False,
    ) -> Any:
        """Predictions by row or by batch, or those of the first batch."""
        path = self._latest_checkpoint()
        with self._new_graph() as graph, dimensions():
            ops = self._get_predict_ops(self._get_features_from_input_fn(input_fn))
            fetches = self._filter_predictions(ops.predictions, outputs)
            is_constant = self._is_input_constant(feed_fn, graph)
        batches = sessions.infer(
            graph, fetches, ops.scaffold, feed_fn, self._session_config, path, once=is_constant
        )
        if not as_iterable:
            return predicted.first(batches)
        return batches if iterate_batches else predicted.rows(batches)

    def _get_features_from_input_fn(self, input_fn: InputFn) -> Any:
        """The features of `input_fn`, with labels or without."""
        result = input_fn()
        return result[0] if isinstance(result, (list, tuple)) else result

    def _filter_predictions(self, predictions: Any, outputs: list[str] | None) -> Any:
        """Those of the predictions that are asked for."""
        return predicted.chosen(predictions, outputs)

    def _is_input_constant(self, feed_fn: FeedFn | None, graph: Any) -> bool:
        """Whether one batch is all there is to predict."""
        return feed_fn is None and not sessions.reads_batches(graph)

    def _extract_metric_update_ops(self, eval_dict: Mapping[str, Any]) -> tuple[Any, dict]:
        """One operation that updates all metrics, or None, and their values."""
        return split_metrics(eval_dict)

    def _check_inputs(self, features: Any, labels: Any) -> None:
        """Hold the inputs to the types and shapes of the first ones seen."""
        if self._features_info is None:
            self._features_info = create_signatures(features)
        elif not tensors_compatible(features, self._features_info):
            raise ValueError(
                "Features are incompatible with given information. "
                f"Given features: {features}, required signatures: {self._features_info}."
            )
        if labels is None:
            return
        if self._labels_info is None:
            self._labels_info = create_signatures(labels)
        elif not tensors_compatible(labels, self._labels_info):
            raise ValueError(
                "Labels are incompatible with given information. "
                f"Given labels: {labels}, required signatures: {self._labels_info}."
            )

    @contextlib.contextmanager
    def _new_graph(self) -> Iterator[Any]:
        """A new default graph with the config's seed and a global step."""
        with tf.Graph().as_default() as graph:
            tf.set_random_seed(self._config.tf_random_seed)
            tf.train.create_global_step()
            yield graph

    def _latest_checkpoint(self) -> str:
        path = tf.train.latest_checkpoint(self._model_dir)
        if not path:
            raise NotFittedError(f"Couldn't find trained model at {self._model_dir}.")
        return path

    def _has_saved(self, step: int) -> bool:
        """Whether the latest checkpoint is of global step `step` or later."""
        path = tf.train.latest_checkpoint(self._model_dir)
        if path is None:
            return False
        try:
            return int(tf.train.load_variable(path, tf.GraphKeys.GLOBAL_STEP)) >= step
        except tf.errors.NotFoundError:
            return False


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
