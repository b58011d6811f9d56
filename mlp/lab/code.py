"""The code that can change a run of a species, found from the source alone.

It is the species' own file and every module under its root that it imports, however deep. The root
is the top folder of the species' package, or the folder of its file. Imports are read from the
syntax trees, never from `sys.modules`, which differs between workers. Not covered: modules outside
the root that belong to no installed distribution, code made by `exec`, and compiled extensions.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from mlp.store import StoreError

_OURS = "mlp"
_CHANGED = (
    "code that trains must stay as it is while it is used, but {} was changed since this process "
    "imported it: run again"
)


@dataclass(frozen=True)
class Closure:
    """The files that can change a run, and the distributions that they import, with versions.

    `digest` is a SHA-256 of the syntax trees without docstrings and comments: equal for code that
    does the same.
    """

    root: Path
    files: tuple[Path, ...]
    distributions: Mapping[str, str]
    digest: str
    stamps: tuple[tuple[int, int], ...]

    def check(self) -> None:
        """Refuse runs that were trained while the code they are stored under changed.

        Raises:
            StoreError: a file is not what it was.
        """
        for file, stamp in zip(self.files, self.stamps, strict=True):
            if _stamp(file) != stamp and digest_of(self.files, self.root) != self.digest:
                raise StoreError(_CHANGED.format(file.name))


def closure(file: Path, *, since: int | None = None, extra: Iterable[str] = ()) -> Closure:
    """The closure of the imports of `file`, and of `extra` files, folders or modules.

    With `since`, a time in nanoseconds, code that was changed after it is refused: what this
    process runs is not known then.

    Raises:
        StoreError: a file cannot be read, or was changed since.
    """
    file = file.resolve()
    root = root_of(file)
    places = _places(root)
    named = [path for name in extra for path in _named(name, file.parent, places)]
    files, foreign = _reach([file, *named], root, places)
    stamps = tuple(map(_stamp, files))
    for one, (changed, _) in zip(files, stamps, strict=True):
        if since is not None and changed > since:
            raise StoreError(_CHANGED.format(one.name))
    found = {name: version for top in sorted(foreign) for name, version in _distribution(top)}
    return Closure(root, files, {**found, **_backend(found)}, digest_of(files, root), stamps)


def root_of(file: Path) -> Path:
    """The folder that holds the top package of a file, or the file itself."""
    folder = file.parent
    while (folder / "__init__.py").exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def outside(found: Closure, modules: Iterable[str]) -> list[str]:
    """Those of the imported modules that lie under the root and that the closure does not hold."""
    known = set(found.files)
    strange = []
    for name in modules:
        file = getattr(sys.modules.get(name), "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py"):
            continue
        path = Path(file).resolve()
        if path not in known and path.is_relative_to(found.root) and not _installed(path):
            strange.append(name)
    return [name for name in strange if name.partition(".")[0] != _OURS]


def digest_of(files: Iterable[Path], root: Path) -> str:
    """SHA-256 over the syntax trees of files, and over the bytes of those that are no Python.

    Raises:
        StoreError: a file cannot be read.
    """
    state = hashlib.sha256()
    for file in files:
        state.update(os.path.relpath(file, root).replace(os.sep, "/").encode())
        if file.suffix == ".py":
            state.update(tree_without_docstrings(_read(file)).encode())
        else:
            state.update(file.read_bytes())
    return state.hexdigest()


@lru_cache(maxsize=1024)  # species of one suite share most of their files
def tree_without_docstrings(source: str, definition: str = "") -> str:
    """`source`'s syntax tree as text, without docstrings: equal for code that does the same.

    With `definition`, the tree of the function or class of that name alone. The text is the same
    under every Python version that gives the code the same meaning.
    """
    tree: ast.AST = ast.parse(source)
    if definition:
        tree = next(n for n in ast.walk(tree) if getattr(n, "name", None) == definition)
    return _text(tree)


def _text(node: object) -> str:
    """A node, list or value as text; absent and empty fields are left out."""
    if isinstance(node, list):
        return f"[{','.join(_text(n) for n in node if not _is_string(n))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    parts = [
        f"{name}={_text(value)}"
        for name, value in ast.iter_fields(node)
        if value not in (None, []) and name not in ("type_ignores", "kind")
    ]
    return f"{type(node).__name__}({','.join(parts)})"


def _is_string(node: object) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(
            f"code that trains must be readable; {file} is not ({error}): restore it"
        ) from None


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0)
    return found.st_mtime_ns, found.st_size


def _places(root: Path) -> tuple[Path, ...]:
    """Where imports are looked for: the root, and the entries of `sys.path` within it."""
    entries = [Path(entry or ".").resolve() for entry in sys.path]
    inner = [entry for entry in entries if entry.is_relative_to(root) and not _installed(entry)]
    return tuple(dict.fromkeys([root, *inner]))


def _named(name: str, folder: Path, places: Iterable[Path]) -> list[Path]:
    """The files of a file, folder or module that a user names."""
    path = (folder / name).resolve()
    if path.is_dir():
        return sorted(path.rglob("*.py"))
    if path.is_file():
        return [path]
    found = _resolve(name, places)
    if not found:
        raise StoreError(
            f"code= names files, folders or modules; {name!r} is none of them near {folder}: give "
            "a path from the species' file, or a module's name"
        )
    return [file for one in found for file in _whole(one)]


def _whole(file: Path) -> list[Path]:
    """A module's file; of a package, all its files."""
    return sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]


