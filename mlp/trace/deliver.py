"""What taps on a Keras model deliver to the recorder, as arrays.

These functions are held by traced TensorFlow functions, which outlast a watch: they ask the taps
for the recorder of the watch that is going on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mlp.trace.epochs import FULL
from mlp.trace.taps import Taps
from mlp.trace.value import joined


def _copies(arrays: Sequence[Any]) -> list[np.ndarray]:
    return [np.array(array) for array in arrays]


def seen_step(taps: Taps, names: Sequence[str], *arrays: Any) -> None:
    """`trace.step` was called."""
    assert taps.recorder is not None
    taps.recorder.stepped(names, _copies(arrays))


def seen_call(
    taps: Taps, inputs: int, modes: dict[str, bool], graded: Any, where: str, *arrays: Any
) -> None:
    """The model was called."""
    assert taps.recorder is not None
    taps.recorder.forward(
        joined(_copies(arrays[:inputs])),
        prediction=joined(_copies(arrays[inputs:])),
        modes=modes,
        graded=graded,
        where=where,
    )


def seen_terms(taps: Taps, targets: int, *arrays: Any) -> None:
    """The model's loss was computed."""
    assert taps.recorder is not None
    y, weight = joined(_copies(arrays[:targets])), joined(_copies(arrays[targets:-1]))
    taps.recorder.terms(y, sample_weight=weight, loss=np.array(arrays[-1]))


def seen_begin(taps: Taps, penalised: bool, rate: Any, count: Any, *penalty: Any) -> None:
    """The optimizer is about to update."""
    assert taps.recorder is not None
    if penalised:
        taps.recorder.terms(regularisation=np.array(penalty[0]))
    full = taps.recorder.begin_update(float(rate), int(count))
    taps.set_level(FULL if full else None)


def seen_before(taps: Taps, given: tuple[str, ...], weights: tuple[str, ...], *arrays: Any) -> None:
    """Gradients, and weights before the update."""
    assert taps.recorder is not None
    gradient, before = arrays[: len(given)], arrays[len(given) :]
    taps.stash["gradient"] = taps.recorder.keeper.copies(dict(zip(given, gradient, strict=True)))
    taps.stash["before"] = taps.recorder.before(dict(zip(weights, before, strict=True)))


def seen_after(
    taps: Taps,
    weights: tuple[str, ...],
    buffers: tuple[str, ...],
    where: str,
    constants: Mapping[str, float],
    *arrays: Any,
) -> None:
    """Weights and buffers after the update."""
    assert taps.recorder is not None
    copies = taps.recorder.keeper.copies
    gradient = taps.stash.get("gradient", {})
    clipped = clip(gradient, constants)
    taps.recorder.end_update(
        before=taps.stash.get("before"),
        gradient=clipped,
        raw={name: float(np.linalg.norm(g)) for name, g in gradient.items()},
        after=copies(dict(zip(weights, arrays, strict=False))),
        buffers=copies(dict(zip(buffers, arrays[len(weights) :], strict=True))),
        where=where,
    )
    taps.stash.clear()
    taps.set_level()


def clip(gradient: dict[str, Any], constants: Mapping[str, float]) -> dict[str, Any]:
    """The gradient as Keras clips it before its update rule; the same object where it does not."""
    if "clipvalue" in constants:
        most = constants["clipvalue"]
        return {name: np.clip(g, -most, most) for name, g in gradient.items()}
    if "clipnorm" not in constants and "global_clipnorm" not in constants:
        return gradient
    norms = {name: float(np.linalg.norm(g)) for name, g in gradient.items()}
    if "clipnorm" in constants:
        most = constants["clipnorm"]
        return {name: g * (most / max(norms[name], most)) for name, g in gradient.items()}
    most = constants["global_clipnorm"]
    whole = float(np.sqrt(sum(norm**2 for norm in norms.values())))
    return {name: g * (most / max(whole, most)) for name, g in gradient.items()}
