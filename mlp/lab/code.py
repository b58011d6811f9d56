"""The code that can change a run of a species, found from the source alone.

It is the species' own file and every module of the user that it imports, however deep: those under
the root, which is the top folder of the species' package or the folder of its file, and those in
other places of `sys.path` where nothing is installed. Installed packages count by their versions.

Not covered: modules whose names are computed, unless they are first imported while a run trains,
which is an error; code made by `exec`; what a program reads or starts; requirements of installed
packages that do not compute (`mlp.lab.packages`). A user names more by `code`, `packages`, `files`.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlp.lab import imports
from mlp.lab.packages import versions_of
from mlp.lab.syntax import tree_without_docstrings
from mlp.store import StoreError

__all__ = [
    "Closure",
    "closure",
    "closure_of_named",
    "digest_of",
    "outside",
    "root_of",
    "tree_without_docstrings",
]

root_of = imports.root_of

_CHANGED = (
    "code that trains must stay as it is while it is used, but {} was changed since this process "
    "imported it: run again"
)

_known: dict[Path, tuple[str, object]] = {}
"""The digest of each file when a closure first held it, and how its module was imported then."""


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
    stamps: tuple[tuple[int, ...], ...] = field(repr=False)
    modules: Mapping[Path, object] = field(repr=False, compare=False)

    @property
    def outdated(self) -> bool:
        """Whether a module of these files was loaded again since."""
        now = _modules_of(self.files)
        return any(now.get(file, spec) is not spec for file, spec in self.modules.items())

    def check(self) -> None:
        """Refuse runs that were trained while the code they are stored under changed.

        Raises:
            StoreError: a file is not what it was.
        """
        for file, stamp in zip(self.files, self.stamps, strict=True):
            if imports.stamp(file) != stamp and digest_of(self.files, self.root) != self.digest:
                raise StoreError(_CHANGED.format(file.name))


def closure(file: Path, *, since: int | None = None, extra: Iterable[str | Path] = ()) -> Closure:
    """The closure of the imports of `file`, and of `extra` files, folders or modules.

    With `since`, a time in nanoseconds, code that was changed after it is refused: what this
    process runs is not known then.

    Raises:
        StoreError: a file cannot be read, is no Python, or was changed since.
    """
    file = file.resolve()
    root = root_of(file)
    places = imports.places(root)
    imports.forget()
    named = [path for name in extra for path in _named(str(name), file.parent, places)]
    files, foreign = imports.reach([file, *named], places)
    stamps = tuple(map(imports.stamp, files))
    _refuse_changed(files, since)
    digest, modules = digest_of(files, root), _modules_of(files)
    return Closure(root, files, versions_of(foreign), digest, stamps, modules)


def closure_of_named(named: Iterable[str], folder: Path) -> Closure:
    """The closure of `named` files, folders or modules, found from `folder`, and of no other file.

    Raises:
        StoreError: as `closure`; or there are no files.
    """
    places = imports.places(folder.resolve())
    imports.forget()
    files = [file for name in named for file in _named(name, folder, places)]
    if not files:
        raise StoreError(
            f"code names files, folders or modules with Python in them; {tuple(named)} have none "
            f"near {folder}: give others"
        )
    return closure(files[0], extra=files[1:])


def _refuse_changed(files: Collection[Path], since: int | None) -> None:
    """Refuse files that are not those that this process has imported."""
    now = time.time_ns()
    modules = _modules_of(files)
    for file in files:
        changed = max(imports.stamp(file)[:2], default=0)
        digest, way = imports.source(file).digest, modules.get(file)
        before, way_before = _known.setdefault(file, (digest, way))
        as_before = way is not None and way is way_before
        late = since is not None and since < changed <= now
        if late or (as_before and digest != before):
            raise StoreError(_CHANGED.format(file.name))
        _known[file] = (digest, way)


def _modules_of(files: Collection[Path]) -> dict[Path, object]:
    """The specs of the imported modules of `files`: a module that is imported again has another."""
    ends = tuple(os.path.join(file.parent.name, file.name) for file in files)
    found = {}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.endswith(ends):
            found[Path(file).resolve()] = getattr(module, "__spec__", None)
    return found


def outside(found: Closure, modules: Collection[str]) -> list[str]:
    """Those of the imported modules that are the user's and that the closure does not hold."""
    strange: list[str] = []
    places = imports.places(found.root) if modules else ()
    for name in modules:
        file = getattr(sys.modules.get(name), "__file__", None)
        if not isinstance(file, str):
            continue
        path = Path(file).resolve()
        ours = path.is_relative_to(imports.OURS)
        if ours or path in found.files or imports.is_installed(path):
            continue
        if any(path.is_relative_to(place) for place in places):
            strange.append(name)
    return strange


def digest_of(files: Iterable[Path], root: Path) -> str:
    """SHA-256 over the syntax trees of files, and over the bytes of those that are no Python.

    Raises:
        StoreError: a file cannot be read, or is no Python.
    """
    lines = []
    for file in files:
        within = root if file.is_relative_to(root) else root_of(file)
        lines.append(f"{file.relative_to(within).as_posix()} {imports.source(file).digest}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _named(name: str, folder: Path, places: tuple[Path, ...]) -> list[Path]:
    """The files of a file, folder or module that a user names."""
    path = (folder / name).resolve()
    if path.is_file():
        return [path]
    if path.is_dir():
        return _below(path)
    found, last = imports.resolve(name, places), name.rpartition(".")[2]
    if found and found[-1].name.partition(".")[0] == last:
        return found
    if found and found[-1].stem == "__init__" and found[-1].parent.name == last:
        return [*found, *_below(found[-1].parent)]
    raise StoreError(
        f"code names files, folders or modules; {name!r} is none of them near {folder}: give a "
        "path from the species' file, or a module's name"
    )


def _below(folder: Path) -> list[Path]:
    """The Python files in a folder, however deep; environments in it are left out."""
    found = (file.resolve() for file in sorted(folder.rglob("*.py")))
    return [file for file in found if not imports.is_installed(file)]
