"""The code of a species that no file holds, as a notebook or a prompt has it in memory.

It is what a run's key holds in place of the file. Pickle finds the values that the code names, by
its own rules; functions, classes and modules of the user's are read in full, however deep.
"""

from __future__ import annotations

import copyreg
import hashlib
import inspect
import os
import pickle
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from mlp.genome import Genome
from mlp.lab import imports
from mlp.run import digest

_OF_CODE = (
    *("co_code", "co_consts", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_flags"),
    *("co_argcount", "co_kwonlyargcount", "co_posonlyargcount", "co_exceptiontable"),
)
"""What code does: instructions, constants and names, without its places in a file."""

_NOT_CODE = {"genes", "strains", "declared"}
"""What a species has beside its code: alleles are in the key on their own."""

_MADE = {"__init__", "__eq__", "__hash__", "__setattr__", "__delattr__", "__replace__"}
"""What a dataclass is given."""

_IN_KEY = {"datasets", "protocols", "code", "packages", "files"}
"""What a species declares that is in the key by what it stands for."""


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


class Live(pickle.Pickler):
    """The code of a species as it is in this process at one time: its `digest`.

    `whole` says whether the digest means the same in another process. An object that cannot be
    read counts by being that object. `modules` are the top-level ones that the code may name.
    """

    def __init__(self, species: type[Genome]) -> None:
        self._state = hashlib.sha256()
        super().__init__(self, protocol=4)
        self.whole = True
        self.modules: set[str] = set()
        self._read: dict[int, int] = {}
        self._held: list[Any] = []  # so that no other object gets its place in memory
        try:
            self.dump(list(self._parts(species)))
        except Exception:  # it counts as changed whenever it is asked
            self.whole = False
            self.write(os.urandom(16))
        self.clear_memo()
        self.modules -= {imports.OURS.name, *sys.stdlib_module_names}
        self.digest = self._state.hexdigest()

    def write(self, part: bytes) -> None:
        """Take what pickle writes."""
        self._state.update(part)

    def persistent_id(self, thing: Any) -> Any:
        """A set, in an order that is the same in every process."""
        return sorted(map(repr, thing)) if isinstance(thing, (set, frozenset)) else None

    def reducer_override(self, thing: Any) -> Any:
        """What a thing is made of."""
        if isinstance(thing, CodeType):
            return list, ([getattr(thing, name, None) for name in _OF_CODE],)
        if isinstance(thing, (FunctionType, type, ModuleType)):
            return self._named(thing)
        if isinstance(thing, property):
            return list, ([thing.fget],)
        with suppress(Exception):
            if _is_array(thing):
                return _read(thing)
            if hasattr(thing, "__wrapped__"):
                return list, ([type(thing).__name__, thing.__wrapped__],)
            reduce = copyreg.dispatch_table.get(type(thing))
            told = reduce(thing) if reduce else thing.__reduce_ex__(4)
            return (str, (told,)) if isinstance(told, str) else _without_cached(thing, told)
        self.whole = False
        self._held.append(thing)
        return str, (f"{type(thing).__qualname__} {id(thing)}",)

    def _named(self, thing: Any) -> Any:
        """A function, class or module: the user's in full, another by name."""
        module = thing.__name__ if isinstance(thing, ModuleType) else str(thing.__module__)
        name = getattr(thing, "__qualname__", module)
        if not _is_users(module):
            self.modules.add(module.partition(".")[0])
            return NotImplemented if isinstance(thing, type) else (str, (f"{module} {name}",))
        if id(thing) in self._read:
            return str, (f"{name} {self._read[id(thing)]}",)
        self._read[id(thing)] = len(self._read)
        return list, ([name, *self._parts(thing)],)

    def _parts(self, thing: Any) -> Iterator[Any]:
        """What a function, class or module of the user's is made of."""
        if not isinstance(thing, FunctionType):
            yield from getattr(thing, "__bases__", ())
            left_out = _NOT_CODE if isinstance(thing, type) and issubclass(thing, Genome) else ()
            for name, value in sorted(vars(thing).items()):
                code = isinstance(thing, type) and isinstance(value, FunctionType)
                if name not in left_out and (code or name[:2] != "__"):
                    yield name, value
            return
        yield thing.__code__, thing.__defaults__, thing.__kwdefaults__, vars(thing)
        for cell in thing.__closure__ or ():
            with suppress(ValueError):  # it is empty yet
                yield cell.cell_contents
        if not _is_users(str(thing.__globals__.get("__name__"))):
            return  # a library's function around one of the user's
        for name in sorted(_names(thing.__code__)):
            if name in thing.__globals__:
                yield name, thing.__globals__[name]
            else:  # it may be imported within the function
                self.modules.add(name.partition(".")[0])
                yield name, sys.modules.get(name)


class Taken(Live):
    """What a species that a function declares has taken from that function.

    Its file holds the code, and not that: a function called twice declares two species of one name.
    Functions and classes count by their names, and by the values that they took.
    """

    @classmethod
    def by(cls, species: type[Genome]) -> Taken | None:
        """What the species has taken; None if that is nothing."""
        local = [one for one in species.__mro__ if "<locals>" in one.__qualname__]
        return cls(species) if any(any(_taken(one)) for one in local) else None

    def _named(self, thing: Any) -> Any:
        if isinstance(thing, ModuleType):
            return str, (thing.__name__,)
        if isinstance(thing, type) and "<locals>" not in thing.__qualname__:
            return NotImplemented
        name = f"{thing.__module__}:{thing.__qualname__}"
        if id(thing) in self._read:
            return str, (name,)
        self._read[id(thing)] = len(self._read)
        return list, ([name, *self._parts(thing)],)

    def _parts(self, thing: Any) -> Iterator[Any]:
        return _taken(thing)


def _taken(thing: Any) -> Iterator[Any]:
    """What a function, or a class that a function declares, has besides its code."""
    if not isinstance(thing, FunctionType):
        yield from (one for one in thing.__bases__ if one not in (Genome, object))
        for name, value in sorted(vars(thing).items()):
            made = name in _MADE or (name[:2] == "__" and not isinstance(value, FunctionType))
            if made or name in _NOT_CODE | _IN_KEY or name in getattr(thing, "genes", ()):
                continue
            for attribute in ("fget", "func", "__func__"):  # of properties and static methods
                value = getattr(value, attribute, value)
            own = f"{thing.__qualname__}.{name}"
            if getattr(value, "__qualname__", "") != own or any(_taken(value)):
                yield name, value
        return
    yield from filter(None, (thing.__defaults__, thing.__kwdefaults__))
    yield from (value for name, value in vars(thing).items() if name == "__wrapped__")
    for name, cell in zip(thing.__code__.co_freevars, thing.__closure__ or (), strict=True):
        with suppress(ValueError):  # it is empty yet
            if name != "__class__":
                yield name, cell.cell_contents


def _is_array(thing: Any) -> bool:
    """Whether it is values and nothing else: a table of pandas' has names besides."""
    numpy = sys.modules.get("numpy")
    arrays = (numpy.ndarray, numpy.generic) if numpy is not None else ()
    return isinstance(thing, arrays) or hasattr(thing, "detach")


def _read(array: Any) -> tuple[Any, tuple[Any, ...]]:
    """What an array is made of: texts, objects and none at all have no digest."""
    with suppress(TypeError):
        return str, (digest(array),)
    return list, ([str(array.dtype), array.shape, array.tolist()],)


def _without_cached(thing: Any, told: tuple[Any, ...]) -> tuple[Any, ...]:
    """What pickle says of a thing, without properties that were worked out since it was made."""
    state = told[2] if len(told) > 2 else None
    if not isinstance(state, dict):
        return told
    kind = type(thing)
    kept = {n: v for n, v in state.items() if not isinstance(_of(kind, n), cached_property)}
    return (*told[:2], kept or None, *told[3:])


def _of(kind: type, name: Any) -> Any:
    """What the class itself has under a name."""
    return next((vars(one)[name] for one in kind.__mro__ if name in vars(one)), None)


def _names(code: CodeType) -> set[str]:
    """The names that code and the functions within it may look up or import."""
    inner = (one for one in code.co_consts if isinstance(one, CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _is_users(module: str) -> bool:
    """Whether a module is the user's: one without a file, or with a file that is not installed."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        return module not in sys.stdlib_module_names
    path = Path(file).resolve()
    return not imports.is_installed(path) and not path.is_relative_to(imports.OURS)
