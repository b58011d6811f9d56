"""What a file imports, read from its syntax tree, and which files of the user that means.

Nothing is imported to find out, and `sys.modules` is not asked: it differs between workers.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.machinery
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mlp.lab.syntax import text_of
from mlp.store import StoreError

OURS = Path(__file__).resolve().parents[1]
"""The folder of this package."""

_TRAINING_ROOMS = ("species", "estimator")
"""The rooms of this package whose code can change a run; an import of another does not count."""

_SUFFIXES = (".py", *importlib.machinery.EXTENSION_SUFFIXES)

_CLOCK_NS = 100_000_000
"""More than the time within which two changes of a file may have one stamp."""

Name = tuple[Path | None, str]
"""A module's dotted name, and for a relative import the folder that it starts from."""


@dataclass(frozen=True)
class Source:
    """What a key needs to know of a file: what it does, and what it imports."""

    digest: str
    imports: tuple[Name, ...]


def stamp(file: Path) -> tuple[int, ...]:
    """What differs after a file was changed or another was put in its place; () if it is gone."""
    try:
        found = file.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def source(file: Path) -> Source:
    """A file read, once for as long as it stays as it is.

    Raises:
        StoreError: it cannot be read, or is no Python.
    """
    now, made = time.time_ns(), stamp(file)
    if made and now - max(made[:2]) < _CLOCK_NS:
        return _source.__wrapped__(file, made)
    return _source(file, made)


@cache
def _source(file: Path, _stamp: tuple[int, ...]) -> Source:
    try:
        read = file.read_bytes()
        if file.suffix != ".py":
            return Source(hashlib.sha256(read).hexdigest(), ())
        tree = ast.parse(read)
    except OSError as error:
        raise StoreError(
            f"code that trains must be readable; {file} is not ({error.strerror}): restore it"
        ) from None
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f"line {line}: " if line else ""
        raise StoreError(
            f"code that trains must be Python; {file.name} is not "
            f"({where}{getattr(error, 'msg', error)}): fix it"
        ) from None
    digest = hashlib.sha256(text_of(tree).encode()).hexdigest()
    return Source(digest, tuple(dict.fromkeys(_names(tree, file))))


