"""``BaseEstimator``: all that an Estimator does but for the model it trains."""

from collections.abc import Mapping
from typing import Any

import tensorflow.compat.v1 as tf

from mlp.estimator.bases import Evaluable, Trainable
from mlp.estimator.inputs import FeedFn, InputFn, resolve_inputs, verify_inputs
from mlp.estimator.model_runner import ModelRunner
from mlp.estimator.monitor_hook import replace_monitors_with_hooks
from mlp.estimator.sk_compat import SKCompat


class BaseEstimator(ModelRunner, Evaluable, Trainable):
    """Trains, evaluates and runs the model that a subclass describes.

    A subclass has `_get_train_ops(features, labels)`, `_get_eval_ops(features, labels, metrics)`
    and `_get_predict_ops(features)`, each of which builds the model in the default graph and
    returns `ModelFnOps`. `Estimator` has them for a ``model_fn``.

    Args:
        model_dir: directory of checkpoints and summaries; None takes the config's, or a new
            temporary one.
        config: a `RunConfig`; None takes the defaults.

    Raises:
        ValueError: a `model_dir` that is not the config's, or a value of the config out of range.
    """

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: InputFn | None = None,
        steps: int | None = None,
        batch_size: int | None = None,
        monitors: list[Any] | None = None,
        max_steps: int | None = None,
    ) -> "BaseEstimator":
        """Train, from the latest checkpoint if there is one; returns self.

        At least one step is taken, even with `steps` of 0: programs load a trained model that way.

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
                `batch_size` with `input_fn`, both checkpoint periods in the config, or inputs
                unlike those of an earlier call.
            NotAnArrayError: `x` or `y` is neither an array nor an iterator.
            NanLossDuringTrainingError: the loss became NaN.
        """
        if steps is not None and max_steps is not None:
            raise ValueError("Can not provide both steps and max_steps.")
        verify_inputs(x, y, input_fn, None, batch_size)
        if input_fn is None:
            SKCompat(self).fit(x, y, batch_size, steps, max_steps, monitors)
            return self
        if max_steps is not None and self._has_saved(max_steps):
            tf.logging.info("Skipping training since max_steps has already saved.")
            return self
        hooks = replace_monitors_with_hooks(monitors, self)
        if steps is not None or max_steps is not None:
            hooks.append(tf.train.StopAtStepHook(num_steps=steps, last_step=max_steps))
        loss = self._train_model(input_fn=input_fn, hooks=hooks)
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
    ) -> "BaseEstimator":
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
            steps: how many batches; None or 0 goes on until the input ends; less than 0 is one.
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
        results, step = self._evaluate_model(
            input_fn=input_fn,
            feed_fn=feed_fn,
            steps=steps,
            metrics=metrics,
            name=name,
            checkpoint_path=checkpoint_path,
            hooks=hooks,
            log_progress=log_progress,
        )
        if results is not None:
            results["global_step"] = step
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
        verify_inputs(x, None, input_fn, None, batch_size)
        if input_fn is None and not as_iterable:
            return SKCompat(self).predict(x, batch_size, outputs)
        input_fn, feed_fn = resolve_inputs(x, None, input_fn, None, batch_size, training=False)
        return self._infer_model(
            input_fn=input_fn,
            feed_fn=feed_fn,
            outputs=outputs,
            as_iterable=as_iterable,
            iterate_batches=iterate_batches,
        )

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
