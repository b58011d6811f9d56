"""The first divergence of two traces: a pure function of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mlp.trace import gradient, inputs, loss, schedule, update, weights
from mlp.trace.errors import TraceError
from mlp.trace.file import trace_of
from mlp.trace.ladder import Divergence
from mlp.trace.pair import Pair
from mlp.trace.record import Trace
from mlp.trace.recorder import Recorder
from mlp.trace.rounding import rounding_of
from mlp.trace.rung import FAILED, PASSED, Rung


def first_divergence(
    a: Trace | Recorder | str | Path,
    b: Trace | Recorder | str | Path,
    *,
    repeat: Trace | Recorder | str | Path | None = None,
    names: Mapping[str, str] | None = None,
) -> Divergence:
    """Where two programs part, and in what.

    Args:
        a: one trace, or the file of one.
        b: the other.
        repeat: a second trace of either program, whose distance from the first widens what
            rounding explains.
        names: of variables of `a`, those of `b` they stand for. Default: by shape and order.

    Raises:
        TraceError: the traces are of different models, or have no update to compare.
    """
    first, second = trace_of(a), trace_of(b)
    rounding = rounding_of(first, second, None if repeat is None else trace_of(repeat))
    pair = Pair(first, second, names, rounding)
    _check(pair)
    losses = loss.check(pair)
    gradients = gradient.check(pair, losses)
    updates = update.check(pair)
    losses, gradients = _weighed(losses, gradients, updates)
    rungs = (
        inputs.check(pair),
        weights.check_variables(pair),
        weights.check_initial(pair),
        weights.check_mode(pair),
        losses,
        gradients,
        updates,
        schedule.check_buffers(pair),
        schedule.check_rate(pair, clips=gradients.state != PASSED),
        schedule.check_evaluation(pair),
    )
    return Divergence(first, second, pair.names, rungs, len(pair.steps), rounding.relative)


def _weighed(losses: Rung, gradients: Rung, updates: Rung) -> tuple[Rung, Rung]:
    """A loss that changes no gradient, or a gradient that changes no update, explains no gap."""
    if losses.state == FAILED and _equal_there(gradients, losses):
        losses = losses.minor("the gradients are equal: only what is reported differs")
    if gradients.state == FAILED and _equal_there(updates, gradients):
        why = "the updates are equal all the same: the rule divides by the gradient's size"
        gradients = gradients.minor(why) if gradients.findings[0].hints else gradients
        losses = losses.minor(why)
    if gradients.state == FAILED and not gradients.findings[0].hints:
        gradients = replace(gradients, detail="as the loss does")
    return losses, gradients


def _equal_there(later: Rung, earlier: Rung) -> bool:
    """Whether a later rung was compared at the update where an earlier one failed, and is equal."""
    at = earlier.findings[0].at
    return later.state == PASSED and at is not None and later.compared > at


def _check(pair: Pair) -> None:
    """Refuse traces that have nothing to compare."""
    for trace, name in zip((pair.a, pair.b), pair.names, strict=True):
        if not trace.updates:
            raise TraceError(
                f"the trace {name} holds no update: train inside the with, or call trace.step"
            )
    if pair.a.trainable and pair.b.trainable and not pair.variables:
        told = [weights.told(list(t.trainable), 2) for t in (pair.a, pair.b)]
        raise TraceError(
            f"the traces are of different models: {pair.names[0]} trains {told[0]}; "
            f"{pair.names[1]} trains {told[1]}. Compare programs of one model, or give names="
        )
