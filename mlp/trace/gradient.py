"""The gradient that the update rule is given, on the same rows and weights."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from mlp.trace.pair import Match, Pair, label
from mlp.trace.record import Update
from mlp.trace.rung import (
    FAILED,
    Finding,
    Rung,
    failed,
    not_comparable,
    not_seen,
    number,
    passed,
)
from mlp.trace.value import Value, distance

NAME = "gradient"
Values = list[tuple[Match, Value, Value]]


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
    if compared:
        return passed(NAME, f"equal in {compared} update{'s' * (compared > 1)}")
    if barred:
        return not_comparable(NAME, barred)
    return not_seen(NAME, "a trace shows no gradients")


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
    for explain in (_left_over, _clipped, _penalised, _micro, _constant):
        hint = explain(pair, i, values)
        if hint:
            return Finding(NAME, sentence, (hint,), at=i, where=where)
    hint = "the loss is equal and its gradient is not: a part is detached, or scaled"
    unseen = "the losses were not seen: trace.step(x, y, loss) in the loop shows them"
    return Finding(NAME, sentence, (hint if ua.loss and ub.loss else unseen,), at=i, where=where)


def _residual(pair: Pair, i: int, terms: list[tuple[Value, np.ndarray]]) -> bool:
    """Whether arrays are zero but for rounding of the values beside them."""
    return all(float(np.linalg.norm(left)) <= 4 * allowed(pair, i, value) for value, left in terms)


def _data(*values: Value | None) -> list[np.ndarray] | None:
    if any(v is None or v.data is None for v in values):
        return None
    return [np.asarray(v.data, np.float64) for v in values if v is not None]


def _left_over(pair: Pair, i: int, values: Values) -> str:
    """Gradients of earlier updates that are still in this one: zero_grad is missing."""
    if not i:
        return ""
    for place, name in ((1, pair.names[1]), (0, pair.names[0])):
        terms = []
        for m, va, vb in values:
            mine, other = (vb, va) if place else (va, vb)
            before = pair.steps[i - 1][place].gradient.get((m.a, m.b)[place].name)
            data = _data(mine, other, before)
            if data is None or data[2].shape != data[0].shape:
                return ""
            terms.append((va, data[0] - data[1] - data[2]))
        if terms and _residual(pair, i, terms):
            return (
                f"the gradient of the update before is still in that of {name}: "
                "optimizer.zero_grad() is missing"
            )
    return ""


def _clipped(pair: Pair, i: int, values: Values) -> str:
    """Gradients that differ by a factor for each variable at most 1: by how they are clipped."""
    shares = []
    for _, va, vb in values:
        data = _data(va, vb)
        if data is None or not va.norm or not vb.norm:
            return ""
        cosine = float(data[0].ravel() @ data[1].ravel()) / (va.norm * vb.norm)
        if cosine < 1 - 10 * pair.rounding.relative:
            return ""
        shares.append(vb.norm / va.norm)
    told = [_clipping(pair, i, place) for place in (0, 1)]
    if any(told):
        none = "no clipping that was seen"
        return f"clipping: {pair.names[0]} has {told[0] or none}, {pair.names[1]} {told[1] or none}"
    return ""


def _clipping(pair: Pair, i: int, place: int) -> str:
    """How one side clips: from its constants, else from the gradient before and after."""
    trace, update = (pair.a, pair.b)[place], pair.steps[i][place]
    words = {
        "clipnorm": "each variable's norm clipped to {:g} (clipnorm)",
        "global_clipnorm": "the norm of all together clipped to {:g} (global_clipnorm)",
        "clipvalue": "each element clipped to {:g} (clipvalue)",
    }
    for key, text in words.items():
        if key in trace.constants:
            return text.format(trace.constants[key])
    ratios = {n: g.norm / update.raw[n] for n, g in update.gradient.items() if update.raw.get(n)}
    if not ratios or min(ratios.values()) > 1 - 1e-4:
        return _saturated(update)
    spread = max(ratios.values()) - min(ratios.values())
    whole = float(np.sqrt(sum(v.norm**2 for v in update.gradient.values())))
    if spread < 1e-3:
        return f"the norm of all together clipped to {number(whole)}"
    return (
        f"each variable's norm clipped to {number(max(g.norm for g in update.gradient.values()))}"
    )


def _saturated(update: Update) -> str:
    """Clipping by hand, seen only after it: norms that are round numbers."""
    norms = [v.norm for v in update.gradient.values()]
    whole = float(np.sqrt(sum(n**2 for n in norms)))
    if len(norms) > 1 and _round(whole):
        return f"the norm of all together at {number(whole)}, as clipped by hand"
    if sum(abs(n - max(norms)) < 1e-5 * max(norms) for n in norms) > 1 and _round(max(norms)):
        return f"each variable's norm at most {number(max(norms))}, as clipped by hand"
    return ""


def _round(x: float) -> bool:
    """Whether a number has at most two digits, as one that a person writes."""
    return bool(x) and abs(float(f"{x:.2g}") - x) < 1e-5 * x


def _penalised(pair: Pair, i: int, values: Values) -> str:
    """Gradients that differ by a multiple of the weights: a penalty on one side only."""
    found = set()
    for m, va, vb in values:
        data = _data(va, vb, pair.steps[i][0].before.get(m.a.name))
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
        sums = _data(*totals)
        if not sums or len(sums) != len(sizes):
            return False
        parts = [sums[0], *[late - early for early, late in pairwise(sums)]]
        weights = np.array(sizes) / sum(sizes) * len(sizes)
        whole = sum(w * part for w, part in zip(weights, parts, strict=True))
        other = _data(va if place else vb)
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
