"""The constants by which two optimizers update each variable, and what differs in them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from mlp.trace.pair import Match, Pair
from mlp.trace.record import Trace, Variable
from mlp.trace.rung import Finding

_APART = ("weight_decay", "decoupled", "gradient_accumulation_steps")
"""Constants that are compared in words of their own, or act on no update."""

CLIPS = ("clipnorm", "global_clipnorm", "clipvalue")

Two = tuple[Mapping[str, float], Mapping[str, float]]


def of(trace: Trace, variable: Variable) -> Mapping[str, float]:
    """The constants by which an optimizer updates a variable."""
    return variable.constants or trace.constants


def both(pair: Pair, m: Match) -> Two:
    """The constants of both sides for a variable."""
    return of(pair.a, m.a), of(pair.b, m.b)


def family(trace: Trace) -> str:
    """An optimizer's rule: AdamW is Adam, but for its decay."""
    return trace.optimizer.lower().removesuffix("w")


def every(pair: Pair, key: str) -> list[float]:
    """All values of a constant, of both sides and all variables."""
    held = [constants for m in pair.variables for constants in both(pair, m)]
    return [h[key] for h in (pair.a.constants, pair.b.constants, *held) if key in h]


def _names(a: Mapping[str, float], b: Mapping[str, float]) -> list[str]:
    """The constants that differ, weight decay apart; one that is unset is 0."""
    return [
        key
        for key in dict.fromkeys([*a, *b])
        if key not in _APART and not np.isclose(a.get(key, 0.0), b.get(key, 0.0), 1e-6, 0)
    ]


def told(pair: Pair, m: Match, without: tuple[str, ...] = ()) -> str:
    """The constants of a variable in which two optimizers of one rule differ; empty if in none."""
    a, b = both(pair, m)
    if not a or not b or family(pair.a) != family(pair.b):
        return ""
    names = [key for key in _names(a, b) if key not in without]
    texts = [f"{key} {a.get(key, 0.0):g} against {b.get(key, 0.0):g}" for key in names]
    if "epsilon" in names and "rmsprop" in family(pair.a) and pair.a.framework != pair.b.framework:
        texts.append("Keras takes the root of RMSprop's epsilon, and so does this comparison")
    return ", ".join(texts)


def only_epsilon(pair: Pair, m: Match) -> bool:
    """Whether the constants differ by an epsilon alone, and one far below the gradients."""
    a, b = both(pair, m)
    values = [v for u in pair.steps[0] for v in u.gradient.values()]
    sizes = [v.norm / max(math.prod(v.shape), 1) ** 0.5 for v in values]
    usual = float(np.median(sizes)) if sizes else 0.0
    largest = max(a.get("epsilon", 0.0), b.get("epsilon", 0.0))
    return _names(a, b) == ["epsilon"] and largest <= 1e-2 * usual


def _decay(trace: Trace, constants: Mapping[str, float]) -> str:
    """How an optimizer decays a variable, in words."""
    decay = constants.get("weight_decay", 0.0)
    if not decay:
        return "has none"
    plain = "SGD" in trace.optimizer and not constants.get("momentum")
    if plain or constants.get("decoupled"):
        kind = "takes it off the weights (decoupled, as AdamW)"
    else:
        kind = "adds it to the gradient (coupled, L2 as Adam's weight_decay)"
    return f"{kind}, {decay:g}"


def decay(pair: Pair, m: Match) -> str:
    """How the two sides decay a variable, in words; empty if alike, or if a side shows nothing."""
    a, b = both(pair, m)
    words = _decay(pair.a, a), _decay(pair.b, b)
    if not a or not b or words[0] == words[1]:
        return ""
    return " and ".join(f"{n} {w}" for n, w in zip(pair.names, words, strict=True))


def spared(pair: Pair, some: list[Match]) -> str:
    """Which side leaves some of its variables out of weight decay, and how to; empty if neither."""
    for place, name in enumerate(pair.names):
        decayed = [bool(both(pair, m)[place].get("weight_decay")) for m in pair.variables]
        other = all(both(pair, m)[1 - place].get("weight_decay") for m in pair.variables)
        if any(decayed) and not all(decayed) and other:
            kind = "biases and scales" if all(len(m.a.shape) < 2 for m in some) else "these"
            return (
                f"{name} leaves {kind} out of weight decay and {pair.names[1 - place]} does not: "
                "exclude_from_weight_decay, or a parameter group with weight_decay=0"
            )
    return ""


def grouped(pair: Pair, say: Callable[[Match], str]) -> dict[str, list[Match]]:
    """Variables by what is said of them; those of which nothing is said left out."""
    groups: dict[str, list[Match]] = {}
    for m in pair.variables:
        text = say(m) if m.a.in_optimizer and m.b.in_optimizer else ""
        if text:
            groups.setdefault(text, []).append(m)
    return groups


def listed(pair: Pair, some: list[Match]) -> str:
    """ " of" some variables; empty if they are all there are."""
    if len(some) == len(pair.variables):
        return ""
    more = f" and {len(some) - 2} more" if len(some) > 2 else ""
    return f" of {', '.join(m.name for m in some[:2])}{more}"


def findings(pair: Pair, rung: str, clips: bool) -> list[Finding]:
    """A finding for each constant that differs, and the variables for which it does.

    `clips` says whether constants of clipping count: not where clipped gradients are equal.
    """
    found = []
    without = () if clips else CLIPS
    for text, some in grouped(pair, lambda m: told(pair, m, without)).items():
        minor = only_epsilon(pair, some[0])
        hint = "too small to explain a gap alone" if minor else "a constant of the optimizer"
        sentence = f"{pair.a.optimizer} has {text}{listed(pair, some)}"
        found.append(Finding(rung, sentence, (hint,), explains=not minor))
    for text, some in grouped(pair, lambda m: decay(pair, m)).items():
        hint = spared(pair, some) or "weight decay differs"
        found.append(Finding(rung, f"weight decay{listed(pair, some)}: {text}", (hint,)))
    return found
