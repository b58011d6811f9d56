"""``tf.contrib.learn``'s Estimator, as of TensorFlow 1.4, on today's TensorFlow.

A program written for ``from tensorflow.contrib import learn`` needs its imports changed to
``from mlp import estimator as learn``, and ``import tensorflow.compat.v1 as tf``; or one more line,
``import mlp.estimator.contrib``, and no change. The page ``README.md`` beside this file tells where
every import went, what is not here, and what TensorFlow's own switches cure.

Everything runs in graphs of its own. One global switch of TensorFlow is thrown, and thrown back:
while `input_fn`, `model_fn` and hooks build a graph, ``tensor.shape[1]`` is a `tf.Dimension`, which
has a ``.value``. Other threads see it, too, for that time.

What this does otherwise than 1.4:

- `RunConfig.num_cores`, `log_device_placement`, `gpu_memory_fraction` and `log_step_count_steps`
  are heeded; 1.4 took and ignored them. A cluster in `TF_CONFIG` is refused.
- A graph without summaries has no summary hook.
- `evaluate` heeds `checkpoint_path` and `hooks` with `x`, too.
- `predict` opens its session at the first row asked for, heeds `outputs` in every form, and reads
  inputs from `tf.data` to their end. `_predict_generator` is not there to be overridden.
- What a hook returns from `before_run` may name a variable, as in ``w:0``; what it runs itself, in
  a session that it is given, needs the variable in place of its name. A monitor may name one in
  any session. Both see variables as the run left them; 1.4 could see them in between.
- A variable has no tensor ``w/read:0``, unless resource variables are disabled.
- A Dask frame comes into memory; 1.4 failed on it.
- The functions that `numpy_input_fn` and its like return draw where a shuffled pass starts from a
  generator of their own; 1.4 seeded Python's `random` anew.
- `NanLossDuringTrainingError` is one class; 1.4 had one for hooks and one for monitors.
- `GraphDump` and `LoggingTrainable` see variables after the step.
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
