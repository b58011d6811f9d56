"""The installed packages that can change a run: which they are, their versions, and their settings.

A distribution is what is installed under one name and version: scikit-learn, of which `sklearn` is
the module.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

_ENVIRONMENT = dict(os.environ)
"""The environment before anything was trained: a trainer may set variables for itself."""

_NUMERICAL = {
    *("cupy", "flax", "jax", "jaxlib", "keras", "numpy", "scikit-learn", "scipy"),
    *("tensorflow", "tf-keras", "torch"),
}
"""Distributions that compute: their versions count also where others that are imported need them.

The versions of other requirements do not count.
"""

_SETTINGS = {
    "jax": (
        *("JAX_PLATFORMS", "JAX_ENABLE_X64", "JAX_DEFAULT_MATMUL_PRECISION"),
        *("JAX_DEFAULT_PRNG_IMPL", "XLA_FLAGS"),
    ),
    "numpy": ("NPY_DISABLE_CPU_FEATURES", "OPENBLAS_CORETYPE", "MKL_CBWR"),
    "tensorflow": (
        *("TF_USE_LEGACY_KERAS", "TF_ENABLE_ONEDNN_OPTS", "TF_DETERMINISTIC_OPS"),
        *("XLA_FLAGS", "TF_XLA_FLAGS", "NVIDIA_TF32_OVERRIDE"),
    ),
    "torch": ("ATEN_CPU_CAPABILITY", "CUBLAS_WORKSPACE_CONFIG", "NVIDIA_TF32_OVERRIDE"),
}
"""Environment variables by which a user changes how a distribution computes."""


def versions_of(modules: Iterable[str]) -> dict[str, str]:
    """The distributions of top-level modules, those that compute for them, and their versions.

    The environment variables that choose a backend or change how it computes are named too.
    """
    direct = {name for module in modules for name in _distributions_of(module)}
    backend = backend_of(_with_requirements(direct))  # TensorFlow hands Keras out as its own
    needed = _with_requirements({*direct, *backend})
    names = direct | (needed & _NUMERICAL)
    found = {name: version for name in names if (version := _version(name))} | backend
    return found | settings_of(found)


def _with_requirements(distributions: Iterable[str]) -> set[str]:
    named = set(distributions)
    return named.union(*map(_requirements, named))


def backend_of(distributions: Iterable[str]) -> dict[str, str]:
    """The backend that Keras uses and its version, if Keras is among the distributions.

    KERAS_BACKEND names it, or else Keras' file of settings in KERAS_HOME or `~/.keras`.
    """
    if "keras" not in set(distributions):
        return {}
    folder = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    name = os.environ.get("KERAS_BACKEND", "")
    try:
        name = name or json.loads((folder / "keras.json").read_text("utf-8"))["backend"]
    except (OSError, ValueError, KeyError, TypeError):
        name = "tensorflow"  # as Keras has it
    version = _version(name)
    return {"KERAS_BACKEND": name, **({name: version} if version else {})}


def settings_of(distributions: Iterable[str]) -> dict[str, str]:
    """The environment variables that change how `distributions` compute, where they are set."""
    names = {name for one in distributions for name in _SETTINGS.get(one, ())}
    return {name: _ENVIRONMENT[name] for name in sorted(names) if name in _ENVIRONMENT}


@cache
def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution) or ""
    except (metadata.PackageNotFoundError, ValueError):
        return ""


def _distributions_of(module: str) -> tuple[str, ...]:
    """The distributions that install a top-level module; none if unknown."""
    try:
        same = metadata.distribution(module)
    except (metadata.PackageNotFoundError, ValueError):
        return _by_module().get(module, ())
    return (_plain(module),) if module in _modules_of(same) else _by_module().get(module, ())


@cache
def _by_module() -> Mapping[str, tuple[str, ...]]:
    """The distributions by the top-level modules that they install.

    `metadata.packages_distributions` says the same, and takes twice the time.
    """
    found: dict[str, tuple[str, ...]] = {}
    for distribution in metadata.distributions():
        name = _plain(distribution.metadata["Name"] or "")
        for module in _modules_of(distribution):
            if name not in found.get(module, ()):
                found[module] = (*found.get(module, ()), name)
    return found


def _modules_of(distribution: metadata.Distribution) -> set[str]:
    """The top-level modules of a distribution, from what its installer noted."""
    listed = distribution.read_text("top_level.txt")
    if listed:
        return set(listed.split())
    files = (distribution.read_text("RECORD") or "").splitlines()
    return {line.partition(",")[0].partition("/")[0].removesuffix(".py") for line in files}


@cache
def _requirements(distribution: str) -> frozenset[str]:
    """The distributions that one needs to run, however indirectly, as far as they are installed."""
    found: set[str] = set()
    waiting = [distribution]
    while waiting:
        try:
            needs = metadata.requires(waiting.pop()) or []
        except (metadata.PackageNotFoundError, ValueError):
            continue
        for need in needs:
            name = re.match(r"[\w.-]+", need)
            if name and "extra ==" not in need and _plain(name[0]) not in found:
                found.add(_plain(name[0]))
                waiting.append(name[0])
    return frozenset(found)


def _plain(name: str) -> str:
    """A distribution's name as it is compared: TF_Keras is tf-keras."""
    return re.sub(r"[-_.]+", "-", name).lower()
