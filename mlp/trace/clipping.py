"""How gradients were clipped: by an optimizer's constants, or by their sizes before and after."""

from __future__ import annotations

import numpy as np

from mlp.trace.pair import Pair, Values
from mlp.trace.record import Update
from mlp.trace.rung import number
from mlp.trace.value import elements


def otherwise(pair: Pair, i: int, values: Values) -> str:
    """Gradients that differ by how they are clipped: by a factor each, or element by element."""
    turned = False
    for _, va, vb in values:
        data = elements(va, vb)
        if data is None or not va.norm or not vb.norm:
            return ""
        cosine = float(data[0].ravel() @ data[1].ravel()) / (va.norm * vb.norm)
        turned |= cosine < 1 - 10 * pair.rounding.relative
    told = [_clipping(pair, i, place) for place in (0, 1)]
    if told[0] != told[1] and (not turned or any("each element" in text for text in told)):
        none = "no clipping that was seen"
        return f"clipping: {pair.names[0]} has {told[0] or none}, {pair.names[1]} {told[1] or none}"
    return ""


def while_scaled(pair: Pair, i: int, values: Values) -> str:
    """Gradients clipped with AMP's factor still on them: their size is round only with it."""
    del values
    for place, name in ((1, pair.names[1]), (0, pair.names[0])):
        update = pair.steps[i][place]
        if update.scale <= 1 or not update.gradient or min(_shares(update)) > 1 - 1e-4:
            continue
        norms = [v.norm for v in update.gradient.values()]
        largest = max(v.largest for v in update.gradient.values())
        sizes = (float(np.linalg.norm(norms)), max(norms), largest)
        if any(_round(s * update.scale) for s in sizes) and not any(map(_round, sizes)):
            return (
                f"{name} clips gradients that AMP has scaled by {update.scale:g}: call "
                "scaler.unscale_(optimizer) before clip_grad_norm_"
            )
    return ""


def _shares(update: Update) -> list[float]:
    """The share of each variable's gradient that clipping left, AMP's factor taken off."""
    norms = update.gradient.items()
    shares = [g.norm * update.scale / update.raw[n] for n, g in norms if update.raw.get(n)]
    return shares or [1.0]


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
    shares = _shares(update)
    if min(shares) > 1 - 1e-4:
        return _saturated(update)
    largest = max(v.largest for v in update.gradient.values())
    if _round(largest):
        return f"each element clipped to {number(largest)}"
    spread = max(shares) - min(shares)
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
