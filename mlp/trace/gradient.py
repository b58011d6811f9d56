"""The gradient that the update rule is given, on the same rows and weights."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from mlp.trace import clipping
from mlp.trace.pair import Match, Pair, Values, label
from mlp.trace.rung import FAILED, Finding, Rung, counted, failed, not_comparable, number
from mlp.trace.value import Value, distance, elements

NAME = "gradient"


def allowed(pair: Pair, i: int, value: Value) -> float:
    """How far a gradient may lie from its counterpart at update `i`, if the programs are equal.

    Besides the rounding of the gradient itself, weights that already differ by rounding move it;
    by how much is read off the way from one update to the next.
    """
    whole = float(np.sqrt(sum(v.norm**2 for v in pair.steps[i][0].gradient.values())))
    rounding = pair.rounding.relative * (value.norm + 0.05 * whole)
    gone = pair.apart(i)
    return rounding + (2 * _curvature(pair) * gone if gone else 0.0)


def _curvature(pair: Pair) -> float:
    """The largest change of the gradient for a change of the weights, from update to update."""
    found = [0.0]
    for (u, _), (v, _) in pairwise(pair.steps):
        step = _length({n: (v.before[n], w) for n, w in u.before.items() if n in v.before})
        turn = _length({n: (v.gradient[n], g) for n, g in u.gradient.items() if n in v.gradient})
        if step:
            found.append(turn / step)
    return max(found)


def _length(pairs: Mapping[str, tuple[Value, Value]]) -> float:
    return float(np.sqrt(sum(distance(v, w) ** 2 for v, w in pairs.values())))


def agree(pair: Pair, i: int, values: Values) -> bool:
    """Whether all variables' gradients agree at update `i`."""
    return all(distance(va, vb) <= allowed(pair, i, va) for _, va, vb in values)


def check(pair: Pair, loss: Rung) -> Rung:
    """Compare gradients where the losses may be compared, and say what explains two that differ."""
    compared, barred = 0, ""
    for i in range(len(pair.steps)):
        barred = pair.obstacle(i)
        values = pair.values(i, "gradient")
        if barred or not values:
            break
        missing = [m for m in pair.variables if _one_sided(pair, i, m)]
        if missing and not any(not m.a.in_optimizer or not m.b.in_optimizer for m in missing):
            return failed(_missing(pair, i, missing))
        if not agree(pair, i, values):
            if pair.draws(i) and loss.state != FAILED:
                return not_comparable(NAME, "dropout draws at random: set its rate to 0 in both")
            return failed(_differing(pair, i, values, loss))
        compared += 1
    return counted(NAME, compared, barred, "a trace shows no gradients")


def _one_sided(pair: Pair, i: int, m: Match) -> bool:
    ua, ub = pair.steps[i]
    return (m.a.name in ua.gradient) != (m.b.name in ub.gradient)


def _missing(pair: Pair, i: int, missing: list[Match]) -> Finding:
    m, (ua, _) = missing[0], pair.steps[i]
    name = pair.names[1] if m.a.name in ua.gradient else pair.names[0]
    told = f"{label(ua)}: {name} has no gradient for {m.a.name}"
    hint = "it is detached from the loss: detach, stop_gradient, no_grad, or a frozen layer"
    return Finding(NAME, told, (hint,), at=i)


def factor(pair: Pair, i: int, values: Values) -> float | None:
    """The one factor by which all gradients of b are those of a; None if there is none."""
    kept = [(va, vb) for _, va, vb in values if va.data is not None and vb.data is not None]
    if not kept or len(kept) < len(values):
        return None
    fa, fb = (np.concatenate([np.asarray(v[k].data, float).ravel() for v in kept]) for k in (0, 1))
    c = float(fa @ fb / (fa @ fa)) if fa.any() else 0.0
    left = float(np.linalg.norm(fb - c * fa))
    slack = sum(allowed(pair, i, va) for _, va, _ in values)
    return c if c and left <= max(abs(c), 1.0) * slack else None


def _differing(pair: Pair, i: int, values: Values, loss: Rung) -> Finding:
    """A gradient that differs, with what explains it."""
    ua, ub = pair.steps[i]
    m, va, vb = max(values, key=lambda v: distance(v[1], v[2]) / (v[1].norm + v[2].norm + 1e-300))
    sentence = (
        f"{label(ua)}: gradient of {m.a.name} has norm {number(va.norm)} against "
        f"{number(vb.norm)} on the same rows and weights"
    )
    where = (ua.where, ub.where)
    if loss.state == FAILED and loss.findings[0].at == i:
        c = factor(pair, i, values)
        told = "as the losses do" + (f", by the factor {number(c)}" if c else "")
        return Finding(NAME, f"{sentence}; they differ {told}", (), at=i, where=where)
    for explain in (
        _left_over,
        clipping.while_scaled,
        clipping.otherwise,
        _penalised,
        _micro,
        _constant,
    ):
        hint = explain(pair, i, values)
        if hint:
            return Finding(NAME, sentence, (hint,), at=i, where=where)
    hint = "the loss is equal and its gradient is not: a part is detached, or scaled"
    unseen = "the losses were not seen: trace.step(x, y, loss) in the loop shows them"
    return Finding(NAME, sentence, (hint if ua.loss and ub.loss else unseen,), at=i, where=where)


