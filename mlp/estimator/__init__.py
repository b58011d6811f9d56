"""``tf.contrib.learn``'s Estimator, as of TensorFlow 1.4, on today's TensorFlow.

A program written for ``from tensorflow.contrib import learn`` needs its imports changed to
``from mlp import estimator as learn``, and ``import tensorflow.compat.v1 as tf``. That holds for
the names below: a `model_fn` that uses ``tf.contrib.layers`` or ``tf.contrib.framework`` must
change those too, and ``tf.layers`` needs the tf-keras package, with ``TF_USE_LEGACY_KERAS=1`` in
the environment before TensorFlow is imported. Everything runs in graphs of its own: no global
behaviour of TensorFlow is switched.

What 1.4 does and this does not: clusters, export, feature columns, canned estimators, one-hot
labels and Dask frames. Names of contrib.learn that are not here: the canned estimators and their
heads, `Experiment`, `ExportStrategy` and the rest of export, `InputFnOps`, `PredictionKey`,
`ProblemType`, `TaskType`, `estimators`, `learn_runner`, `graph_actions`, `datasets`,
`preprocessing`, `ops`, `utils`, `models`, `evaluate`, `infer`, `train`, `run_n` and `run_feeds`,
the readers of batches of examples, `extract_dask_data` and `extract_dask_labels`,
`infer_real_valued_columns_from_input`, and of the monitors `LoggingTrainable`, `ExportMonitor`,
`GraphDump`, `SummaryWriterCache` and `get_default_monitors`. `metrics` has seven of
``tf.contrib.metrics``.

What this does otherwise:

- `RunConfig.num_cores`, `log_device_placement`, `gpu_memory_fraction` and `log_step_count_steps`
  are heeded; 1.4 took and ignored them.
- A graph without summaries has no summary hook.
- `fit` rejects steps below 1, where 1.4 took one step, and a missing `model_fn` is noticed at once.
- `evaluate` heeds `checkpoint_path` and `hooks` with `x`, too, and rejects steps below 0.
- `predict` opens its session at the first row asked for, heeds `outputs` in every form, and reads
  inputs from `tf.data` to their end.
- What a hook returns from `before_run` may name a variable, as in ``w:0``; what it runs itself, in
  a session that it is given, needs the variable in place of its name.
- `NanLossDuringTrainingError` is one class; 1.4 had one for hooks and one for monitors.
- `BaseEstimator`, `Trainable` and `Evaluable` are for `isinstance`: subclass `Estimator` instead.
"""

from mlp.estimator import io, metrics, model_fn, monitors, run_config, utils
from mlp.estimator.base_estimator import BaseEstimator
from mlp.estimator.bases import Evaluable, Trainable
from mlp.estimator.data_feeder import DataFeeder, StreamingDataFeeder
from mlp.estimator.errors import NanLossDuringTrainingError, NotAnArrayError, NotFittedError
from mlp.estimator.estimator import Estimator
from mlp.estimator.io import (
    extract_dask_data,
    extract_dask_labels,
    extract_pandas_data,
    extract_pandas_labels,
    extract_pandas_matrix,
)
from mlp.estimator.keys import MetricKey, PredictionKey, ProblemType
from mlp.estimator.metric_spec import MetricSpec
from mlp.estimator.model_fn import ModeKeys, ModelFnOps
from mlp.estimator.run_config import Environment, RunConfig, TaskType
from mlp.estimator.sk_compat import SKCompat
from mlp.estimator.utils import InputFnOps, build_parsing_serving_input_fn
from mlp.estimator.validation_monitor import ValidationMonitor

__all__ = [
    "BaseEstimator",
    "DataFeeder",
    "Environment",
    "Estimator",
    "Evaluable",
    "InputFnOps",
    "MetricKey",
    "MetricSpec",
    "ModeKeys",
    "ModelFnOps",
    "NanLossDuringTrainingError",
    "NotAnArrayError",
    "NotFittedError",
    "PredictionKey",
    "ProblemType",
    "RunConfig",
    "SKCompat",
    "StreamingDataFeeder",
    "TaskType",
    "Trainable",
    "ValidationMonitor",
    "build_parsing_serving_input_fn",
    "extract_dask_data",
    "extract_dask_labels",
    "extract_pandas_data",
    "extract_pandas_labels",
    "extract_pandas_matrix",
    "io",
    "metrics",
    "model_fn",
    "monitors",
    "run_config",
    "utils",
]
