"""Trainable variables, initial weights and the mode: what is there before the first gradient."""

from __future__ import annotations

import numpy as np

from mlp.trace.pair import Match, Pair, label
from mlp.trace.record import UNSURE, Layer, Variable
from mlp.trace.rung import Finding, Rung, failed, not_seen, number, passed
from mlp.trace.value import Value, distance

VARIABLES, INITIAL, MODE = "trainable variables", "initial weights", "mode"


def told(variables: list[Variable], most: int = 3) -> str:
    """Variables with their shapes, in words."""
    listed = [f"{v.name} {v.shape}" for v in variables[:most]]
    return ", ".join(listed) + (
        f" and {len(variables) - most} more" if len(variables) > most else ""
    )


def check_variables(pair: Pair) -> Rung:
    """Compare which variables are trained."""
    if not pair.a.trainable or not pair.b.trainable:
        return not_seen(VARIABLES, "a trace shows no variables")
    found = _unmatched(pair)
    for name, only in [] if found else zip(pair.names, (pair.only_a, pair.only_b), strict=True):
        if only:
            hint = (
                f"the model of {name} has more layers, or those of the other are not registered "
                "(layers in a plain list, trainable=False, requires_grad=False)"
            )
            found.append(Finding(VARIABLES, f"only {name} trains {told(only)}", (hint,)))
    for place, name in enumerate(pair.names):
        out = [m for m in pair.variables if _left_out(m, place)]
        if out:
            mine = [(m.a, m.b)[place] for m in out]
            sentence = f"the optimizer of {name} is not given {told(mine)}"
            hint = (
                "layers missing from the optimizer: it was made before they were, or of a part "
                "of the parameters"
            )
            found.append(Finding(VARIABLES, sentence, (hint,)))
    if found:
        return failed(*found)
    sizes = sum(int(np.prod(m.a.shape)) for m in pair.variables)
    return passed(VARIABLES, f"{len(pair.variables)} of the same shapes, {sizes:,} elements")


def _unmatched(pair: Pair) -> list[Finding]:
    """A dense kernel of which it is not known in what order its rows follow a convolution."""
    for name, only, others in zip(
        pair.names, (pair.only_a, pair.only_b), (pair.only_b, pair.only_a), strict=True
    ):
        for v in only:
            if v.rows == UNSURE and v.shape in [other.shape for other in others]:
                sentence = (
                    f"not matched: flattened convolution; how the rows of {told([v])} in {name} "
                    "follow its channels was not seen"
                )
                hint = (
                    "flatten a convolution that is trained, by flatten or view; or match the "
                    "variables as they are by names={...}, the rows turned by yourself"
                )
                return [Finding(VARIABLES, sentence, (hint,), explains=False)]
    return []


def _left_out(m: Match, place: int) -> bool:
    held = (m.a.in_optimizer, m.b.in_optimizer)
    return not held[place] and held[1 - place]


def check_initial(pair: Pair) -> Rung:
    """Compare the weights before the first update."""
    values = pair.values(0, "before") if pair.steps else []
    if not values:
        return not_seen(INITIAL, "a trace shows no weights before its first update")
    apart = [
        (m, va, vb) for m, va, vb in values if not distance(va, vb) <= pair.rounding.weights(va, 0)
    ]
    if not apart:
        return passed(INITIAL, f"equal, {len(values)} variables")
    m, va, vb = apart[0]
    where = m.a.name if m.a.name == m.b.name else f"{m.a.name} / {m.b.name}"
    sentence = (
        f"initial weights differ in {len(apart)} of {len(values)} variables; {where}: "
        f"standard deviation {number(_spread(va))} against {number(_spread(vb))}"
    )
    other = [m for m, va, vb in apart if _other_law(va, vb)]
    if other:
        hint = f"another initialiser ({other[0].a.name}): compare kernel_initializer, gain, bias"
        return failed(Finding(INITIAL, sentence, (hint, _START), at=0))
    hint = "the same initialiser by another seed, which explains no gap but hides what comes after"
    return failed(Finding(INITIAL, sentence, (hint, _START), explains=False, at=0))


_START = "to go on past it, run one again with watch(..., start=the other's trace)"


def _spread(value: Value) -> float:
    size = max(int(np.prod(value.shape)), 1)
    mean = float(value.sketch[2]) / size
    return float(np.sqrt(max(value.norm**2 / size - mean**2, 0.0)))


def _other_law(va: Value, vb: Value) -> bool:
    """Whether two draws differ in spread by more than five standard errors."""
    sa, sb, size = _spread(va), _spread(vb), int(np.prod(va.shape))
    if not sa or not sb or size < 8:
        return (sa == 0) != (sb == 0) or (sa == sb == 0)
    return bool(abs(np.log(sa / sb)) > 5 / np.sqrt(size))


def check_mode(pair: Pair) -> Rung:
    """Compare whether layers are in training mode in each update."""
    if not pair.steps or not any(u.batches for s in pair.steps for u in s):
        return not_seen(MODE, "no forward pass was seen")
    heeding = [t for t in (pair.a, pair.b) if any(map(_heeds, t.layers))]
    for i, different in enumerate(pair.modes):
        if different:
            return failed(_other_mode(pair, i, different))
    if not heeding:
        return passed(MODE, "no layer heeds it")
    seen = [_seen_modes(s[0]) and _seen_modes(s[1]) for s in pair.steps]
    if not all(seen):
        return not_seen(MODE, "a trace does not show the layers' modes")
    return passed(MODE, f"equal in {len(pair.steps)} updates")


def _heeds(layer: Layer) -> bool:
    """Whether a layer does another thing in training: not the user's own, which nobody can tell."""
    plain = ("LayerNorm", "GroupNorm", "InstanceNorm", "RMSNorm", "UnitNorm", "LocalResponseNorm")
    return layer.kind != "own" and not layer.kind.startswith(plain)


def _seen_modes(update: object) -> bool:
    batches = getattr(update, "batches", ())
    return any(batch.modes for batch in batches)


def _other_mode(pair: Pair, i: int, different: tuple[tuple[str, bool, bool], ...]) -> Finding:
    layer, on, _ = different[0]
    inference, trace = (pair.names[1], pair.b) if on else (pair.names[0], pair.a)
    ua, ub = pair.steps[i]
    words = ("training mode", "inference mode")
    sentence = (
        f"{label(ua)}: {layer} is in {words[not on]} in {pair.names[0]} and in "
        f"{words[on]} in {pair.names[1]}"
    )
    if trace.framework == "Keras":
        hint = f"training=True is missing where {inference} calls the model"
    elif i and any(e.after <= (ub if on else ua).number for e in trace.evaluations):
        hint = f"evaluation mode is left on in {inference} after an evaluation: call model.train()"
    else:
        hint = f"{inference} trains in evaluation mode: call model.train() before the loop"
    return Finding(MODE, sentence, (hint,), at=i, where=pair.called(i))
