"""The sessions an Estimator runs: one to train, one to evaluate, one to infer.

Each takes operations already built in the default graph.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow.compat.v1 as tf
from tensorflow.python.training import training_util

from mlp.estimator.model_fn import ModelFnOps
from mlp.estimator.run_config import RunConfig
from mlp.estimator.variable_reads import VariableReads

LOSS_LOG_STEPS = 100


def build_training(build: Callable[[], ModelFnOps]) -> ModelFnOps:
    """The operations `build` returns, ordered after this step's read of the global step.

    The stock hooks take that read for the step BEFORE the update.
    """
    global_step = tf.train.get_or_create_global_step()
    before = training_util._get_or_create_global_step_read()
    if hasattr(global_step, "handle"):
        ops = build()
        for writer in global_step.handle.consumers():
            if writer.type.startswith("Assign"):
                writer._add_control_input(before.op)
    else:  # the program has disabled resource variables
        with tf.control_dependencies([before]):
            ops = build()
    tf.add_to_collection(tf.GraphKeys.LOSSES, ops.loss)
    return ops


def train(
    ops: ModelFnOps, hooks: list[Any], config: RunConfig, session_config: Any, model_dir: str
) -> Any:
    """Run the train op until a hook stops it; returns the last step's loss, None without a step.

    Args:
        ops: from `build_training`.
        hooks: `SessionRunHook`s, one of which stops the session.
        config: periods of checkpoints, summaries and reports.
        session_config: `tf.ConfigProto` of the session.
        model_dir: directory to restore from, if it holds a checkpoint, and to save into.

    Raises:
        NanLossDuringTrainingError: the loss became NaN.
    """
    scaffold = ops.scaffold or tf.train.Scaffold()
    if not (scaffold.saver or tf.get_collection(tf.GraphKeys.SAVERS)):
        tf.add_to_collection(tf.GraphKeys.SAVERS, _saver(config))
    progress = {"loss": ops.loss, "step": tf.train.get_global_step()}
    hooks = [
        *hooks,
        tf.train.NanTensorHook(ops.loss),
        tf.train.LoggingTensorHook(progress, every_n_iter=LOSS_LOG_STEPS),
        *ops.training_hooks,
    ]
    reads = VariableReads(ops.train_op)
    with tf.train.MonitoredTrainingSession(
        master=config.master,
        checkpoint_dir=model_dir,
        scaffold=scaffold,
        hooks=reads.for_hooks(hooks),
        chief_only_hooks=reads.for_hooks(
            [*_savers(ops, hooks, config, model_dir, scaffold), *ops.training_chief_hooks]
        ),
        save_checkpoint_secs=None,
        save_checkpoint_steps=None,
        save_summaries_steps=config.save_summary_steps if _has_summaries(scaffold) else None,
        save_summaries_secs=None,
        log_step_count_steps=config.log_step_count_steps,
        config=session_config,
    ) as session:
        loss = None
        while not session.should_stop():
            _, loss = session.run([ops.train_op, ops.loss])
    return loss


def _saver(config: RunConfig) -> Any:
    return tf.train.Saver(
        sharded=True,
        max_to_keep=config.keep_checkpoint_max,
        keep_checkpoint_every_n_hours=config.keep_checkpoint_every_n_hours,
        defer_build=True,
        save_relative_paths=True,
    )


def _savers(
    ops: ModelFnOps, hooks: list[Any], config: RunConfig, model_dir: str, scaffold: Any
) -> list[Any]:
    """The config's own checkpoint hook, unless it has none or another hook saves already."""
    if not (config.save_checkpoints_secs or config.save_checkpoints_steps):
        return []
    present = (*hooks, *ops.training_chief_hooks)
    if any(isinstance(hook, tf.train.CheckpointSaverHook) for hook in present):
        return []
    return [
        tf.train.CheckpointSaverHook(
            model_dir,
            save_secs=config.save_checkpoints_secs,
            save_steps=config.save_checkpoints_steps,
            scaffold=scaffold,
        )
    ]


def _has_summaries(scaffold: Any) -> bool:
    return scaffold.summary_op is not None or bool(tf.get_collection(tf.GraphKeys.SUMMARIES))


def evaluate(
    update_op: Any,
    final_ops: dict[str, Any],
    scaffold: Any,
    hooks: list[Any],
    master: str,
    session_config: Any,
    checkpoint_path: str,
) -> dict[str, Any]:
    """Run `update_op` until the input ends or a hook stops it, then read `final_ops`.

    Args:
        update_op: one batch's update of the streaming metrics, or None.
        final_ops: tensors by name.
        scaffold: `tf.train.Scaffold` of the session, or None.
        hooks: `SessionRunHook`s, one of which may feed.
        master: TensorFlow master of the session.
        session_config: `tf.ConfigProto` of the session.
        checkpoint_path: checkpoint to restore.
    """
    final = tf.train.FinalOpsHook(final_ops)
    creator = tf.train.ChiefSessionCreator(
        scaffold=scaffold,
        checkpoint_filename_with_path=checkpoint_path,
        master=master,
        config=session_config,
    )
    hooks = [*VariableReads(update_op).for_hooks(hooks), final]
    _report("Starting")
    with tf.train.MonitoredSession(session_creator=creator, hooks=hooks) as session:
        while update_op is not None and not session.should_stop():
            session.run(update_op)
    _report("Finished")
    return dict(final.final_ops_values)


def _report(what: str) -> None:
    now = time.strftime("%Y-%m-%d-%H:%M:%S", time.gmtime())
    tf.logging.info("%s evaluation at %s", what, now)


def infer(
    graph: Any,
    predictions: Any,
    scaffold: Any,
    feed_fn: Callable[[], dict[Any, Any]] | None,
    session_config: Any,
    checkpoint_path: str,
    *,
    once: bool,
) -> Iterator[Any]:
    """Values of `predictions`, batch by batch, until the input ends, or `once`.

    `graph` is made the default one only while the session is opened and closed, never while the
    caller holds a batch.
    """
    with graph.as_default():
        creator = tf.train.ChiefSessionCreator(
            scaffold=scaffold,
            checkpoint_filename_with_path=checkpoint_path,
            config=session_config,
        )
        session = tf.train.MonitoredSession(session_creator=creator)
    try:
        while not session.should_stop():
            try:
                values = session.run(predictions, feed_fn() if feed_fn else None)
            except (StopIteration, tf.errors.OutOfRangeError):
                return
            yield values
            if once:
                return
    finally:
        with graph.as_default():
            session.close()


def reads_batches(graph: Any) -> bool:
    """Whether something in the graph reads one batch after another."""
    if graph.get_collection(tf.GraphKeys.QUEUE_RUNNERS):
        return True
    return any(op.type.startswith("IteratorGetNext") for op in graph.get_operations())
