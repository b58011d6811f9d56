"""`watch`: record what a training program does to a model, while it does it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlp.trace.errors import TraceError
from mlp.trace.file import check, save, trace_of
from mlp.trace.hand import HandRecorder
from mlp.trace.keeper import KEEP
from mlp.trace.record import Trace
from mlp.trace.recorder import UPDATES, Recorder


@contextmanager
def watch(
    model: Any,
    optimizer: Any = None,
    *,
    name: str = "",
    updates: int = UPDATES,
    keep: int = KEEP,
    start: Trace | Recorder | str | Path | None = None,
    to: str | Path | None = None,
) -> Iterator[Recorder]:
    """Record the first updates of the first two epochs, and the evaluation between them.

    The program is left as it is: watched, it computes the same numbers.

    Args:
        model: a Keras or PyTorch model.
        optimizer: the optimizer that updates it; a compiled Keras model has its own.
        name: what to call the program in reports. Default: the framework's name.
        updates: how many updates of each epoch are recorded in full.
        keep: bytes of array elements that are kept; summaries are kept after.
        start: a trace, or the file of one, whose first weights the model is given before anything
            is recorded.
        to: a file to write the trace to in the end, also when the program is interrupted.

    Raises:
        TraceError: the model cannot be watched, or nothing was seen.
    """
    framework, adapter = _adapter(model)
    if to is not None:
        check(to)
    recorder = Recorder(
        name=name or framework.lower(), framework=framework, updates=updates, keep=keep
    )
    watching = adapter(model, optimizer, recorder)
    try:
        watching.start(None if start is None else trace_of(start))
    except BaseException:
        watching.stop()
        raise
    failure: BaseException | None = None
    try:
        yield recorder
    except BaseException as error:
        failure = error
        told = watching.explain(error)
        if told is not None:
            raise told from None
        raise
    finally:
        _finish(watching, recorder, failure, to)


def _finish(
    watching: Any, recorder: Recorder, failure: BaseException | None, to: str | Path | None
) -> None:
    """End the recording; what was seen is kept also where the program was cut off."""
    try:
        watching.stop()
        if failure is None:
            _check_seen(recorder)
    except TraceError:
        if failure is None:
            raise
    finally:
        recorder.close(type(failure).__name__ if failure else "")
    if to is not None and recorder.updates_made:
        save(recorder.trace(), to)


def _check_seen(recorder: Recorder) -> None:
    if not recorder.updates_made:
        called = "the model was called, but" if recorder.forwards else "the model was never called,"
        raise TraceError(
            f"watch saw no update: {called} its optimizer was never applied. Train inside the "
            "with, by the model and the optimizer that watch was given"
        )
    if not recorder.forwards:
        recorder.note(
            "the model was never called while watched, so inputs are not seen: "
            "call model(x) itself, on the model that watch was given"
        )


@contextmanager
def record(
    *,
    name: str = "by hand",
    updates: int = UPDATES,
    keep: int = KEEP,
    to: str | Path | None = None,
) -> Iterator[HandRecorder]:
    """A recorder that a program of any kind feeds itself, one `trace.step` each update.

    Raises:
        TraceError: no trace can be written to `to`.
    """
    if to is not None:
        check(to)
    recorder = HandRecorder(name=name, updates=updates, keep=keep)
    cut_off = ""
    try:
        yield recorder
    except BaseException as error:
        cut_off = type(error).__name__
        raise
    finally:
        recorder.close(cut_off)
        if to is not None and recorder.updates_made:
            save(recorder.trace(), to)


def _adapter(model: Any) -> tuple[str, Any]:
    """The framework of a model, and what feeds a recorder from it."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(model, torch.nn.Module):
        from mlp.trace.on_torch import TorchWatch

        return "PyTorch", TorchWatch
    keras = sys.modules.get("keras")
    if keras is not None and isinstance(model, keras.layers.Layer):
        if not isinstance(model, keras.Model):
            raise TraceError(
                f"watch needs a Keras model; got the layer {type(model).__name__}: "
                "give the model it is part of"
            )
        if keras.backend.backend() != "tensorflow":
            raise TraceError(
                "watch sees Keras on TensorFlow; this Keras runs on "
                f"{keras.backend.backend()}: set KERAS_BACKEND=tensorflow, or use record()"
            )
        from mlp.trace.on_keras import KerasWatch

        return "Keras", KerasWatch
    raise TraceError(
        f"watch needs a Keras 3 or PyTorch model; got {type(model).__name__}: "
        "feed any other program to record(), one trace.step each update"
    )
