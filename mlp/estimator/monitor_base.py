"""What monitors are made of: ``BaseMonitor`` and ``EveryN``.

A monitor is told of each step, counted from 1: `step_begin`, `step_end` (which may stop training
by returning True) and `post_step`.
"""

from collections.abc import Mapping
from typing import Any


def output_of(outputs: Mapping[Any, Any], request: Any) -> Any:
    """What `request` came to; `outputs` may be keyed by it or, for a tensor, by its name."""
    return outputs[key_of(outputs, request)]


def key_of(outputs: Mapping[Any, Any], request: Any) -> Any:
    """`request`, or its name where that is the key of `outputs`."""
    try:
        if request in outputs:
            return request
    except TypeError:  # a variable of a graph, outside of it
        pass
    return getattr(request, "name", request)


class BaseMonitor:
    """A monitor that does nothing."""

    def __init__(self) -> None:
        self._begun = False
        self._current_epoch: int | None = None
        self._current_step: int | None = None
        self._max_steps: int | None = None
        self._estimator: Any = None

    @property
    def run_on_all_workers(self) -> bool:
        """Whether workers other than the chief run this monitor too."""
        return False

    def set_estimator(self, estimator: Any) -> None:
        """Called by the estimator to be monitored; ValueError for None."""
        if estimator is None:
            raise ValueError("Missing estimator.")
        self._estimator = estimator

    def begin(self, max_steps: int | None = None) -> None:
        """Training begins; ValueError if it has begun already."""
        if self._begun:
            raise ValueError("begin called twice without end.")
        self._max_steps = max_steps
        self._begun = True

    def end(self, session: Any = None) -> None:
        """Training ends; ValueError if it has not begun."""
        del session
        if not self._begun:
            raise ValueError("end called without begin.")
        self._max_steps = None
        self._begun = False

    def epoch_begin(self, epoch: int) -> None:
        """Epoch `epoch` begins, in a loop of the program's own; ValueError within another."""
        if self._current_epoch is not None:
            raise ValueError("epoch_begin called twice without epoch_end.")
        if epoch < 0:
            raise ValueError(f"Invalid epoch {epoch}.")
        self._current_epoch = epoch

    def epoch_end(self, epoch: int) -> None:
        """Epoch `epoch` ends; ValueError if it is not the one that began."""
        if self._current_epoch != epoch:
            raise ValueError(f"epoch_end expected {self._current_epoch} but got {epoch}.")
        self._current_epoch = None

    def step_begin(self, step: int) -> list[Any]:
        """Step `step` begins; returns tensors, or their names, to run with it."""
        if step < 0 or (self._max_steps is not None and step > self._max_steps):
            raise ValueError(f"Invalid step {step}.")
        self._current_step = step
        return []

    def step_end(self, step: int, output: Mapping[Any, Any]) -> bool | None:
        """Step `step` is done; `output` maps what was asked for to values. True stops training."""
        del output
        if self._current_step != step:
            raise ValueError(f"step_end expected {self._current_step} but got {step}.")
        self._current_step = None
        return False

    def post_step(self, step: int, session: Any) -> None:
        """Every monitor has had its `step_end`; `session` may be run."""


class EveryN(BaseMonitor):
    """A monitor that acts every n steps, and at each of the first ones.

    Args:
        every_n_steps: steps from one action to the next.
        first_n_steps: global step up to which it acts at every step.
    """

    def __init__(self, every_n_steps: int = 100, first_n_steps: int = 1) -> None:
        super().__init__()
        self._every_n_steps = every_n_steps
        self._first_n_steps = first_n_steps
        self._last_successful_step: int | None = None
        self._last_active_step = 0
        self._active = False

    def every_n_step_begin(self, step: int) -> list[Any]:
        """As `step_begin`, every n steps."""
        del step
        return []

    def every_n_step_end(self, step: int, outputs: Mapping[Any, Any]) -> bool | None:
        """As `step_end`, every n steps."""
        del step, outputs
        return False

    def every_n_post_step(self, step: int | None, session: Any) -> None:
        """As `post_step`, every n steps, and at the end for the last step."""

    def step_begin(self, step: int) -> list[Any]:
        """Decide whether this step is one of those acted on."""
        super().step_begin(step)
        self._active = (
            step <= self._first_n_steps
            or step >= self._last_active_step + self._every_n_steps
            or step == self._max_steps
        )
        return self.every_n_step_begin(step) if self._active else []

    def step_end(self, step: int, output: Mapping[Any, Any]) -> bool | None:
        """Act if this step is one of those."""
        super().step_end(step, output)
        return self.every_n_step_end(step, output) if self._active else False

    def post_step(self, step: int, session: Any) -> None:
        """Act if this step is one of those."""
        super().post_step(step, session)
        if self._active:
            self.every_n_post_step(step, session)
            self._last_active_step = step
        self._last_successful_step = step

    def end(self, session: Any = None) -> None:
        """Act on the last step if it was not acted on."""
        super().end(session=session)
        if self._last_successful_step != self._last_active_step:
            self.every_n_post_step(self._last_successful_step, session)
