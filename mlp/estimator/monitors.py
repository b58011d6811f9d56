"""contrib.learn's monitors, under the name programs know them by: ``learn.monitors``."""

from typing import Any

from mlp.estimator.errors import NanLossDuringTrainingError
from mlp.estimator.inspecting_monitors import GraphDump, LoggingTrainable
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
    "GraphDump",
    "LoggingTrainable",
    "NanLoss",
    "NanLossDuringTrainingError",
    "PrintTensor",
    "RunHookAdapterForMonitors",
    "StepCounter",
    "StopAtStep",
    "SummarySaver",
    "ValidationMonitor",
    "get_default_monitors",
    "replace_monitors_with_hooks",
]


def get_default_monitors(
    loss_op: Any = None,
    summary_op: Any = None,
    save_summary_steps: int = 100,
    output_dir: str | None = None,
    summary_writer: Any = None,
) -> list[BaseMonitor]:
    """A monitor that logs the loss, and one that writes the summary, of those that are given."""
    monitors: list[BaseMonitor] = []
    if loss_op is not None:
        monitors.append(PrintTensor({"loss": loss_op.name}))
    if summary_op is not None:
        monitors.append(SummarySaver(summary_op, save_summary_steps, output_dir, summary_writer))
    return monitors
