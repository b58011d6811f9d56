"""Watching a Keras 3 model on TensorFlow: `fit`, `train_on_batch` and hand-written loops.

Three public methods are replaced on the instances, for the time of the watch, by ones that call
them and look: the model's and its layers' `call`, the model's `compute_loss` and the optimizer's
`apply`. `fit` is given one callback more, which tells where epochs begin.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from mlp.trace import deliver
from mlp.trace.errors import TraceError
from mlp.trace.keras_model import (
    constants_for,
    constants_of,
    layers_of,
    named_variables,
    sensitive_layers,
    start_from,
)
from mlp.trace.record import Trace, Variable
from mlp.trace.recorder import FULL, LIGHT, Recorder
from mlp.trace.source import users_line
from mlp.trace.taps import Taps
from mlp.trace.value import Value

try:
    from tensorflow.python.eager.record import could_possibly_record
except ImportError:  # then the last forward pass before an update is the one it used

    def could_possibly_record() -> bool:
        """Whether a GradientTape records."""
        return False


_TAPS: weakref.WeakKeyDictionary[Any, Taps] = weakref.WeakKeyDictionary()


def _flat(structure: Any) -> list[Any]:
    return [leaf for leaf in tf.nest.flatten(structure) if leaf is not None]


def _inner(optimizer: Any) -> Any:
    """The optimizer that applies gradients: not the one that scales the loss around it."""
    return getattr(optimizer, "inner_optimizer", optimizer)


class KerasWatch:
    """Feeds a recorder from a model and its optimizer."""

    def __init__(self, model: Any, optimizer: Any, recorder: Recorder) -> None:
        self.model, self.recorder = model, recorder
        given = getattr(model, "optimizer", None) if optimizer is None else optimizer
        if not isinstance(given, keras.optimizers.Optimizer):
            raise TraceError(
                "watch needs the Keras optimizer that updates the model; got "
                f"{type(given).__name__}: compile the model, or give the optimizer as second"
            )
        self.optimizer = _inner(given)
        self._check()
        if model not in _TAPS:
            _TAPS[model] = Taps()
        self.taps = _TAPS[model]
        self.modes: dict[str, bool] = {}
        self._replaced: list[tuple[Any, str]] = []
        self._functions: dict[str, Any] = {}
        self._jit = False
        self._made = 0

    def _check(self) -> None:
        strategy = getattr(self.model, "distribute_strategy", None)
        if (
            tf.distribute.has_strategy()
            or type(strategy).__name__ != "_DefaultDistributionStrategy"
        ):
            raise TraceError(
                f"watch sees one device; the model trains under {type(strategy).__name__}: "
                "build it outside the strategy's scope"
            )
        known = {id(v) for v in getattr(self.optimizer, "_trainable_variables", ())}
        own = {id(v) for v in self.model.trainable_variables}
        if known and own and not known & own:
            raise TraceError(
                "watch needs the optimizer that updates the model; this one was built with "
                "variables of another model: give the model's own"
            )

    # Enter and leave.

    def start(self, start: Trace | None) -> None:
        """Begin to watch, from the first weights of another trace if one is given."""
        if start is not None:
            start_from(self.model, start)
        self._made = -int(self.optimizer.iterations.numpy())
        self.recorder.optimizer = type(self.optimizer).__name__
        self.recorder.constants = constants_of(self.optimizer)
        self.recorder.reach = self._stepped
        self.taps.recorder = self.recorder
        self.taps.set_level()
        self.recorder.initial_buffers = {
            name: Value.of(v.numpy()) for name, v in named_variables(self.model, False).items()
        }
        kinds = (named_variables(self.model, kind).values() for kind in (True, False))
        weights, buffers = (sum(v.numpy().nbytes for v in kind) for kind in kinds)
        self.recorder.expect(3 * weights + buffers)
        for name in ("train_function", "test_function", "predict_function"):
            self._functions[name] = getattr(self.model, name, None)
            setattr(self.model, name, None)
        self._switch_xla_off()
        self._replace(self.model, "call", self._call)
        self._replace(self.model, "compute_loss", self._compute_loss)
        self._replace(self.model, "fit", self._fit)
        self._replace(self.model, "compile", self._compile)
        self._replace(self.optimizer, "apply", self._apply)
        for name, layer in sensitive_layers(self.model).items():
            if layer is not self.model:
                self._replace(layer, "call", partial(self._layer_call, name, layer))

    def _switch_xla_off(self) -> None:
        self._jit = bool(self.model.compiled and self.model.jit_compile)
        if self._jit:
            self.model.jit_compile = False
            self._note("XLA was switched off while watching: jit_compile=True cannot be seen into")

    def _note(self, told: str) -> None:
        if told not in self.recorder.notes:
            self.recorder.notes.append(told)

    def _replace(self, owner: Any, name: str, by: Callable[..., Any]) -> None:
        vars(owner)[name] = partial(by, getattr(owner, name))
        self._replaced.append((owner, name))

    def stop(self) -> None:
        """End watching; the model and the optimizer are as they were."""
        for owner, name in self._replaced:
            vars(owner).pop(name, None)
        self._replaced.clear()
        for name, function in self._functions.items():
            setattr(self.model, name, function)
        if self._jit:
            self.model.jit_compile = True
        self.taps.recorder = None
        self.taps.set_level()
        weights = named_variables(self.model, True)
        held = {
            n: constants_for(self.optimizer, v)
            for n, v in weights.items()
            if n in self.taps.in_optimizer
        }
        self.recorder.variables = tuple(
            Variable(name, tuple(v.shape), trainable, name in held, held.get(name, {}))
            for trainable in (True, False)
            for name, v in named_variables(self.model, trainable).items()
        )
        self.recorder.precision = str(self.model.compute_dtype)
        self.recorder.layers = layers_of(self.model)
        self.recorder.final = {name: Value.of(v.numpy()).digest for name, v in weights.items()}
        made = int(self.optimizer.iterations.numpy()) + self._made
        if made > self.recorder.updates_made == 0:
            raise TraceError(
                f"watch saw none of the {made} updates made: the function that made them was "
                "traced before. Make the tf.function inside the with, or watch before its first "
                "call"
            )
        self.recorder.updates_made = max(made, self.recorder.updates_made)

    def explain(self, error: BaseException) -> TraceError | None:
        """What an error means that watching itself brought about."""
        text = str(error)
        if isinstance(error, tf.errors.OpError) and "PyFunc" in text and "compil" in text:
            return TraceError(
                "watch cannot see into a function compiled by XLA: "
                "leave jit_compile=True out of the tf.function while watching"
            )
        return None

    # What is put in the place of methods; each calls the method, which comes first.

    def _stepped(self, names: Sequence[str], values: Sequence[Any]) -> None:
        self.taps.tap(LIGHT, partial(deliver.seen_step, self.taps, names), values)

    def _layer_call(
        self, name: str, layer: Any, original: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        self._note_mode(name, layer, kwargs)
        return original(*args, **kwargs)

    def _note_mode(self, name: str, layer: Any, kwargs: Mapping[str, Any]) -> None:
        training = kwargs.get("training")
        if training is None or isinstance(training, (bool, int)):
            frozen = isinstance(layer, keras.layers.BatchNormalization) and not layer.trainable
            self.modes[name] = bool(training) and not frozen

    def _call(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.modes = {}
        if "model" in sensitive_layers(self.model):
            self._note_mode("model", self.model, kwargs)
        outputs = original(*args, **kwargs)
        inputs = _flat(args[0] if args else next(iter(kwargs.values()), None))
        leaves = _flat(outputs)
        if any(isinstance(leaf, keras.KerasTensor) for leaf in (*inputs, *leaves)):
            return outputs
        graded = could_possibly_record() or None
        where = users_line(None if tf.executing_eagerly() else leaves[0].op)
        seen = partial(deliver.seen_call, self.taps, len(inputs), dict(self.modes), graded, where)
        self.taps.tap(LIGHT, seen, [*inputs, *leaves])
        return outputs

    def _compute_loss(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        loss = original(*args, **kwargs)
        given = inspect.signature(original).bind(*args, **kwargs).arguments
        y, weight = _flat(given.get("y")), _flat(given.get("sample_weight"))
        leaves = [*y, *weight, loss]
        if not any(isinstance(leaf, keras.KerasTensor) for leaf in leaves):
            self.taps.tap(LIGHT, partial(deliver.seen_terms, self.taps, len(y)), leaves)
        return loss

    def _fit(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        def begin(*_: Any) -> None:
            self.recorder.epoch()
            self.taps.set_level()

        tells = keras.callbacks.LambdaCallback(on_epoch_begin=begin)
        given = inspect.signature(original).bind(*args, **kwargs)
        callbacks = given.arguments.get("callbacks")
        if isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks.append(tells)
        else:
            given.arguments["callbacks"] = [*_flat(callbacks), tells]
        return original(*given.args, **given.kwargs)

    def _compile(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Compiled again, the model may have another optimizer: watch that one from now on."""
        told = original(*args, **kwargs)
        self._functions = dict.fromkeys(self._functions)
        self._switch_xla_off()
        new = _inner(self.model.optimizer)
        if new is not self.optimizer:
            self._made += int(self.optimizer.iterations.numpy()) - int(new.iterations.numpy())
            self.optimizer = new
            self._replace(new, "apply", self._apply)
            self._note(
                f"{self.recorder.name}: the model was compiled again after "
                f"{self.recorder.updates_made} updates, with a new optimizer, whose state begins "
                "anew"
            )
        return told

    def _apply(
        self, original: Callable[..., Any], grads: Any, trainable_variables: Any = None
    ) -> Any:
        grads = list(grads)
        variables = trainable_variables
        if variables is None:
            variables = self.optimizer._trainable_variables
        variables = list(variables)
        weights, buffers = (named_variables(self.model, kind) for kind in (True, False))
        names = self._names(variables, weights)
        given = {n: g for n, g in zip(names, grads, strict=False) if n and g is not None}
        self.taps.in_optimizer |= given.keys()
        taps, read = self.taps, [*weights.values(), *buffers.values()]
        where = users_line(None if tf.executing_eagerly() else next(iter(given.values())).op)
        penalty = self._penalty()
        begin = partial(deliver.seen_begin, taps, bool(penalty))
        told = [self.optimizer.learning_rate, self.optimizer.iterations, *penalty]
        taps.tap(LIGHT, begin, told)
        before = partial(deliver.seen_before, taps, tuple(given), tuple(weights))
        taps.tap(FULL, before, list(given.values()), list(weights.values()))
        done = original(grads, trainable_variables)
        after = partial(deliver.seen_after, taps, tuple(weights), tuple(buffers), where)
        taps.tap(FULL, partial(after, self.recorder.constants), [], read)
        return done

    @staticmethod
    def _names(variables: list[Any], weights: Mapping[str, Any]) -> list[str]:
        """The model's names of the variables an optimizer is given; empty for others."""
        known = {id(v): name for name, v in weights.items()}
        known |= {id(v.value): name for name, v in weights.items()}
        names = [known.get(id(v), "") for v in variables]
        if not any(names):
            raise TraceError(
                "watch needs the optimizer that updates the model; this one is applied to "
                f"{len(names)} variables of which the model has none: give the model's own"
            )
        return names

    def _penalty(self) -> list[Any]:
        """The sum of `model.losses`, if there are any that belong to what runs now."""
        losses = self.model.losses
        if not tf.executing_eagerly():
            here = tf.constant(0).graph
            losses = [loss for loss in losses if getattr(loss, "graph", here) is here]
        return [tf.add_n([tf.reduce_sum(loss) for loss in losses])] if losses else []