def _residual(pair: Pair, i: int, terms: list[tuple[Value, np.ndarray]]) -> bool:
    """Whether arrays are zero but for rounding of the values beside them."""
    return all(float(np.linalg.norm(left)) <= 4 * allowed(pair, i, value) for value, left in terms)


def _left_over(pair: Pair, i: int, values: Values) -> str:
    """Gradients of earlier updates that are still in this one: zero_grad is missing."""
    if not i:
        return ""
    for place, name in ((1, pair.names[1]), (0, pair.names[0])):
        terms = []
        for m, va, vb in values:
            mine, other = (vb, va) if place else (va, vb)
            before = pair.steps[i - 1][place].gradient.get((m.a, m.b)[place].name)
            data = elements(mine, other, before)
            if data is None or data[2].shape != data[0].shape:
                return ""
            terms.append((va, data[0] - data[1] - data[2]))
        if terms and _residual(pair, i, terms):
            return (
                f"the gradient of the update before is still in that of {name}: "
                "optimizer.zero_grad() is missing"
            )
    return ""


def _penalised(pair: Pair, i: int, values: Values) -> str:
    """Gradients that differ by a multiple of the weights: a penalty on one side only."""
    found = set()
    for m, va, vb in values:
        data = elements(va, vb, pair.steps[i][0].before.get(m.a.name))
        if data is None or data[2].shape != data[0].shape:
            return ""
        gap, w = (data[1] - data[0]).ravel(), data[2].ravel()
        if np.linalg.norm(gap) <= allowed(pair, i, va):
            continue
        c = float(gap @ w / (w @ w)) if w.any() else 0.0
        if not c or not _residual(pair, i, [(va, gap - c * w)]):
            return ""
        found.add(float(f"{c:.3g}"))
    if len(found) != 1:
        return ""
    c = found.pop()
    without, more = (pair.names[0], pair.names[1]) if c > 0 else (pair.names[1], pair.names[0])
    return (
        f"the gradient of {more} holds {abs(c):g} times the weights more: L2 regularisation, which "
        f"{without} leaves out (sum(model.losses), weight_decay)"
    )


def _micro(pair: Pair, i: int, values: Values) -> str:
    """Gradients accumulated over several batches: sums for means, means of unequal means."""
    for place, name in ((1, pair.names[1]), (0, pair.names[0])):
        update = pair.steps[i][place]
        count = len(update.batches)
        if count < 2 or len(pair.steps[i][1 - place].batches) == count:
            continue
        c = factor(pair, i, values)
        c = 1 / c if c and not place else c
        if c and abs(c - count) < 1e-3 * count:
            return f"{name} adds up {count} micro-batches whose losses are not divided by {count}"
        sizes = [0 if b.x_rows is None else len(b.x_rows) for b in update.batches]
        if len(set(sizes)) > 1 and _weighted(pair, i, place, sizes, values):
            return (
                f"{name} takes the mean of the means of micro-batches of {_list(sizes)} rows: "
                "weight each by its rows, or sum and divide once"
            )
    return ""


def _weighted(pair: Pair, i: int, place: int, sizes: list[int], values: Values) -> bool:
    """Whether micro-batches weighted by their rows give the other side's gradient."""
    update, terms = pair.steps[i][place], []
    for m, va, vb in values:
        name = (m.a, m.b)[place].name
        totals = [*[micro.get(name) for micro in update.micro], update.gradient.get(name)]
        sums = elements(*totals)
        if not sums or len(sums) != len(sizes):
            return False
        parts = [sums[0], *[late - early for early, late in pairwise(sums)]]
        weights = np.array(sizes) / sum(sizes) * len(sizes)
        whole = sum(w * part for w, part in zip(weights, parts, strict=True))
        other = elements(va if place else vb)
        if other is None or np.shape(whole) != other[0].shape:
            return False
        terms.append((va, whole - other[0]))
    return _residual(pair, i, terms)


def _list(sizes: list[int]) -> str:
    return ", ".join(map(str, sizes[:-1])) + f" and {sizes[-1]}"


def _constant(pair: Pair, i: int, values: Values) -> str:
    c = factor(pair, i, values)
    if c is None:
        return ""
    return (
        f"all gradients of {pair.names[1]} are {number(c)} times those of {pair.names[0]}: the "
        "loss is scaled, summed for averaged, or not divided under accumulation"
    )
