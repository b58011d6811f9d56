"""A trace as one .npz file: arrays, and a description in JSON. Nothing in it is executed."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from mlp.command import holds_other
from mlp.trace.errors import TraceError
from mlp.trace.record import Batch, Evaluation, Layer, Log, Trace, Update, Variable
from mlp.trace.recorder import Recorder
from mlp.trace.value import Value

FORMAT = 2
_KIND = "mlp.trace"
_PLAIN = (str, int, float, bool, type(None))


MARK = "description.npy"
"""What a trace's file holds near its beginning: the name of its first array."""


def check(path: str | Path, mark: str = MARK) -> Path:
    """The path of a file that can be written at the end.

    Raises:
        TraceError: its folder does not exist, it is a folder itself, or it is there and holds
            something without the `mark` of what is to be written; "" is in every file.
    """
    path = Path(path)
    if path.is_dir():
        raise TraceError(f"to needs a file; {path} is a folder: name a file in it")
    if not path.parent.is_dir():
        raise TraceError(f"to needs a folder that exists; {path.parent} does not: make it")
    if holds_other(path, mark):
        raise TraceError(
            f"only a file that mlp.trace wrote is replaced; {path} is another: name a new file"
        )
    return path


class _Packer:
    """Moves arrays out of a structure, each array once."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self._places: dict[tuple[str, str], str] = {}

    def array(self, array: np.ndarray) -> str:
        value = Value.of(_portable(array))
        key = (value.digest, value.dtype)
        if key not in self._places:
            self._places[key] = f"a{len(self.arrays)}"
            self.arrays[self._places[key]] = _portable(array)
        return self._places[key]

    def pack(self, found: Any) -> Any:
        if isinstance(found, _PLAIN):
            return found
        if isinstance(found, np.generic):
            return found.item()
        if isinstance(found, np.ndarray):
            return {"array": self.array(found)}
        if isinstance(found, Value):
            packed = {f.name: self.pack(getattr(found, f.name)) for f in fields(found)}
            return {"value": packed | {"shape": list(found.shape)}}
        if isinstance(found, Mapping):
            return {"map": [[name, self.pack(part)] for name, part in found.items()]}
        if isinstance(found, (tuple, list)):
            return [self.pack(part) for part in found]
        return {"fields": {f.name: self.pack(getattr(found, f.name)) for f in fields(found)}}


def _portable(array: np.ndarray) -> np.ndarray:
    """An array NumPy can read without pickles and without the framework's own types."""
    if array.dtype.kind in "fiubc":
        return array
    return array.astype(np.float32) if array.dtype.kind == "V" else array.astype(str)


def trace_of(given: Trace | Recorder | str | Path) -> Trace:
    """The trace that is given: itself, by what records it, or by its file.

    Raises:
        TraceError: it is none of these, or its file cannot be read.
    """
    if isinstance(given, Trace):
        return given
    if isinstance(given, Recorder):
        return given.trace()
    if isinstance(given, (str, Path)):
        return load(given)
    raise TraceError(
        f"a trace is what watch or record yields, or the file it wrote; got "
        f"{type(given).__name__}: give one of these"
    )


def save(trace: Trace | Recorder, path: str | Path) -> Path:
    """Write a trace; the file is complete or is not there.

    Raises:
        TraceError: the place cannot be written to.
    """
    path = check(path)
    trace, packer = trace_of(trace), _Packer()
    told = {"kind": _KIND, "format": FORMAT, "trace": packer.pack(trace)}
    text = np.frombuffer(json.dumps(told).encode("utf-8"), np.uint8)
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        with unfinished.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, description=text, **packer.arrays)
        unfinished.replace(path)
    except OSError as error:
        raise TraceError(
            f"a trace must be written where a file can be; {path} cannot ({error}): name another"
        ) from None
    return path


def load(path: str | Path) -> Trace:
    """Read a trace.

    Raises:
        TraceError: there is no such file, it is damaged, or it is of another kind or format.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        told = json.loads(arrays.pop("description").tobytes().decode("utf-8"))
        kind, version = told["kind"], told["format"]
    except FileNotFoundError:
        raise TraceError(f"there is no file {path}: give the path of a trace") from None
    except IsADirectoryError:
        raise TraceError(f"a trace is a file; {path} is a folder: name a file in it") from None
    except (KeyError, TypeError, AttributeError):
        raise TraceError(f"{path} is no trace: give a file that watch(..., to=) wrote") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zipfile.zlib.error):  # type: ignore[attr-defined]
        raise TraceError(
            f"{path} is damaged or is no trace: give a file that watch(..., to=) wrote"
        ) from None
    if kind != _KIND or version != FORMAT:
        raise TraceError(
            f"{path} has format {version} of {kind}; this version reads format {FORMAT} of "
            f"{_KIND}: record it again, or use the version that wrote it"
        )
    try:
        return _trace(_unpack(told["trace"], arrays))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise TraceError(f"{path} is damaged: record it again") from None


def _unpack(found: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(found, list):
        return tuple(_unpack(part, arrays) for part in found)
    if not isinstance(found, dict):
        return found
    (kind, inner), *rest = found.items()
    if rest:
        raise ValueError("one kind each")
    if kind == "array":
        return arrays[inner]
    if kind == "map":
        return {name: _unpack(part, arrays) for name, part in inner}
    parts = {name: _unpack(part, arrays) for name, part in inner.items()}
    return Value(**parts) if kind == "value" else parts


def _trace(parts: dict[str, Any]) -> Trace:
    updates = tuple(
        Update(**update | {"batches": tuple(Batch(**batch) for batch in update["batches"])})
        for update in parts["updates"]
    )
    return Trace(
        **parts
        | {
            "variables": tuple(Variable(**variable) for variable in parts["variables"]),
            "layers": tuple(Layer(**layer) for layer in parts["layers"]),
            "updates": updates,
            "evaluations": tuple(Evaluation(**part) for part in parts["evaluations"]),
            "log": Log(**parts["log"]),
        }
    )
