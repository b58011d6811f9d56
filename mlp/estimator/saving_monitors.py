"""Monitors that write: summaries, checkpoints and the step rate."""

import os
import time
from collections.abc import Mapping
from typing import Any

import tensorflow.compat.v1 as tf

from mlp.estimator.monitor_base import BaseMonitor, EveryN, output_of


class _Writing(EveryN):
    """A monitor with a summary writer: the one given, or that of `output_dir` or the estimator."""

    def __init__(
        self, every_n_steps: int, output_dir: str | None = None, summary_writer: Any = None
    ) -> None:
        super().__init__(every_n_steps=every_n_steps)
        self._output_dir = output_dir
        self._given_writer = summary_writer
        self._summary_writer = summary_writer

    def begin(self, max_steps: int | None = None) -> None:
        """Find the writer, in the graph that is trained."""
        super().begin(max_steps)
        directory = self._output_dir
        if directory is None and self._estimator is not None:
            directory = self._estimator.model_dir
        if self._given_writer is None and directory is not None:
            self._summary_writer = tf.summary.FileWriterCache.get(directory)
            self._summary_writer.reopen()

    def end(self, session: Any = None) -> None:
        """Flush what is written."""
        super().end(session)
        if self._summary_writer is not None:
            self._summary_writer.flush()


class SummarySaver(_Writing):
    """Writes summaries every n steps.

    Args:
        summary_op: a serialized summary, or its name; None takes the scaffold's.
        save_steps: steps from one summary to the next.
        output_dir: where the summaries go; None is the estimator's directory.
        summary_writer: `tf.summary.FileWriter` to use instead.
        scaffold: `tf.train.Scaffold` whose summaries are written without `summary_op`.
    """

    def __init__(
        self,
        summary_op: Any,
        save_steps: int = 100,
        output_dir: str | None = None,
        summary_writer: Any = None,
        scaffold: Any = None,
    ) -> None:
        super().__init__(save_steps, output_dir, summary_writer)
        self._summary_op = summary_op
        self._scaffold = scaffold

    def every_n_step_begin(self, step: int) -> list[Any]:
        """Ask for the summary."""
        super().every_n_step_begin(step)
        if self._summary_op is None and self._scaffold is not None:
            self._summary_op = self._scaffold.summary_op
        return [] if self._summary_op is None else [self._summary_op]

    def every_n_step_end(self, step: int, outputs: Mapping[Any, Any]) -> bool:
        """Write it."""
        super().every_n_step_end(step, outputs)
        if self._summary_op is not None and self._summary_writer is not None:
            self._summary_writer.add_summary(output_of(outputs, self._summary_op), step)
        return False


class StepCounter(_Writing):
    """Writes the step rate, ``global_step/sec``, every n steps.

    Args:
        every_n_steps: steps from one report to the next.
        output_dir: where the reports go; None is the estimator's directory.
        summary_writer: `tf.summary.FileWriter` to use instead.
    """

    def __init__(
        self, every_n_steps: int = 100, output_dir: str | None = None, summary_writer: Any = None
    ) -> None:
        super().__init__(every_n_steps, output_dir, summary_writer)
        self._last_report: tuple[int, float] | None = None

    def every_n_step_end(self, step: int, outputs: Mapping[Any, Any]) -> bool:
        """Write the rate since the last report."""
        super().every_n_step_end(step, outputs)
        now = time.perf_counter()
        if self._last_report is not None and self._summary_writer is not None:
            last_step, last_time = self._last_report
            summary = tf.Summary()
            rate = (step - last_step) / (now - last_time)
            summary.value.add(tag="global_step/sec", simple_value=rate)
            self._summary_writer.add_summary(summary, step)
        self._last_report = (step, now)
        return False


class CheckpointSaver(BaseMonitor):
    """Saves after the first step, then once a period, then at the end.

    It does not displace the checkpoints of the config.

    Args:
        checkpoint_dir: where the checkpoints go.
        save_secs: seconds between checkpoints, or None.
        save_steps: steps between checkpoints, or None.
        saver: `tf.train.Saver`; None takes the scaffold's, or the graph's.
        checkpoint_basename: what the checkpoints' names begin with.
        scaffold: `tf.train.Scaffold` whose saver is used without `saver`.

    Raises:
        ValueError: not exactly one of the two periods is given.
    """

    def __init__(
        self,
        checkpoint_dir: str,
        save_secs: float | None = None,
        save_steps: int | None = None,
        saver: Any = None,
        checkpoint_basename: str = "model.ckpt",
        scaffold: Any = None,
    ) -> None:
        super().__init__()
        if save_steps is None and save_secs is None:
            raise ValueError("Either save_steps or save_secs should be provided")
        if save_steps is not None and save_secs is not None:
            raise ValueError("Can not provide both save_steps and save_secs.")
        self._save_path = os.path.join(checkpoint_dir, checkpoint_basename)
        self._save_secs = save_secs
        self._save_steps = save_steps
        self._saver = saver
        self._scaffold = scaffold
        self._last_begin_step: int | None = None
        self._last_saved: tuple[int, float] | None = None

    def begin(self, max_steps: int | None = None) -> None:
        """Forget what was saved before."""
        super().begin(max_steps)
        self._last_begin_step = self._last_saved = None

    def step_begin(self, step: int) -> list[Any]:
        """Note the step."""
        self._last_begin_step = step
        return super().step_begin(step)

    def post_step(self, step: int, session: Any) -> None:
        """Save if it is time."""
        super().post_step(step, session)
        if self._is_due(step):
            self._save(step, session)

    def end(self, session: Any = None) -> None:
        """Save the last step."""
        super().end(session)
        if self._last_begin_step is not None:
            self._save(self._last_begin_step, session)

    def _is_due(self, step: int) -> bool:
        if self._last_saved is None:
            return True
        last_step, last_time = self._last_saved
        if self._save_steps is not None:
            return step >= last_step + self._save_steps
        assert self._save_secs is not None
        return time.monotonic() >= last_time + self._save_secs

    def _save(self, step: int, session: Any) -> None:
        if self._last_saved is not None and self._last_saved[0] == step:
            return
        tf.logging.info("Saving checkpoints for %d into %s.", step, self._save_path)
        self._last_saved = (step, time.monotonic())
        saver = self._saver or (self._scaffold.saver if self._scaffold else None)
        saver = saver or session.graph.get_collection(tf.GraphKeys.SAVERS)[0]
        saver.save(session, self._save_path, global_step=step)
