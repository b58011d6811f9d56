"""The loss on the same rows and weights, and what explains two that differ."""

from __future__ import annotations

import numpy as np

from mlp.trace.formulas import broadcast_mse, cross_entropy, matches, mse, probabilities
from mlp.trace.pair import Pair, joined, label
from mlp.trace.record import Trace, Update
from mlp.trace.rung import Finding, Rung, counted, failed, not_comparable, not_seen, number

NAME = "loss"
_DRAWS = "dropout draws at random: set its rate to 0 in both"


def check(pair: Pair) -> Rung:
    """Compare the losses of updates that may be compared."""
    compared, barred = 0, ""
    for i, (ua, ub) in enumerate(pair.steps):
        la, lb = ua.loss, ub.loss
        if la is None or lb is None:
            return not_seen(NAME, _unseen(pair, la))
        barred = pair.obstacle(i)
        if barred:
            break
        if not (np.isfinite(la) and np.isfinite(lb)):
            return _not_finite(pair, i, la, lb)
        if not any(_agree(pair, i, ca, cb) for ca in _sums(ua, la) for cb in _sums(ub, lb)):
            drawn = pair.draws(i)
            settings = (_one_sided(pair) or _settings(pair)) if drawn else ""
            if settings:
                told = f"{label(ua)}: loss {number(la)} against {number(lb)}, and {settings}"
                return failed(Finding(NAME, told, (_DRAWS,), at=i, where=pair.called(i)))
            if drawn:
                return not_comparable(NAME, _DRAWS)
            return failed(_other_loss(pair, i, la, lb))
        compared += 1
    return counted(NAME, compared, barred, "no update in both")


def _unseen(pair: Pair, la: float | None) -> str:
    name = pair.names[0] if la is None else pair.names[1]
    return f"{name} does not show it: trace.step(x, y, loss) in the loop does"


def _sums(update: Update, mean: float) -> tuple[float, ...]:
    """The loss of an update of several batches, if each was their mean and if each was a share."""
    return (mean,) if len(update.batches) < 2 else (mean, mean * len(update.batches))


def _agree(pair: Pair, i: int, la: float, lb: float) -> bool:
    ua = pair.steps[i][0]
    prediction = ua.batches[0].prediction if ua.batches else None
    level = min(1.0, prediction.largest) if prediction is not None else 0.0
    slope = float(np.sqrt(sum(v.norm**2 for v in ua.gradient.values())))
    allowed = pair.rounding.relative * max(abs(la), abs(lb), level)
    return abs(la - lb) <= allowed + 2 * slope * pair.apart(i)


def _not_finite(pair: Pair, i: int, la: float, lb: float) -> Rung:
    at = label(pair.steps[i][0])
    if np.isfinite(la) == np.isfinite(lb):
        told = f"{at}: the losses of both are {la:g} and {lb:g}; nothing after it can be compared"
        return failed(Finding(NAME, told, ("both programs diverge alike",), False, i))
    told = f"{at}: loss {number(la)} against {number(lb)} on the same rows and weights"
    hint = "log of 0, division by 0 or overflow: from_logits=True, an epsilon, a lower rate"
    return failed(Finding(NAME, told, (hint,), at=i, where=pair.called(i)))


def _other_loss(pair: Pair, i: int, la: float, lb: float) -> Finding:
    """A loss that differs on the same rows and weights, with what explains it exactly."""
    ua, ub = pair.steps[i]
    sentence = f"{label(ua)}: loss {number(la)} against {number(lb)} on the same rows and weights"
    hints: list[str] = []
    for name, trace, update, mine, other in (
        (pair.names[1], pair.b, ub, lb, la),
        (pair.names[0], pair.a, ua, la, lb),
    ):
        hints += _hints(pair, name, trace, update, mine, other)
    shapes = _shapes(ua, ub)
    factor = _factor(pair, la, lb, ua)
    if not hints and factor:
        hints.append(factor)
    if not hints:
        hints.append(_predictions(pair, ua, ub))
    return Finding(NAME, sentence + shapes, tuple(hints), at=i, where=pair.called(i))


