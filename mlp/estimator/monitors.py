"""contrib.learn's monitors, under the name programs know them by: ``learn.monitors``."""

from mlp.estimator.errors import NanLossDuringTrainingError
from mlp.estimator.monitor_base import BaseMonitor, EveryN
from mlp.estimator.monitor_hook import RunHookAdapterForMonitors, replace_monitors_with_hooks
from mlp.estimator.saving_monitors import CheckpointSaver, StepCounter, SummarySaver
from mlp.estimator.simple_monitors import CaptureVariable, NanLoss, PrintTensor, StopAtStep
from mlp.estimator.validation_monitor import ValidationMonitor

__all__ = [
    "BaseMonitor",
    "CaptureVariable",
    "CheckpointSaver",
    "EveryN",
    "NanLoss",
    "NanLossDuringTrainingError",
    "PrintTensor",
    "RunHookAdapterForMonitors",
    "StepCounter",
    "StopAtStep",
    "SummarySaver",
    "ValidationMonitor",
    "replace_monitors_with_hooks",
]
