"""What a PyTorch model and its optimizer are made of, in the words of a trace."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import FrameType
from typing import Any

import torch
from torch import nn

from mlp.trace.record import Layer

_CONSTANTS = {"eps": "epsilon", "alpha": "rho"}
"""PyTorch's names of constants, in Keras's words."""

_DECOUPLED = ("AdamW", "NAdamW", "SGDW")
_HABITS = ("foreach", "capturable", "differentiable", "fused", "lr")


def layout_of(model: Any) -> dict[str, tuple[int, ...]]:
    """How to transpose each kernel to Keras's layout: inputs before outputs, space first."""
    found: dict[str, tuple[int, ...]] = {}
    for prefix, module in model.named_modules():
        name = f"{prefix}.weight" if prefix else "weight"
        if isinstance(module, nn.Linear):
            found[name] = (1, 0)
        elif isinstance(module, nn.modules.conv._ConvNd):
            space = module.weight.ndim - 2
            found[name] = (*range(2, 2 + space), 1, 0)
    return found


def channels_last(model: Any) -> int:
    """The rank of an input whose second axis is channels; 0 where the model has no convolution."""
    convolutions = (m for m in model.modules() if isinstance(m, nn.modules.conv._ConvNd))
    first = next(convolutions, None)
    return 0 if first is None else first.weight.ndim


def _kind(module: Any) -> str:
    if isinstance(module, nn.modules.batchnorm._BatchNorm):
        return "batch norm"
    if isinstance(module, nn.modules.dropout._DropoutNd):
        return "dropout"
    return "own" if not type(module).__module__.startswith("torch.") else type(module).__name__


def sensitive_modules(model: Any) -> dict[str, Any]:
    """The modules that do one thing in training and another in evaluation, by name.

    A module of the user's own counts: its code may ask for the mode.
    """
    found: dict[str, Any] = {}
    for name, module in model.named_modules():
        kind = _kind(module)
        recurrent = isinstance(module, (nn.RNNBase, nn.MultiheadAttention)) and module.dropout > 0
        dropping = kind == "dropout" and module.p > 0
        if dropping or recurrent or kind in ("batch norm", "own"):
            found[name or "model"] = module
    return found


def modes_of(modules: dict[str, Any]) -> dict[str, bool]:
    """Whether each is in training mode."""
    return {name: module.training for name, module in modules.items()}


def layers_of(model: Any, sensitive: dict[str, Any]) -> tuple[Layer, ...]:
    """The layers a trace tells of: those sensitive to the mode, and normalisation."""
    normalising = {n: m for n, m in model.named_modules() if "Norm" in type(m).__name__}
    return tuple(
        Layer(name, _kind(module), _settings(module))
        for name, module in (sensitive | normalising).items()
    )


def _settings(module: Any) -> dict[str, float]:
    settings: dict[str, float] = {}
    if isinstance(getattr(module, "momentum", None), float):
        settings["share of the new batch"] = module.momentum
    if isinstance(getattr(module, "eps", None), float):
        settings["epsilon"] = module.eps
    if isinstance(getattr(module, "p", None), float):
        settings["rate"] = module.p
    return settings


def buffer_places(model: Any) -> list[tuple[str, Any, str]]:
    """Name, module and attribute of each floating-point buffer, as batch norm's statistics."""
    return [
        (f"{prefix}.{key}" if prefix else key, module, key)
        for prefix, module in model.named_modules()
        for key, buffer in module.named_buffers(recurse=False)
        if buffer.is_floating_point()
    ]


def buffers_at(places: list[tuple[str, Any, str]]) -> dict[str, torch.Tensor]:
    """The buffers that are in these places now, by name."""
    return {name: getattr(module, key) for name, module, key in places}


def constants_of(optimizer: Any, parameters: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """The constants of the group that each parameter is in, by Keras's names."""
    named = {id(p): name for name, p in parameters.items()}
    return {
        named[id(p)]: constants
        for group in optimizer.param_groups
        for constants in [_constants(optimizer, dict(group))]
        for p in group["params"]
        if id(p) in named
    }


def rates_of(optimizer: Any, parameters: Mapping[str, Any]) -> dict[str, float]:
    """The learning rate of each parameter; empty where there is one for all."""
    if len({float(group["lr"]) for group in optimizer.param_groups}) < 2:
        return {}
    rates = {id(p): float(g["lr"]) for g in optimizer.param_groups for p in g["params"]}
    return {name: rates[id(p)] for name, p in parameters.items() if id(p) in rates}


def _constants(optimizer: Any, group: dict[str, Any]) -> dict[str, float]:
    """The constants of one group; weight decay left out where it is 0."""
    betas = group.pop("betas", None)
    if betas is not None:
        group["beta_1"], group["beta_2"] = betas
    constants = {
        _CONSTANTS.get(name, name): float(value)
        for name, value in group.items()
        if isinstance(value, (bool, int, float)) and name not in _HABITS
    }
    if constants.get("weight_decay") == 0:
        del constants["weight_decay"]
    if "weight_decay" in constants:
        told = bool(group.get("decoupled_weight_decay"))
        constants["decoupled"] = float(told or type(optimizer).__name__ in _DECOUPLED)
    constants.pop("decoupled_weight_decay", None)
    return constants


def amp_scale() -> float:
    """The factor by which the AMP scaler that is stepping the optimizer scaled the loss; else 1."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(8):
        if frame is None:
            break
        if frame.f_code.co_name == "_maybe_opt_step" and frame.f_globals.get("GradScaler"):
            return float(frame.f_locals["self"].get_scale())
        frame = frame.f_back
    return 1.0