def _reach(
    start: Iterable[Path], root: Path, places: tuple[Path, ...]
) -> tuple[tuple[Path, ...], set[str]]:
    """All files that `start` reaches by imports, and the top-level names that lie elsewhere."""
    files: set[Path] = set()
    foreign: set[str] = set()
    waiting = list(start)
    while waiting:
        file = waiting.pop()
        if file in files:
            continue
        files.add(file)
        if file.suffix != ".py":
            continue
        for name in _imports(file, root):
            found = _resolve(name, places)
            waiting += found
            top = name.partition(".")[0]
            if not found and top != _OURS and top not in sys.stdlib_module_names:
                foreign.add(top)
    return tuple(sorted(files)), foreign


def _imports(file: Path, root: Path) -> Iterator[str]:
    """The absolute names that a file imports; of `from a import b` both a and a.b."""
    try:
        tree = ast.parse(_read(file))
    except SyntaxError as error:
        raise StoreError(
            f"code that trains must be Python; {file.name} is not (line {error.lineno}: "
            f"{error.msg}): fix it"
        ) from None
    package = _package(file, root)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*parts, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names if base)
        elif isinstance(node, ast.Call) and _is_import_call(node):
            yield str(node.args[0].value)  # type: ignore[attr-defined]


def _is_import_call(node: ast.Call) -> bool:
    """Whether it is `import_module("name")`, or pytest's `importorskip`."""
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    literal = node.args and isinstance(node.args[0], ast.Constant)
    return name in ("import_module", "__import__", "importorskip") and bool(
        literal and isinstance(node.args[0].value, str)  # type: ignore[attr-defined]
    )


def _package(file: Path, root: Path) -> list[str]:
    """The names of the packages that a file lies in."""
    return list(file.parent.relative_to(root).parts) if file.is_relative_to(root) else []


def _resolve(name: str, places: Iterable[Path]) -> list[Path]:
    """The files of a module in the first place that has it, those of its packages before it."""
    if not name:
        return []
    parts = name.split(".")
    for place in places:
        found: list[Path] = []
        folder = place
        for depth, part in enumerate(parts):
            module, inner = folder / f"{part}.py", folder / part
            if (inner / "__init__.py").is_file():
                found.append(inner / "__init__.py")
            elif module.is_file():
                return [*found, module]
            elif not inner.is_dir() or (depth == 0 and len(parts) == 1):
                break
            folder = inner
        if found and not _installed(found[0]):
            return found
    return []


def _installed(path: Path) -> bool:
    """Whether a file was installed, not written by the user: in site-packages or an environment."""
    parts = path.parts
    if "site-packages" in parts or "dist-packages" in parts:
        return True
    return any((parent / "pyvenv.cfg").is_file() for parent in path.parents)


@cache
def _distribution(top: str) -> tuple[tuple[str, str], ...]:
    """The distributions that install a top-level module, with their versions; none if unknown."""
    try:
        return ((top, importlib.metadata.version(top)),)
    except importlib.metadata.PackageNotFoundError:
        names = _distributions().get(top, [])
    return tuple((name, importlib.metadata.version(name)) for name in sorted(set(names)))


@cache
def _distributions() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


def _backend(found: Mapping[str, str]) -> dict[str, str]:
    """The backend that Keras uses, where Keras is imported, and its version."""
    if "keras" not in found:
        return {}
    name = os.environ.get("KERAS_BACKEND", "")
    settings = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "keras.json"
    if not name and settings.is_file():
        try:
            name = str(json.loads(settings.read_text(encoding="utf-8")).get("backend", ""))
        except (OSError, ValueError):
            name = ""
    name = name or "tensorflow"
    return {"KERAS_BACKEND": name, **dict(_distribution(name))}
