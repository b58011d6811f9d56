"""What the study needs to be installed, checked without importing it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from functools import cache

from mlp.errors import UserError

OLDEST_TENSORFLOW = (2, 16)
"""The oldest TensorFlow release that the study runs on."""

REMEDY = 'pip install "mlp-genetics[study]"'
"""The command that installs all that the study needs."""


class InstallationError(RuntimeError, UserError):
    """A package that the study needs is missing or too old."""


@cache
def tensorflow_version() -> str:
    """TensorFlow's version.

    Raises:
        InstallationError: TensorFlow is not installed, or too old.
    """
    for name in ("tensorflow", "tensorflow-cpu", "tf-nightly"):
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        check_tensorflow(version)
        return version
    raise missing("training", "TensorFlow")


def missing(what: str, package: str) -> InstallationError:
    """The error that says: `what` needs `package`, which is not installed."""
    return InstallationError(f"{what} needs {package}, which is not installed: {REMEDY}")


def check_tensorflow(version: str) -> None:
    """Refuse a TensorFlow `version` that is too old.

    Raises:
        InstallationError: TensorFlow is too old.
    """
    if tuple(int(p) for p in version.split(".")[:2]) < OLDEST_TENSORFLOW:
        raise InstallationError(
            f"training needs TensorFlow {'.'.join(map(str, OLDEST_TENSORFLOW))} or later; "
            f"found {version}: "
            "pip install --upgrade tensorflow tf-keras"
        )


@cache
def tf_keras_version() -> str:
    """The version of tf-keras, which keeps `tf.compat.v1.layers` alive.

    Raises:
        InstallationError: tf-keras is not installed.
    """
    try:
        return importlib.metadata.version("tf-keras")
    except importlib.metadata.PackageNotFoundError:
        raise missing("tf.compat.v1.layers", "tf-keras") from None


def check() -> None:
    """Refuse an installation that cannot run the study, before TensorFlow is imported.

    Raises:
        InstallationError: a package is missing or too old. The message names the remedy.
    """
    tensorflow_version()
    tf_keras_version()
    if importlib.util.find_spec("sklearn") is None:
        raise missing("the study's data", "scikit-learn")
