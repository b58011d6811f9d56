"""The code of a species that no file holds, as a notebook or a prompt has it in memory.

It is what a run's key holds in place of the file: the functions of the species, and all functions,
classes, numbers, texts and arrays of the user's that these name, however deep.
"""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from mlp.genome import Genome
from mlp.lab import imports
from mlp.run import digest

_PLAIN = (str, bytes, int, float, complex, bool, type(None))


def file_of(species: type[Genome]) -> Path | None:
    """The file that declares a species; None for one of a notebook, a prompt or `exec`."""
    module = sys.modules.get(species.__module__)
    method = getattr(species, "train_cohort", None) or getattr(species, "train", None)
    code = getattr(inspect.unwrap(method), "__code__", None) if callable(method) else None
    named = getattr(module, "__file__", None)
    if named is None or not Path(named).is_file():
        return None
    came = Path(named if code is None else code.co_filename)
    return Path(named) if came.name == Path(named).name or came.is_file() else None


class Live:
    """The code of a species as it is in this process at one time.

    `whole` says whether `digest` covers all that the code names. What it does not cover, such as
    an object of another class, counts by being that object, in this process alone.
    """

    def __init__(self, species: type[Genome]) -> None:
        self.whole = True
        self._seen: dict[int, object] = {}
        self._parts: list[str] = []
        self._add([("species", species)])
        self.digest = hashlib.sha256("\n".join(self._parts).encode()).hexdigest()

    def _add(self, waiting: list[tuple[str, Any]]) -> None:
        while waiting:
            name, thing = waiting.pop()
            told, more = self._read(thing)
            self._parts.append(f"{name}: {told}")
            if more and id(thing) not in self._seen:
                waiting += more
            self._seen[id(thing)] = thing  # held, so that no other thing gets its place in memory

    def _read(self, thing: Any) -> tuple[str, list[tuple[str, Any]]]:
        """What a thing is, as text, and what it is made of."""
        thing = getattr(thing, "__func__", thing)
        if isinstance(thing, partial):
            return "partial", [("of", thing.func), ("args", thing.args), ("words", thing.keywords)]
        if isinstance(thing, (FunctionType, type, ModuleType)):
            name = getattr(thing, "__module__", None) or thing.__name__
            if not _is_users(name):
                return f"{name}.{thing.__name__}", []
            return thing.__name__, list(_parts_of(thing))
        if isinstance(thing, _PLAIN):
            return repr(thing), []
        if isinstance(thing, (set, frozenset)) and all(isinstance(one, _PLAIN) for one in thing):
            return repr(sorted(map(repr, thing))), []
        if isinstance(thing, dict):
            return "dict", [(repr(name), value) for name, value in thing.items()]
        if isinstance(thing, (list, tuple)) and not all(isinstance(one, _PLAIN) for one in thing):
            return type(thing).__name__, [(str(i), value) for i, value in enumerate(thing)]
        if isinstance(thing, (list, tuple)):
            return repr(thing), []
        if dataclasses.is_dataclass(thing):
            return type(thing).__qualname__, sorted(vars(thing).items())
        with suppress(Exception):  # it holds no numbers
            return digest(thing), []
        if callable(thing) and not _is_users(getattr(thing, "__module__", None) or "builtins"):
            return f"{thing.__module__}.{getattr(thing, '__name__', type(thing).__name__)}", []
        self.whole = False
        return f"{type(thing).__qualname__} {id(thing)}", []


def _parts_of(thing: Any) -> Iterator[tuple[str, Any]]:
    """What a function, class or module of the user's is made of, by name."""
    if isinstance(thing, type):
        yield from (("base", base) for base in thing.__bases__)
        kept = ("genes", "strains", "declared") if issubclass(thing, Genome) else ()
        for name, value in sorted(vars(thing).items()):
            value = value.fget if isinstance(value, property) else value
            code = isinstance(getattr(value, "__func__", value), FunctionType)
            if name not in kept and (name[:2] != "__" or (code and not issubclass(thing, Genome))):
                yield name, value
        return
    if isinstance(thing, ModuleType):
        yield from ((n, value) for n, value in sorted(vars(thing).items()) if n[:2] != "__")
        return
    code = thing.__code__
    yield "code", _text(code)
    yield "defaults", [thing.__defaults__, thing.__kwdefaults__]
    for name, cell in zip(code.co_freevars, thing.__closure__ or (), strict=True):
        yield name, cell.cell_contents
    for name in sorted(_names(code)):
        if name in thing.__globals__:
            yield name, thing.__globals__[name]
    if hasattr(thing, "__wrapped__"):
        yield "wrapped", thing.__wrapped__


def _text(code: CodeType) -> str:
    """Instructions and constants, without the places in a file."""
    constants = [_text(c) if isinstance(c, CodeType) else _constant(c) for c in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {constants}"


def _constant(value: Any) -> str:
    return repr(sorted(map(repr, value)) if isinstance(value, frozenset) else value)


def _names(code: CodeType) -> set[str]:
    """The names that code and the functions within it may look up among the globals."""
    inner = (one for one in code.co_consts if isinstance(one, CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _is_users(module: str) -> bool:
    """Whether a module is the user's: the notebook itself, or a file that is not installed."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        return module == "__main__"
    path = Path(file).resolve()
    return not imports.is_installed(path) and not path.is_relative_to(imports.OURS)
