"""Buffers, the learning rate and the number of updates, and what evaluation saw."""

from __future__ import annotations

from functools import partial

import numpy as np

from mlp.trace import constants
from mlp.trace.inputs import habits
from mlp.trace.pair import Match, Pair, different_modes, label
from mlp.trace.record import Evaluation, Layer, Trace
from mlp.trace.rung import Finding, Rung, counted, failed, not_seen, number, passed
from mlp.trace.value import Value, distance

BUFFERS, RATE, EVALUATION = "buffers", "rate and updates", "evaluation"
SHARE = "share of the new batch"


def check_buffers(pair: Pair) -> Rung:
    """Compare what changes without a gradient: batch normalisation's statistics."""
    if not pair.a.buffers and not pair.b.buffers:
        return passed(BUFFERS, "no model has any")
    if len(pair.a.buffers) != len(pair.b.buffers):
        counts = (len(pair.a.buffers), len(pair.b.buffers))
        told = f"{pair.names[0]} has {counts[0]} buffers, {pair.names[1]} {counts[1]}"
        return failed(Finding(BUFFERS, told, ("normalisation on one side only",)))
    settings = _other_share(pair)
    compared, barred = 0, ""
    for i in range(len(pair.steps)):
        barred = pair.obstacle(i)
        values = pair.values(i, "buffers", pair.buffers)
        if barred or not values:
            break
        for m, va, vb in values:
            slack = pair.rounding.relative * max(va.norm, np.sqrt(np.prod(va.shape)), 1.0)
            if distance(va, vb) > slack * (1 + i):
                return failed(_other_buffer(pair, i, m, va, vb, settings))
        compared += 1
    if settings:
        return failed(settings)
    return counted(BUFFERS, compared, barred, "a trace does not show them")


def _norms(trace: Trace) -> list[Layer]:
    return [layer for layer in trace.layers if SHARE in layer.settings]


def _other_share(pair: Pair) -> Finding | None:
    """Batch normalisation that takes another share of each new batch, as settings say."""
    for la, lb in zip(_norms(pair.a), _norms(pair.b), strict=False):
        sa, sb = la.settings[SHARE], lb.settings[SHARE]
        if np.isclose(sa, sb, rtol=1e-4):
            continue
        told = f"{la.name} takes {sa:.3g} of each new batch into its statistics, {lb.name} {sb:.3g}"
        hint = "batch-norm momentum differs"
        if np.isclose(sa + sb, 1, rtol=1e-4):
            hint += (
                " by the other convention: Keras's momentum is the share that is kept, PyTorch's "
                "the share that is new"
            )
        return Finding(BUFFERS, told, (hint,))
    return None


def _other_buffer(
    pair: Pair, i: int, m: Match, va: Value, vb: Value, settings: Finding | None
) -> Finding:
    ua, ub = pair.steps[i]
    told = (
        f"{label(ua)}: {m.a.name} is {number(va.norm)} against {number(vb.norm)} (norm) after "
        "the same rows and weights"
    )
    where = (ua.where, ub.where)
    if settings:
        return Finding(BUFFERS, f"{told}; {settings.sentence}", settings.hints, at=i, where=where)
    if _unbiased(pair, i, m):
        hint = "PyTorch's running variance divides by n - 1, Keras's by n: no mistake"
        return Finding(BUFFERS, told, (hint,), False, i, where)
    hint = "the statistics are updated elsewhere too, or not at all: a second forward pass?"
    return Finding(BUFFERS, told, (hint,), at=i, where=where)


def _unbiased(pair: Pair, i: int, m: Match) -> bool:
    """Whether the new parts of two variances differ by n / (n - 1), the frameworks' habits."""
    steps, ua = pair.steps, pair.steps[i][0]
    rows = 0 if ua.rows is None else len(ua.rows)
    layer = next((la for la in _norms(pair.a)), None)
    if rows < 2 or layer is None or pair.a.framework == pair.b.framework:
        return False
    sides = []
    for place, name in ((0, m.a.name), (1, m.b.name)):
        trace = (pair.a, pair.b)[place]
        old = steps[i - 1][place].buffers.get(name) if i else trace.initial_buffers.get(name)
        new = steps[i][place].buffers.get(name)
        if old is None or new is None or old.data is None or new.data is None:
            return False
        share = layer.settings[SHARE]
        sides.append((np.asarray(new.data) - (1 - share) * np.asarray(old.data)) / share)
    sides = sides if pair.a.framework == "Keras" else sides[::-1]
    return bool(np.allclose(sides[0] * rows / (rows - 1), sides[1], rtol=1e-2, atol=1e-4))