def reach(
    start: Iterable[Path], places: tuple[Path, ...]
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """The user's files that `start` reaches by imports, and the top-level names that lie elsewhere.

    The packages that a file lies in belong to it.

    Raises:
        StoreError: a file cannot be read, or is no Python.
    """
    files: set[Path] = set()
    foreign: set[str] = set()
    waiting = list(start)
    while waiting:
        file = waiting.pop()
        if file in files or file == OURS / "__init__.py":
            continue
        files.add(file)
        waiting += _packages_of(file)
        for folder, name in source(file).imports:
            top, _, rest = name.partition(".")
            ours = folder is None and top == OURS.name
            if ours and rest.partition(".")[0] not in _TRAINING_ROOMS:
                continue
            found = resolve(name, places if folder is None else (folder,))
            waiting += found
            if not found and folder is None and top not in sys.stdlib_module_names:
                foreign.add(top)
    return tuple(sorted(files)), tuple(sorted(foreign))


def resolve(name: str, places: tuple[Path, ...]) -> list[Path]:
    """The files of a module in the first place that has it, those of its packages before it."""
    return list(next(filter(None, (_in(place, name) for place in places)), ()))


@cache
def _in(place: Path, name: str) -> tuple[Path, ...]:
    """The files of a module in one place; those of its packages alone if it is no module."""
    found: list[Path] = []
    folder = place
    for part in filter(str.isidentifier, name.split(".")):
        inner = folder / part
        package, module = _module(inner / "__init__"), _module(inner)
        if package is None and module is not None:
            return (*found, module)
        if package is not None:
            found.append(package)
        elif not inner.is_dir():
            break
        folder = inner
    return tuple(found)


def _module(path: Path) -> Path | None:
    """The file of a module, given without its suffix."""
    named = (path.with_name(path.name + suffix) for suffix in _SUFFIXES)
    return next((file.resolve() for file in named if file.is_file()), None)


def _names(tree: ast.AST, file: Path) -> Iterator[Name]:
    """What a file imports, anywhere in it; of `from a import b` both a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((None, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            folder = _above(file, node.level) if node.level else None
            base = [node.module] if node.module else []
            yield from ((folder, ".".join([*base, alias.name])) for alias in node.names)
            yield from ((folder, name) for name in base)
        elif isinstance(node, ast.Call) and (name := _imported_by(node)):
            level = len(name) - len(name.lstrip("."))
            yield (_above(file, level) if level else None), name.lstrip(".")
        elif file.name == "__init__.py" and _is_all(node):
            yield from ((file.parent, name) for name in _strings(node))


def _above(file: Path, level: int) -> Path:
    """The folder that a relative import of so many dots starts from."""
    return [file, *file.parents][min(level, len(file.parents))]


def _imported_by(node: ast.Call) -> str:
    """The name in `import_module("name")`, or pytest's `importorskip("name")`; else ""."""
    called = getattr(node.func, "attr", getattr(node.func, "id", ""))
    given = [*node.args, *(word.value for word in node.keywords if word.arg == "name")]
    if called not in ("import_module", "__import__", "importorskip") or not given:
        return ""
    name = given[0].value if isinstance(given[0], ast.Constant) else ""
    return name if isinstance(name, str) else ""


def _is_all(node: ast.AST) -> bool:
    """Whether it sets `__all__`: `from package import *` imports the modules that it names."""
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    return any(getattr(target, "id", "") == "__all__" for target in targets)


def _strings(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def forget() -> None:
    """Look for files again: some may have been added."""
    _in.cache_clear()


def _packages_of(file: Path) -> Iterator[Path]:
    """The `__init__` files of the packages that a file lies in."""
    folder = file.parent
    while (folder / "__init__.py").is_file() and folder != folder.parent:
        yield folder / "__init__.py"
        folder = folder.parent


def root_of(file: Path) -> Path:
    """The folder that holds the top package of a file, or the file itself."""
    top = file.parent
    for package in _packages_of(file):
        top = package.parent.parent
    return top


def places(root: Path) -> tuple[Path, ...]:
    """Where the user's modules lie, in the order of `sys.path`: what was installed is left out."""
    entries = [Path(entry or ".").resolve() for entry in sys.path]
    users = [entry for entry in dict.fromkeys(entries) if entry.is_dir() and not _installs(entry)]
    first = () if root in users else (root,)
    return (*first, *users, *_editable())


def _editable() -> Iterator[Path]:
    """The folders of packages that setuptools has installed for editing, beside `sys.path`."""
    for finder in sys.meta_path:
        if str(getattr(finder, "__module__", "")).startswith("__editable__"):
            mapping = getattr(sys.modules[finder.__module__], "MAPPING", {})
            yield from (Path(folder).resolve().parent for folder in mapping.values())


def is_installed(file: Path) -> bool:
    """Whether a file was installed or is Python's, and is not the user's."""
    return not {"site-packages", "dist-packages"}.isdisjoint(file.parts) or any(
        file.is_relative_to(folder) for folder in _library()
    )


def _installs(place: Path) -> bool:
    """Whether packages are installed in an entry of `sys.path`, or Python itself."""
    return (
        not {"site-packages", "dist-packages"}.isdisjoint(place.parts)
        or place in _library()
        or any(place.glob("*.dist-info"))
    )


@cache
def _library() -> tuple[Path, ...]:
    """The folders of the standard library."""
    names = ("stdlib", "platstdlib")
    folders = [Path(sysconfig.get_path(name)).resolve() for name in names]
    return (*folders, *(folder / "lib-dynload" for folder in folders))
