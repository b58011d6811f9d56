"""Session hooks that behave as TensorFlow 1.4's did, where today's stock hooks do not."""

import os
from typing import Any

import tensorflow.compat.v1 as tf


def start(hook: Any, session: Any, coord: Any) -> None:
    """``hook.after_create_session``, after which a stock hook of TensorFlow acts as 1.4's did.

    A `CheckpointSaverHook` of n steps saves at steps 1, n+1, 2n+1, ... and the last. Today's own
    saves before the first step, too, and at 0, n, 2n, ... A `ProfilerHook` profiles the first step.
    A `LoggingTensorHook` logs in the order of its dict.
    """
    if isinstance(hook, tf.train.LoggingTensorHook):
        hook._tag_order = list(hook._tensors)
    if isinstance(hook, tf.train.ProfilerHook):
        hook._next_step = hook._next_step or 0
    if not isinstance(hook, tf.train.CheckpointSaverHook):
        hook.after_create_session(session, coord)
        return
    save, timer = vars(hook).get("_save"), getattr(hook, "_timer", None)
    time = dict(vars(timer)) if timer is not None else {}
    hook._save = lambda _session, _step: False
    try:
        hook.after_create_session(session, coord)
    finally:
        del hook._save
        if save is not None:
            hook._save = save
    if timer is not None:
        vars(timer).update(time)


class StopAfterRuns(tf.train.SessionRunHook):
    """Stops a session after a number of runs.

    Args:
        runs: how many.
        log_progress: report each run to the log.
    """

    def __init__(self, runs: int, log_progress: bool = True) -> None:
        self._runs = runs
        self._log_progress = log_progress
        self._done = 0

    def begin(self) -> None:
        """Start counting."""
        self._done = 0

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Count one run, and stop at the last."""
        del run_values
        self._done += 1
        if self._log_progress:
            tf.logging.info("Evaluation [%d/%d]", self._done, self._runs)
        if self._done >= self._runs:
            run_context.request_stop()


class EventWriters:
    """Event files of one estimator, one per directory, written through TensorFlow's cache.

    TensorFlow keeps every writer open, with its thread and its file, to the end of the process;
    `close` lets an estimator that goes away take its own along. A writer that the program got
    from the cache first is the program's.
    """

    def __init__(self) -> None:
        self._writers: dict[str, Any] = {}

    def open(self, directory: str) -> Any:
        """The writer of `directory`, opened if it is not."""
        directory = os.fspath(directory)
        is_cached = directory in tf.summary.FileWriterCache._cache
        writer = tf.summary.FileWriterCache.get(directory)
        writer.reopen()
        if not is_cached:
            self._writers[directory] = writer
        return writer

    def close(self) -> None:
        """Close every writer that came into the cache here, and take it out."""
        while self._writers:
            directory, writer = self._writers.popitem()
            writer.close()
            if tf.summary.FileWriterCache._cache.get(directory) is writer:
                del tf.summary.FileWriterCache._cache[directory]
