"""What a Keras model and its optimizer are made of, in the words of a trace."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from mlp.trace.errors import TraceError
from mlp.trace.record import Layer, Trace
from mlp.trace.start import matched

_SCALARS = (bool, int, float, np.integer, np.floating)
_NO_CONSTANTS = ("learning_rate", "name", "loss_scale_factor", "use_ema", "ema_momentum")
_SETTINGS = ("momentum", "epsilon", "rate")
_CONTAINERS = (keras.Sequential, keras.models.Model)


def named_variables(model: Any, trainable: bool) -> dict[str, Any]:
    """The trainable variables by name, or the floating-point ones that are not."""
    chosen = model.trainable_variables if trainable else model.non_trainable_variables
    found: dict[str, Any] = {}
    for variable in chosen:
        if not trainable and not str(variable.dtype).startswith(("float", "bfloat")):
            continue
        path = str(variable.path)
        name = "/".join(path.split("/")[-2:])
        found[path if name in found else name] = variable
    return found


def _kind(layer: Any) -> str:
    if isinstance(layer, keras.layers.BatchNormalization):
        return "batch norm"
    if "Dropout" in type(layer).__name__:
        return "dropout"
    if type(layer).__module__.startswith("keras."):
        return type(layer).__name__
    return "own"


def _heeds_training(layer: Any) -> bool:
    if _kind(layer) not in ("own", "batch norm", "dropout"):
        told = ("Noise", "Random", "RNN", "LSTM", "GRU", "Spectral")
        if not any(word in type(layer).__name__ for word in told):
            return False
    return "training" in inspect.signature(type(layer).call).parameters


def sensitive_layers(model: Any) -> dict[str, Any]:
    """The layers that do one thing in training and another in inference, by name.

    Layers of Keras that only hand the mode on are not among them, layers of the user's are.
    """
    found: dict[str, Any] = {}
    for layer in model._flatten_layers(include_self=True):
        own = _kind(layer) == "own"
        inner = isinstance(layer, _CONTAINERS) or len(list(layer._flatten_layers())) > 1
        if not _heeds_training(layer) or (inner and not own):
            continue
        if getattr(layer, "rate", 1) == 0:
            continue
        if getattr(layer, "dropout", None) == 0 and not getattr(layer, "recurrent_dropout", 0):
            continue
        found["model" if layer is model else layer.name] = layer
    return found


def layers_of(model: Any) -> tuple[Layer, ...]:
    """The layers a trace tells of: those sensitive to the mode, and normalisation."""
    normalising = {
        layer.name: layer
        for layer in model._flatten_layers(include_self=False)
        if "Normalization" in type(layer).__name__
    }
    chosen = sensitive_layers(model) | normalising
    return tuple(Layer(name, _kind(layer), _settings(layer)) for name, layer in chosen.items())


def _settings(layer: Any) -> dict[str, float]:
    found = {name: getattr(layer, name, None) for name in _SETTINGS}
    settings = {name: float(v) for name, v in found.items() if isinstance(v, (int, float))}
    if "momentum" in settings:
        settings["share of the new batch"] = 1 - settings.pop("momentum")
    return settings


def constants_of(optimizer: Any) -> dict[str, float]:
    """The constants of a Keras optimizer, those that are switched off left out."""
    found: Mapping[str, Any] = optimizer.get_config()
    constants = {
        name: float(value)
        for name, value in found.items()
        if isinstance(value, _SCALARS) and name not in _NO_CONSTANTS
    }
    if "weight_decay" in constants:
        constants["decoupled"] = 1.0
    if isinstance(optimizer, keras.optimizers.RMSprop):
        constants["epsilon"] **= 0.5  # Keras adds it under the root, PyTorch to the root
    return constants


def constants_for(optimizer: Any, variable: Any) -> dict[str, float]:
    """Those for a variable: without weight decay if `exclude_from_weight_decay` names it."""
    constants = constants_of(optimizer)
    decays = getattr(optimizer, "_use_weight_decay", None)
    if "weight_decay" in constants and decays is not None and not decays(variable):
        del constants["weight_decay"], constants["decoupled"]
    return constants


def start_from(model: Any, start: Trace) -> None:
    """Give a model the first weights and buffers of a trace."""
    if not model.built or not model.variables:
        raise TraceError(
            "watch(..., start=...) copies weights into the model, which has none yet: "
            "build the model, or call it once, before"
        )
    for trainable in (True, False):
        variables = named_variables(model, trainable)
        shapes = {name: tuple(v.shape) for name, v in variables.items()}
        for name, value in matched(start, shapes, trainable).items():
            variables[name].assign(value)
