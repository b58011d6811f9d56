"""Kernels of PyTorch in Keras's layout: space first, inputs before outputs, channels last.

The rows of a dense kernel after a flattened convolution follow channels first in PyTorch and last
in Keras. Whether they do is read off the graph of the first forward pass, not guessed: a program
may turn its channels before it flattens them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from mlp.trace.errors import TraceError
from mlp.trace.record import TURNED, UNSURE, Trace

_TURNS = ("PermuteBackward", "TransposeBackward", "TBackward", "MovedimBackward")
_CONVOLUTION = nn.modules.conv._ConvNd


def channels_last(model: Any) -> int:
    """The rank of an input whose second axis is channels; 0 where the model has no convolution."""
    first = next((m for m in model.modules() if isinstance(m, _CONVOLUTION)), None)
    return 0 if first is None else int(first.weight.ndim)


class Layouts:
    """How each kernel of a model is turned into Keras's layout, and back."""

    def __init__(self, model: Any) -> None:
        self._axes: dict[str, tuple[int, ...]] = {}
        self._flattened: dict[str, tuple[Any, int]] = {}
        self.rows: dict[str, str] = {}
        self._assumed: dict[str, str] = {}
        channels = 0
        for prefix, module in model.named_modules():
            name = f"{prefix}.weight" if prefix else "weight"
            if isinstance(module, _CONVOLUTION):
                space = range(2, module.weight.ndim)
                apart = module.groups == module.in_channels == module.out_channels > 1
                self._axes[name] = (*space, 0, 1) if apart else (*space, 1, 0)
                channels = module.out_channels
            elif isinstance(module, nn.Linear):
                self._axes[name] = (1, 0)
                if channels and module.in_features % channels == 0 < module.in_features - channels:
                    self._flattened[name], self.rows[name] = (module, channels), UNSURE
                channels = 0

    def read(self, name: str, array: np.ndarray) -> np.ndarray:
        """A kernel in Keras's layout; any other parameter as it is."""
        if name not in self._axes:
            return array
        array = array.transpose(self._axes[name])
        return self._rows_moved(name, array, -1) if self.rows.get(name) == TURNED else array

    def written(self, name: str, value: np.ndarray) -> np.ndarray:
        """A kernel in Keras's layout as PyTorch keeps it."""
        if self._assumed.get(name) == TURNED:
            value = self._rows_moved(name, value, 1)
        return value.transpose(np.argsort(self._axes[name])) if name in self._axes else value

    def _rows_moved(self, name: str, array: np.ndarray, channels: int) -> np.ndarray:
        """The rows of a dense kernel with their channels moved: last if -1, first if 1."""
        count = self._flattened[name][1]
        apart = (count, -1) if channels == -1 else (len(array) // count, count)
        return array.reshape(*apart, array.shape[1]).swapaxes(0, 1).reshape(array.shape)

    def assume(self, start: Trace) -> None:
        """How rows are written that come from another trace: as its own, else turned."""
        there = {v.name: v.rows for v in start.variables}
        turned = start.framework != "PyTorch"
        self._assumed = {n: TURNED if turned else there.get(n, "") for n in self.rows}

    def hooks(self) -> Iterator[Any]:
        """Hooks that look at the first forward pass of which a gradient can be taken."""
        for name, (module, _) in self._flattened.items():
            yield module.register_forward_pre_hook(
                lambda _, args, name=name: self._look(name, *args)
            )

    def _look(self, name: str, given: Any = None) -> None:
        if torch.compiler.is_compiling() or self.rows[name] != UNSURE:
            return
        found = _order(given)
        self.rows[name] = found
        assumed = self._assumed.get(name, UNSURE)
        if UNSURE not in (found, assumed) and found != assumed:
            raise TraceError(
                f"start copied {name} for a convolution flattened with its channels "
                f"{'first' if assumed == TURNED else 'last'}, and this model does not flatten so: "
                "leave start out, and copy the weights yourself"
            )


def _order(flat: Any) -> str:
    """How a flattened convolution is ordered, by the graph back to it."""
    waiting, turns, convolutions = [getattr(flat, "grad_fn", None)], [], 0
    for _ in range(64):
        node = waiting.pop() if waiting else None
        if node is None:
            break
        if "Convolution" in node.name():
            convolutions += 1
            continue
        if node.name().startswith(_TURNS):
            turns.append(node)
        waiting += [one for one, _ in node.next_functions if one is not None]
    if waiting or not convolutions:
        return UNSURE
    if not turns:
        return TURNED
    return "" if len(turns) == 1 and _to_the_end(turns[0]) else UNSURE


def _to_the_end(turn: Any) -> bool:
    """Whether a permutation moves the second axis to the end and leaves the others as they were."""
    dims = getattr(turn, "_saved_dims", ())
    signed = [int(d) - 2**64 * (int(d) >= 2**63) for d in dims]
    return [d % len(dims) for d in signed] == [0, *range(2, len(dims)), 1]
