"""Watching a PyTorch model: any loop that steps an optimizer, by the hooks PyTorch offers.

Gradients are seen as the backward pass left them, by a hook on each parameter, and as the optimizer
is given them, by a hook before its step: between the two lie clipping and the unscaling of AMP.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from mlp.trace.errors import TraceError
from mlp.trace.record import Trace, Variable
from mlp.trace.recorder import FULL, OFF, Recorder
from mlp.trace.source import users_line
from mlp.trace.start import matched
from mlp.trace.torch_model import (
    amp_scale,
    buffer_places,
    buffers_at,
    channels_last,
    constants_of,
    layers_of,
    layout_of,
    modes_of,
    rates_of,
    sensitive_modules,
)
from mlp.trace.value import Value


def _tensors(structure: Any) -> list[torch.Tensor]:
    """The tensors in a structure of tuples, lists and mappings, in order."""
    if isinstance(structure, torch.Tensor):
        return [structure]
    if isinstance(structure, Mapping):
        structure = list(structure.values())
    if isinstance(structure, (tuple, list)):
        return [tensor for part in structure for tensor in _tensors(part)]
    return []


def view_of(tensor: torch.Tensor) -> np.ndarray:
    """A tensor as an array; half precision as float32, which holds it exactly."""
    tensor = tensor.detach()
    if tensor.dtype in (torch.bfloat16, torch.float16):
        tensor = tensor.float()
    return tensor.cpu().numpy()


def array_of(tensor: torch.Tensor) -> np.ndarray:
    """A copy of a tensor as an array, likewise."""
    return np.array(view_of(tensor), order="K")


class TorchWatch:
    """Feeds a recorder from a model and its optimizer."""

    def __init__(self, model: Any, optimizer: Any, recorder: Recorder) -> None:
        self.model, self.optimizer, self.recorder = model, optimizer, recorder
        self._check()
        self.parameters = dict(model.named_parameters())
        self.layout = layout_of(model)
        self.sensitive = sensitive_modules(model)
        self.rank = channels_last(model)
        self._handles: list[Any] = []
        self._views: dict[str, tuple[Any, np.ndarray]] = {}
        self._buffers = buffer_places(model)
        self._raw: dict[str, torch.Tensor] = {}
        self._full = self.compiled = False
        self._before: dict[str, Any] = {}
        self._constants: dict[str, dict[str, float]] = {}

    def _check(self) -> None:
        if hasattr(self.model, "_orig_mod"):
            raise TraceError(
                "watch cannot see into a compiled model: give the model itself, "
                "and leave torch.compile out while watching"
            )
        if type(self.model).__name__ in ("DistributedDataParallel", "DataParallel", "FSDPModule"):
            raise TraceError(
                f"watch sees one process; got a model wrapped in {type(self.model).__name__}: "
                "give the model it wraps, and train in one process"
            )
        if not isinstance(self.optimizer, torch.optim.Optimizer):
            raise TraceError(
                "watch needs the torch.optim.Optimizer that updates the model; got "
                f"{type(self.optimizer).__name__}: give it as second"
            )
        own = {id(p) for p in self.model.parameters()}
        given = {id(p) for group in self.optimizer.param_groups for p in group["params"]}
        if not own & given:
            raise TraceError(
                "watch needs the optimizer that updates the model; this one holds "
                f"{len(given)} parameters of which the model has none: give the model's own"
            )

    # Enter and leave.

    def start(self, start: Trace | None) -> None:
        """Begin to watch, from the first weights of another trace if one is given."""
        if start is not None:
            self._start_from(start)
        self.recorder.optimizer = type(self.optimizer).__name__
        self._constants = constants_of(self.optimizer, self.parameters)
        self.recorder.constants = next(iter(self._constants.values()))
        buffers = buffers_at(self._buffers)
        self.recorder.initial_buffers = {n: Value.of(array_of(b)) for n, b in buffers.items()}
        self.recorder.reach = self._stepped
        size = sum(p.numel() * p.element_size() for p in self.parameters.values())
        self.recorder.expect(3 * size + sum(b.nbytes for b in buffers.values()))
        hold = self._handles.append
        hold(self.model.register_forward_hook(self._forward, with_kwargs=True))
        hold(self.optimizer.register_step_pre_hook(self._before_step))
        hold(self.optimizer.register_step_post_hook(self._after_step))
        for name, parameter in self.parameters.items():
            if parameter.requires_grad:
                hook = partial(self._accumulated, name)
                hold(parameter.register_post_accumulate_grad_hook(hook))

    def _start_from(self, start: Trace) -> None:
        trainable = {n: p for n, p in self.model.named_parameters() if p.requires_grad}
        shapes = {n: tuple(self._read(n, p).shape) for n, p in trainable.items()}
        for name, value in matched(start, shapes, True).items():
            self._write(trainable[name], value, self.layout.get(name))
        buffers = buffers_at(self._buffers)
        for name, value in matched(
            start, {n: tuple(b.shape) for n, b in buffers.items()}, False
        ).items():
            self._write(buffers[name], value, None)

    @staticmethod
    def _write(tensor: torch.Tensor, value: np.ndarray, layout: tuple[int, ...] | None) -> None:
        array = value if layout is None else np.transpose(value, np.argsort(layout))
        with torch.no_grad():
            tensor.copy_(torch.from_numpy(np.ascontiguousarray(array)))

    def stop(self) -> None:
        """End watching; the model and the optimizer have no hook of it left."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        held = constants_of(self.optimizer, self.parameters) | self._constants
        self.recorder.variables = (
            *(
                Variable(n, tuple(self._read(n, p).shape), True, n in held, held.get(n, {}))
                for n, p in self.model.named_parameters()
                if p.requires_grad
            ),
            *(
                Variable(n, tuple(b.shape), False, False)
                for n, b in buffers_at(self._buffers).items()
            ),
        )
        self.recorder.layers = layers_of(self.model, self.sensitive)
        self.recorder.final = {n: Value.of(w).digest for n, w in self._weights().items()}
        self._refuse_compiled()

    def _refuse_compiled(self) -> None:
        if self.compiled:
            raise TraceError(
                "watch cannot see into a step compiled by torch.compile: "
                "leave torch.compile out while watching"
            )

    def explain(self, error: BaseException) -> TraceError | None:
        """What an error means that watching itself brought about: none does."""
        del error
        return None

    # What the hooks tell.

    def _read(self, name: str, tensor: torch.Tensor) -> np.ndarray:
        layout = self.layout.get(name)
        array = view_of(tensor)
        return array if layout is None else array.transpose(layout)

    def _weights(self) -> dict[str, np.ndarray]:
        named = self.parameters.items()
        return {name: self._weight(name, p) for name, p in named if p.requires_grad}

    def _weight(self, name: str, parameter: torch.Tensor) -> np.ndarray:
        """A parameter as an array: the last one, if the parameter lies where it did."""
        place = (parameter.data_ptr(), parameter.shape, parameter.stride())
        known, array = self._views.get(name, (None, None))
        if array is not None and known == place:
            return array
        array = self._read(name, parameter)
        if array.ctypes.data == place[0]:  # no copy, so that it shows what is written later
            self._views[name] = place, array
        return array

    def _gradients(self) -> dict[str, np.ndarray]:
        found = {name: p.grad for name, p in self.parameters.items() if p.grad is not None}
        read = {name: self._read(name, grad) for name, grad in found.items()}
        return self.recorder.keeper.copies(read)

    def _forward(self, model: Any, args: Any, kwargs: Any, output: Any) -> None:
        del model
        if torch.compiler.is_compiling():  # an error here would only make it run uncompiled
            self.compiled = True
            return
        if self.recorder.level == OFF:
            self.recorder.forwards += 1
            return
        inputs = _tensors(args) or _tensors(kwargs)
        outputs = _tensors(output)
        if outputs and outputs[0].is_floating_point():
            self.recorder.precision = str(outputs[0].dtype).removeprefix("torch.")
        if self.recorder.accumulating:
            self._accumulate()
        taking = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in outputs)
        self.recorder.forward(
            self._joined([self._channels_last(tensor) for tensor in inputs]),
            prediction=self._joined([array_of(tensor) for tensor in outputs]),
            modes=modes_of(self.sensitive),
            graded=None if taking else False,
            where=users_line(),
        )
        if taking:
            taken = self.recorder.graded_by()
            next(t for t in outputs if t.requires_grad).register_hook(lambda _: taken())

    def _accumulate(self) -> None:
        """A forward pass begins while gradients of an earlier one wait for an update.

        No update is made of gradients that are zero or gone, nor, by an AMP scaler, of infinite
        ones.
        """
        held = [p.grad for p in self.parameters.values() if p.grad is not None]
        infinite = not all(bool(torch.isfinite(grad).all()) for grad in held)
        if infinite or not any(bool(grad.any()) for grad in held):
            self.recorder.dropped()
        elif self.recorder.level == FULL:
            self.recorder.accumulated(self._gradients())

    def _stepped(self, names: Sequence[str], values: Sequence[Any]) -> None:
        if self.recorder.level != OFF:
            tensors = [torch.as_tensor(value) for value in values]
            self.recorder.stepped(names, [array_of(tensor) for tensor in tensors])

    def _channels_last(self, tensor: torch.Tensor) -> np.ndarray:
        array = array_of(tensor)
        return np.moveaxis(array, 1, -1) if array.ndim == self.rank else array

    @staticmethod
    def _joined(arrays: list[np.ndarray]) -> Any:
        if len(arrays) < 2:
            return arrays[0] if arrays else None
        flat = [np.reshape(a, (len(a), -1)).astype(np.float32) for a in arrays if a.ndim]
        same = len({len(a) for a in flat}) == 1
        return np.concatenate(flat, axis=1) if same else arrays[0]

    def _accumulated(self, name: str, parameter: torch.Tensor) -> None:
        if self.recorder.level == FULL and parameter.grad is not None:
            self._raw[name] = torch.linalg.vector_norm(parameter.grad.detach(), dtype=torch.float32)

    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        del args, kwargs
        self._refuse_compiled()
        rates = [group["lr"] for group in optimizer.param_groups]
        self._full = self.recorder.begin_update(float(rates[0]), self._counted())
        if not self._full:
            return
        unscaled = getattr(optimizer, "grad_scale", None)
        gradient = self._gradients()
        if unscaled is not None:  # a fused optimizer unscales by itself
            gradient = {name: array / float(unscaled) for name, array in gradient.items()}
        self._before = {
            "before": self.recorder.before(self._weights()),
            "gradient": gradient,
            "raw": {name: float(norm) for name, norm in self._raw.items()},
            "where": users_line(),
            "scale": amp_scale(),
            "rates": rates_of(optimizer, self.parameters),
        }

    def _counted(self) -> int | None:
        """How many updates the optimizer itself counts; None where its rule counts none."""
        state = self.optimizer.state
        if not state:
            return 0
        steps = (state[p].get("step") for p in self.parameters.values() if p in state)
        step = next((step for step in steps if step is not None), None)
        return None if step is None else int(step)

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        del optimizer, args, kwargs
        if not self._full:
            return
        after = self.recorder.keeper.copies(self._weights())
        buffers = {name: array_of(b) for name, b in buffers_at(self._buffers).items()}
        self.recorder.end_update(after=after, buffers=buffers, **self._before)
        self._full, self._before, self._raw = False, {}, {}
