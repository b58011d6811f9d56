"""What makes two processes the same, as far as runs are concerned.

A worker shows its passport before it is given work. A passport is plain text by name, so that a
difference can be told in words.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from mlp.cluster.errors import ClusterError
from mlp.lab.hardware import devices
from mlp.machine import arithmetic

IMPORTS = "imports"
"""The entry of a passport that says which module cannot be imported, if one cannot."""

HARDWARE = {"processor": "arithmetic", "devices": "devices"}
"""The entries of a passport that say what may change rounding, and as what runs are keyed by it."""

OWN = ("mlp.cluster.task", "mlp.cluster.training", "mlp.lab.work")
"""The modules by which a session asks and a worker answers: both must have the same."""

_BETWEEN = " | "

Passport = Mapping[str, str]


@dataclass(frozen=True)
class Standard:
    """What a passport is about.

    modules: the modules that train, by name; a worker imports them before it is given work.
    packages: the installed packages whose versions must agree.
    digest: the function that digests the code of the modules, as "module:function". It takes
        their names and returns text.
    """

    modules: tuple[str, ...] = ()
    packages: tuple[str, ...] = ("numpy",)
    digest: str = "mlp.cluster.passport:digest_of_sources"

    def __post_init__(self) -> None:
        for name in self.modules:
            check_importable(name)

    def with_modules(self, names: Sequence[str]) -> Standard:
        """The same of more modules."""
        return replace(self, modules=tuple(sorted({*self.modules, *names})))

    def passport(self) -> dict[str, str]:
        """The passport of this process."""
        for name in self.modules:
            try:
                import_module(name)
            except Exception as error:
                return {IMPORTS: f"{name} cannot be imported ({type(error).__name__}: {error})"}
        versions = {name: _version(name) for name in ("distributed", *self.packages)}
        return {
            IMPORTS: "",
            "Python": ".".join(platform.python_version_tuple()[:2]),
            **versions,
            "mlp's own code": digest_of_sources(OWN)[:16],
            "code digest": str(function_of(self.digest)(self.modules))[:16],
            "processor": _BETWEEN.join(arithmetic()),
            "devices": _BETWEEN.join(devices()),
        }


def difference(there: Passport, here: Passport) -> str:
    """In what the passport of a worker differs from that of the session, in words; "": nothing."""
    if there.get(IMPORTS):
        return there[IMPORTS]
    told = [
        f"{name} is {there.get(name, 'unknown')!r} there and {own!r} here"
        for name, own in here.items()
        if there.get(name) != own
    ]
    return ", ".join(told)


def keyed(hardware: Passport) -> dict[str, list[str]]:
    """What a passport says of what may change rounding, as runs are keyed by it."""
    return {
        key: list(filter(None, hardware[name].split(_BETWEEN))) for name, key in HARDWARE.items()
    }


def check_importable(module: str) -> None:
    """Refuse a module that no other process can import.

    Raises:
        ClusterError: it is `__main__`, a script's or a notebook's.
    """
    if module == "__main__":
        raise ClusterError(
            "A cluster trains what its workers can import, but this is defined in a script or a "
            "notebook (__main__): put it into a file of its own, and import it from there."
        )


def name_of(function: object) -> str:
    """A function as "module:name", by which a worker imports it.

    Raises:
        ClusterError: no worker could import it by that name.
    """
    module = str(getattr(function, "__module__", ""))
    name = str(getattr(function, "__qualname__", ""))
    check_importable(module)
    if not module or not name.isidentifier():
        raise ClusterError(
            "A cluster trains by a function that stands in a module, but this one does not "
            f"({name or function!r}): define it at the top level of a file."
        )
    return f"{module}:{name}"


def function_of(name: str) -> Callable[..., Any]:
    """The function of a name that `name_of` gave."""
    module, _, attribute = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), attribute)
    return found


def digest_of_sources(modules: Sequence[str]) -> str:
    """SHA-256 over the source files of the modules, whichever way their lines end."""
    state = hashlib.sha256()
    for name in modules:
        file = getattr(import_module(name), "__file__", None)
        source = Path(file).read_bytes() if file else b""
        state.update(name.encode() + b"\0" + source.replace(b"\r\n", b"\n") + b"\0")
    return state.hexdigest()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