def check_rate(pair: Pair, *, clips: bool) -> Rung:
    """Compare learning rates, updates an epoch, and the optimizers' constants.

    `clips` says whether constants of clipping count.
    """
    found = _other_rates(pair)
    ra, rb = pair.a.log.rate, pair.b.log.rate
    size = min(len(ra), len(rb))
    known = size > 0 and not (np.isnan(ra[:size]).any() or np.isnan(rb[:size]).any())
    if known and not any(u.rates for step in pair.steps for u in step):
        apart = np.flatnonzero(~np.isclose(ra[:size], rb[:size], rtol=1e-5))
        if len(apart):
            found.append(_other_rate(pair, int(apart[0]), ra, rb))
    found += _other_count(pair)
    found += constants.findings(pair, RATE, clips)
    if found:
        return failed(*found)
    if not known:
        return not_seen(RATE, "a trace does not show the learning rate")
    return passed(RATE, f"rate {ra[0]:g}, equal in {size} updates")


def _other_rates(pair: Pair) -> list[Finding]:
    """Where variables have rates of their own: the first update in which one has another."""
    for ua, ub in pair.steps:
        say = partial(constants.rates, ua=ua, ub=ub)
        groups = constants.grouped(pair, say) if ua.rates or ub.rates else {}
        if groups:
            told = f"{label(ua)}: learning rate"
            hints = ("a parameter group has another learning rate",)
            return [
                Finding(RATE, f"{told}{constants.listed(pair, some)} {text}", hints, at=ua.number)
                for text, some in groups.items()
            ]
    return []


def _other_rate(pair: Pair, first: int, ra: np.ndarray, rb: np.ndarray) -> Finding:
    told = f"update {first}: learning rate {ra[first]:.4g} against {rb[first]:.4g}"
    steps = [_moves_within(trace) for trace in (pair.a, pair.b)]
    if steps[0] != steps[1]:
        name = pair.names[steps.index(True)]
        hint = f"the schedule of {name} is stepped per batch, the other's per epoch or not at all"
    else:
        hint = "another rate, or another schedule"
    return Finding(RATE, told, (hint,), at=first)


def _moves_within(trace: Trace) -> bool:
    """Whether the rate changes within the first epoch."""
    rates = trace.log.rate[trace.log.epoch == 0]
    return bool(len(rates) > 1 and not np.allclose(rates, rates[0], rtol=1e-7))


def _other_count(pair: Pair) -> list[Finding]:
    """Updates an epoch, where the batches do not already tell."""
    ha, hb = habits(pair.a), habits(pair.b)
    if ha is None or hb is None or not min(pair.a.epochs_ended, pair.b.epochs_ended):
        return []
    if len(ha.sizes) == len(hb.sizes):
        return []
    told = (
        f"epoch 1 has {len(ha.sizes)} updates in {pair.names[0]} and {len(hb.sizes)} in "
        f"{pair.names[1]}"
    )
    return [Finding(RATE, told, ("follows from how rows are batched or accumulated",))]


def check_evaluation(pair: Pair) -> Rung:
    """Compare on which rows, and in which mode, the models were evaluated."""
    ea, eb = (_first(trace) for trace in (pair.a, pair.b))
    if ea is None or eb is None:
        names = [n for n, e in zip(pair.names, (ea, eb), strict=True) if e is None]
        return not_seen(EVALUATION, f"{' and '.join(names)} did not evaluate while watched")
    different = different_modes(pair.a, pair.b, ea, eb)
    if different:
        layer, on, _ = different[0]
        name = pair.names[0] if on else pair.names[1]
        told = f"evaluation: {layer} is in training mode in {name} only"
        hint = f"{name} evaluates in training mode: call model.eval(), or model(x, training=False)"
        return failed(Finding(EVALUATION, told, (hint,), where=(ea.where, eb.where)))
    if len(ea.rows) != len(eb.rows):
        told = (
            f"evaluation: {len(ea.rows)} rows in {pair.names[0]}, {len(eb.rows)} in {pair.names[1]}"
        )
        hint = "one is evaluated on one batch, on a part, or on other data"
        return failed(Finding(EVALUATION, told, (hint,), where=(ea.where, eb.where)))
    if not np.array_equal(np.sort(ea.rows), np.sort(eb.rows)):
        told = f"evaluation: other rows, {len(ea.rows)} in each"
        return failed(Finding(EVALUATION, told, ("other data, or prepared in another way",)))
    return passed(EVALUATION, f"the same {len(ea.rows)} rows in the same mode")


def _first(trace: Trace) -> Evaluation | None:
    """The first evaluation after an update; before the first update, if there is no other."""
    later = [e for e in trace.evaluations if e.after]
    return next(iter(later or trace.evaluations), None)
