"""Queues that Python fills: threads call functions and enqueue the arrays they return."""

import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

Source = Callable[[], list[Any]]
"""Returns the next rows, an array of each component; raises `tf.errors.OutOfRangeError` at the end.
"""


class FeedingQueueRunner(tf.train.QueueRunner):
    """Fills a queue from functions, one thread each; closes it when the last has ended.

    What a function raises is raised where the session runs.

    Args:
        queue: the queue.
        enqueue_ops: one operation for each thread.
        feed_fns: returns the feed dict of each one's next run.
    """

    def __init__(
        self, queue: Any, enqueue_ops: Sequence[Any], feed_fns: Sequence[Callable[[], Any]]
    ) -> None:
        super().__init__(queue, list(enqueue_ops))
        self._feed_fns = list(feed_fns)
        self._mutex = threading.Lock()
        self._running: Any = weakref.WeakKeyDictionary()

    def create_threads(
        self, sess: Any, coord: Any = None, daemon: bool = False, start: bool = False
    ) -> list[threading.Thread]:
        """Threads for this session; none if it has some that run."""
        with self._mutex:
            if self._running.get(sess, 0):
                return []
            self._running[sess] = len(self._feed_fns)
        threads = [
            threading.Thread(target=self._fill, args=(sess, op, feed_fn, coord), daemon=daemon)
            for op, feed_fn in zip(self.enqueue_ops, self._feed_fns, strict=True)
        ]
        if coord is not None:
            threads.append(threading.Thread(target=self._cancel, args=(sess, coord), daemon=daemon))
        for thread in threads:
            if start:
                thread.start()
        return threads

    def _fill(self, sess: Any, op: Any, feed_fn: Callable[[], Any], coord: Any) -> None:
        """Enqueue until the function ends, the queue is closed or the coordinator stops."""
        if coord is not None:
            coord.register_thread(threading.current_thread())
        try:
            while coord is None or not coord.should_stop():
                sess.run(op, feed_dict=feed_fn())
        except (tf.errors.OutOfRangeError, tf.errors.CancelledError):
            self._leave(sess, close=True)
        except Exception as error:
            self._leave(sess)
            if coord is None:
                tf.logging.error("Exception in QueueRunner: %s", error)
                self.exceptions_raised.append(error)
                raise
            coord.request_stop(error)
        else:
            self._leave(sess)

    def _leave(self, sess: Any, close: bool = False) -> None:
        """One thread fewer; the last to come to an end closes the queue."""
        with self._mutex:
            self._running[sess] -= 1
            if not (close and self._running[sess] == 0):
                return
        try:
            sess.run(self.close_op)
        except Exception as error:  # the session may be closed already
            tf.logging.vlog(1, "Ignored exception: %s", error)

    def _cancel(self, sess: Any, coord: Any) -> None:
        coord.register_thread(threading.current_thread())
        coord.wait_for_stop()
        try:
            sess.run(self.cancel_op)
        except Exception as error:  # the session may be closed already
            tf.logging.vlog(1, "Ignored exception: %s", error)

    def to_proto(self, export_scope: str | None = None) -> Any:
        """Not possible: a function is no part of a graph."""
        raise NotImplementedError("A queue that Python fills cannot be exported with its graph.")


def filled_queue(
    sources: Sequence[Source],
    dtypes: Sequence[Any],
    shapes: Sequence[Any],
    *,
    capacity: int,
    shuffle: bool,
    min_after_dequeue: int | None = None,
    padded: bool = False,
) -> Any:
    """A queue of rows that `sources` fill while a session runs its queue runners.

    Args:
        sources: what each thread enqueues.
        dtypes: of each component of a row.
        shapes: of each component of a row.
        capacity: rows that the queue holds at most.
        shuffle: dequeue in random order.
        min_after_dequeue: rows that stay in a shuffled queue; None is a quarter of the capacity.
        padded: let the last dimension vary from row to row, and fill up with zeros.
    """
    types = [tf.as_dtype(dtype) for dtype in dtypes]
    shapes = [tuple(shape) for shape in shapes]
    kept = 0
    with tf.name_scope("enqueue_input"):
        if shuffle:
            kept = int(capacity / 4 if min_after_dequeue is None else min_after_dequeue)
            queue = tf.RandomShuffleQueue(capacity, kept, dtypes=types, shapes=shapes)
        elif padded:
            shapes = [(*shape[:-1], None) if shape else shape for shape in shapes]
            queue = tf.PaddingFIFOQueue(capacity, dtypes=types, shapes=shapes)
        else:
            queue = tf.FIFOQueue(capacity, dtypes=types, shapes=shapes)
        runs = [_fed(queue, types, source) for source in sources]
        tf.train.add_queue_runner(FeedingQueueRunner(queue, *zip(*runs, strict=True)))
        full = tf.cast(tf.maximum(0, queue.size() - kept), tf.float32) / (capacity - kept)
        name = f"queue/{queue.name}fraction_over_{kept}_of_{capacity - kept}_full"
        tf.summary.scalar(name, full)
    return queue


def _fed(queue: Any, types: Sequence[Any], source: Source) -> tuple[Any, Callable[[], Any]]:
    """An operation that enqueues rows, and the function that feeds it from `source`."""
    placeholders = [tf.placeholder(dtype) for dtype in types]

    def feed() -> Any:
        return dict(zip(placeholders, map(np.asarray, source()), strict=True))

    return queue.enqueue_many(placeholders), feed


def warn_of_threads(num_threads: int, num_epochs: int | None, shuffle: bool) -> None:
    """Warn of what several threads do to epochs and to the order of rows."""
    if num_threads <= 1:
        return
    if num_epochs is not None:
        tf.logging.warning(
            "num_epochs counts for each of %d threads: there will be more epochs than asked for. "
            "Use one thread to limit epochs.",
            num_threads,
        )
    if not shuffle:
        tf.logging.warning(
            "%d threads read the rows at once: they do not come in order. Use one thread to keep "
            "their order.",
            num_threads,
        )
