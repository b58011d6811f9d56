"""Monitors that stop, report and guard."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from mlp.estimator.errors import NanLossDuringTrainingError
from mlp.estimator.monitor_base import BaseMonitor, EveryN, key_of, output_of


class StopAtStep(BaseMonitor):
    """Stops training after `num_steps` more steps, or after step `last_step`.

    Raises:
        ValueError: not exactly one of the two is given.
    """

    def __init__(self, num_steps: int | None = None, last_step: int | None = None) -> None:
        super().__init__()
        if num_steps is None and last_step is None:
            raise ValueError("One of num_steps or last_step must be specified.")
        if num_steps is not None and last_step is not None:
            raise ValueError("Only one of num_steps or last_step can be specified.")
        self._num_steps = num_steps
        self._last_step = last_step

    @property
    def run_on_all_workers(self) -> bool:
        """Every worker must stop."""
        return True

    def step_begin(self, step: int) -> list[Any]:
        """Count from the first step seen."""
        if self._last_step is None and self._num_steps is not None:
            self._last_step = step + self._num_steps - 1
        return super().step_begin(step)

    def step_end(self, step: int, output: Mapping[Any, Any]) -> bool:
        """True at the last step."""
        super().step_end(step, output)
        return self._last_step is not None and step >= self._last_step


class PrintTensor(EveryN):
    """Logs tensors every n steps.

    Args:
        tensor_names: names of tensors, or a dict of names by label.
        every_n: steps between reports.
        first_n: global step up to which every step is reported.
    """

    def __init__(
        self, tensor_names: Iterable[str] | dict[str, str], every_n: int = 100, first_n: int = 1
    ) -> None:
        super().__init__(every_n, first_n)
        if not isinstance(tensor_names, dict):
            tensor_names = {name: name for name in tensor_names}
        self._names: dict[str, str] = tensor_names

    def every_n_step_begin(self, step: int) -> list[Any]:
        """Ask for the tensors."""
        super().every_n_step_begin(step)
        return list(self._names.values())

    def every_n_step_end(self, step: int, outputs: Mapping[Any, Any]) -> bool | None:
        """Log them."""
        values = [
            f"{label} = {output_of(outputs, name)!s}"
            for label, name in self._names.items()
            if key_of(outputs, name) in outputs
        ]
        tf.logging.info("Step %d: %s", step, ", ".join(values))
        return super().every_n_step_end(step, outputs)


class CaptureVariable(EveryN):
    """Keeps the values of a tensor, such as ``w:0``, every n steps in `values`, by step."""

    def __init__(self, var_name: str, every_n: int = 100, first_n: int = 1) -> None:
        super().__init__(every_n, first_n)
        self._name = var_name
        self.values: dict[int, Any] = {}

    def every_n_step_begin(self, step: int) -> list[Any]:
        """Ask for the tensor."""
        super().every_n_step_begin(step)
        return [self._name]

    def every_n_step_end(self, step: int, outputs: Mapping[Any, Any]) -> bool | None:
        """Keep it."""
        self.values[step] = output_of(outputs, self._name)
        return super().every_n_step_end(step, outputs)


class NanLoss(EveryN):
    """Looks every n steps whether the loss is NaN, and fails or stops training if so."""

    def __init__(
        self, loss_tensor: Any, every_n_steps: int = 100, fail_on_nan_loss: bool = True
    ) -> None:
        super().__init__(every_n_steps=every_n_steps)
        self._loss = loss_tensor
        self._fail = fail_on_nan_loss

    def every_n_step_begin(self, step: int) -> list[Any]:
        """Ask for the loss."""
        super().every_n_step_begin(step)
        return [self._loss]

    def every_n_step_end(self, step: int, outputs: Mapping[Any, Any]) -> bool:
        """True, or NanLossDuringTrainingError, on NaN."""
        super().every_n_step_end(step, outputs)
        if not np.isnan(output_of(outputs, self._loss)):
            return False
        if self._fail:
            tf.logging.error("Model diverged with loss = NaN.")
            raise NanLossDuringTrainingError
        tf.logging.warning("Model diverged with loss = NaN.")
        return True
