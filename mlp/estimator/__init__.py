"""``tf.contrib.learn``'s Estimator, as of TensorFlow 1.4, on today's TensorFlow.

A program written for ``from tensorflow.contrib import learn`` needs its imports changed to
``from mlp import estimator as learn``, and ``import tensorflow.compat.v1 as tf``. Everything runs
in graphs of its own: no global behaviour of TensorFlow is switched.

What 1.4 does and this does not: clusters, export, feature columns, canned estimators, one-hot
labels and Dask frames. What this does otherwise:

- `RunConfig.num_cores`, `log_device_placement`, `gpu_memory_fraction` and `log_step_count_steps`
  are heeded; 1.4 took and ignored them.
- A graph without summaries has no summary hook.
- `fit` rejects steps below 1, where 1.4 took one step, and a missing `model_fn` is noticed at once.
- `predict` opens its session at the first row asked for, heeds `outputs` in every form, and reads
  inputs from `tf.data` to their end.
"""

from mlp.estimator import metrics, model_fn, monitors, run_config
from mlp.estimator.bases import BaseEstimator, Evaluable, Trainable
from mlp.estimator.data_feeder import DataFeeder, StreamingDataFeeder
from mlp.estimator.errors import NanLossDuringTrainingError, NotAnArrayError, NotFittedError
from mlp.estimator.estimator import Estimator
from mlp.estimator.metric_spec import MetricSpec
from mlp.estimator.model_fn import ModeKeys, ModelFnOps
from mlp.estimator.pandas_io import (
    extract_pandas_data,
    extract_pandas_labels,
    extract_pandas_matrix,
)
from mlp.estimator.run_config import RunConfig
from mlp.estimator.sk_compat import SKCompat
from mlp.estimator.validation_monitor import ValidationMonitor

__all__ = [
    "BaseEstimator",
    "DataFeeder",
    "Estimator",
    "Evaluable",
    "MetricSpec",
    "ModeKeys",
    "ModelFnOps",
    "NanLossDuringTrainingError",
    "NotAnArrayError",
    "NotFittedError",
    "RunConfig",
    "SKCompat",
    "StreamingDataFeeder",
    "Trainable",
    "ValidationMonitor",
    "extract_pandas_data",
    "extract_pandas_labels",
    "extract_pandas_matrix",
    "metrics",
    "model_fn",
    "monitors",
    "run_config",
]