def _shapes(ua: Update, ub: Update) -> str:
    """The shapes of targets and predictions, of the side on which they differ."""
    for update in (ub, ua):
        batch = update.batches[-1]
        y, p = batch.y, batch.prediction
        if (
            y is not None
            and p is not None
            and len(p.shape) != len(y.shape)
            and p.shape[-1:] == (1,)
        ):
            return f"; targets {y.shape} against predictions {p.shape}"
    return ""


def _hints(
    pair: Pair, name: str, trace: Trace, update: Update, mine: float, other: float
) -> list[str]:
    """What one side's loss is, if it is a known mistake; each is computed, not guessed."""
    y, p = joined(update, "y"), joined(update, "prediction")
    penalty = update.batches[-1].regularisation
    tolerance = 20 * pair.rounding.relative
    if penalty and matches(mine + penalty, other, tolerance):
        return [f"{name} leaves out the regularisation losses, {number(penalty)}: add "
                "sum(model.losses)" if trace.framework == "Keras" else
                f"{name} leaves out the penalty {number(penalty)}"]  # fmt: skip
    if y is None or p is None:
        return []
    if matches(mine, broadcast_mse(y, p), tolerance) and not matches(mine, mse(y, p), tolerance):
        return [
            f"{name} subtracts {y.shape} from {p.shape}, which broadcasts to "
            f"{(len(y), len(y))}: reshape the targets to {p.shape}"
        ]
    if probabilities(p) and matches(mine, cross_entropy(y, p, logits=True), tolerance):
        return [
            f"{name} gives probabilities to a loss that takes logits: leave the softmax or "
            "sigmoid out, or from_logits=True"
        ]
    if not probabilities(p) and matches(mine, cross_entropy(y, p, logits=False), tolerance):
        return [f"{name} gives logits to a loss that takes probabilities: from_logits=True"]
    return []


def _factor(pair: Pair, la: float, lb: float, ua: Update) -> str:
    """A constant factor between the losses that means something."""
    if not la or not lb:
        return ""
    ratio, rows = lb / la, len(ua.rows) if ua.rows is not None else 0
    known = {2.0: "2, as of a halved squared error", 0.5: "1/2, as of a halved squared error"}
    if rows:
        known |= {float(rows): f"{rows}, the rows: a sum against a mean",
                  1 / rows: f"1/{rows}, the rows: a mean against a sum"}  # fmt: skip
    for factor, words in known.items():
        if matches(ratio, factor, 20 * pair.rounding.relative):
            return f"the loss of {pair.names[1]} is that of {pair.names[0]} times {words}"
    return ""


def _predictions(pair: Pair, ua: Update, ub: Update) -> str:
    pa, pb = joined(ua, "prediction"), joined(ub, "prediction")
    if pa is None or pb is None or pa.size != pb.size:
        return "other predictions, or another loss function"
    gap = float(np.abs(pa.ravel().astype(np.float64) - pb.ravel()).max())
    if gap <= 4 * pair.rounding.relative * max(float(np.abs(pa).max()), 1e-30):
        weighted = [any(b.sample_weight is not None for b in u.batches) for u in (ua, ub)]
        if weighted[0] != weighted[1]:
            name = pair.names[weighted.index(True)]
            return f"only {name} weights its rows: class_weight or sample_weight"
        return "the predictions are equal: the loss functions differ, or its weights or reduction"
    settings = _settings(pair)
    return settings or f"the predictions differ by up to {number(gap)}: the forward pass differs"


def _one_sided(pair: Pair) -> str:
    """Which program alone has dropout; empty if both have, or neither."""
    dropping = [any("rate" in la.settings for la in t.layers) for t in (pair.a, pair.b)]
    if dropping[0] == dropping[1]:
        return ""
    return f"only {pair.names[dropping[1]]} has a dropout layer"


def _settings(pair: Pair) -> str:
    """The first setting in which normalisation or dropout layers differ, in order."""
    for layer, there in zip(pair.a.layers, pair.b.layers, strict=False):
        for key, value in layer.settings.items():
            other = there.settings.get(key)
            comparable = layer.kind == there.kind and key != "share of the new batch"
            if comparable and other is not None and not matches(value, other, 1e-6):
                return f"{layer.kind} has {key} {value:g} against {other:g}"
    return ""
