"""Where a study's results come from: versions, commit, machine, protocol, seeds, options."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path, PurePath
from typing import Any

from mlp.machine import processor
from mlp.run.protocol import NONE

FRAMEWORKS = ("tensorflow", "keras", "tf-keras", "torch", "jax", "scikit-learn")
PACKAGES = ("mlp-genetics", *FRAMEWORKS, "numpy", "scipy", "pytest", "pytest-xdist")
"""Packages whose version is told, if they are installed."""


def provenance(
    root: Path,
    *,
    protocol: Mapping[str, Any] | None,
    datasets: Sequence[str],
    first_seed: int,
    seeds: int,
    options: Sequence[str],
    selection: Sequence[str] = (),
    here: Path,
) -> dict[str, Any]:
    """Everything needed to repeat a study of the suite in `root`, as plain values.

    `protocol` holds its name and values. It is left out where the species has none, and so are
    datasets without names. `options` are the words of the command line that was given in the folder
    `here`, `selection` those by which it leaves claims out.
    """
    return {
        "made": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": {
            "id": (head := _git(root, "rev-parse", "HEAD")),
            "dirty": bool(head and _git(root, "status", "--porcelain")),
        },
        **({"protocol": dict(protocol)} if protocol and protocol["name"] != NONE.name else {}),
        "datasets": [name for name in datasets if name],
        "seeds": {"first": first_seed, "most": seeds},
        "options": [portable(word, root, here) for word in options],
        "selection": [portable(word, root, here) for word in selection],
        "versions": {"python": platform.python_version(), **_installed()},
        "machine": {  # without its name
            "system": platform.platform(terse=True),
            "architecture": platform.machine(),
            "processor": processor(),
            "cores": os.cpu_count() or 1,
        },
    }


def portable(word: str, root: Path, here: Path) -> str:
    """A word of a command line without what only its machine knows.

    A path, of a test or after `=`, is given from `root` if it lies within, else as `…/` and its
    last part; one that is relative and does not leave `here` stays.
    """
    name, value = _PATH_AFTER.fullmatch(word).groups()  # type: ignore[union-attr]
    path, of, test = value.partition("::")
    if not (Path(path).is_absolute() or ".." in Path(path).parts):
        return word
    within = path_within(Path(path), root, here)
    told = f"…/{(here / path).resolve().name}" if within is None else within
    return f"{name}{told}{of}{test}"


_PATH_AFTER = re.compile(r"((?:[^/\\=]*=)?)(.*)", re.DOTALL)


def path_within(path: Path, root: Path, here: Path) -> Path | None:
    """`path`, given in the folder `here`, as seen from `root`; None if it lies outside."""
    whole, root = (here / path).resolve(), root.resolve()
    return whole.relative_to(root) if whole.is_relative_to(root) else None


def seen_from(path: PurePath, here: PurePath) -> str:
    """`path` as one writes it in the folder `here`; whole where no way leads there, on Windows."""
    try:
        return os.path.relpath(path, here)
    except ValueError:  # it lies on another drive
        return str(path)


def _git(root: Path, *words: str) -> str:
    """What git says of the commit checked out in `root`; "" if there is none."""
    command = ["git", "--no-optional-locks", "-C", str(root), *words]
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.check_output(
            command, stderr=subprocess.DEVNULL, text=True, timeout=10
        ).strip()
    return ""


def _installed() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found
