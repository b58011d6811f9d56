"""What is installed, found without importing it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from functools import cache

OLDEST_TENSORFLOW = (2, 16)
"""The oldest TensorFlow release the suite runs on."""


class InstallationError(RuntimeError):
    """A package the suite needs is missing, or not of a version it can run on."""


@cache
def tensorflow_version() -> str:
    """TensorFlow's version.

    Raises:
        InstallationError: it is not installed, or too old.
    """
    for name in ("tensorflow", "tensorflow-cpu", "tf-nightly"):
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        check_tensorflow(version)
        return version
    raise InstallationError("training needs TensorFlow, which is missing: pip install tensorflow")


def check_tensorflow(version: str) -> None:
    """Refuse a TensorFlow `version` that is too old.

    Raises:
        InstallationError: it is.
    """
    if tuple(int(p) for p in version.split(".")[:2]) < OLDEST_TENSORFLOW:
        raise InstallationError(
            "training needs TensorFlow "
            f"{'.'.join(map(str, OLDEST_TENSORFLOW))} or later; found {version}: "
            "pip install --upgrade tensorflow tf-keras"
        )


@cache
def tf_keras_version() -> str:
    """The version of tf-keras, which keeps `tf.compat.v1.layers` alive.

    Raises:
        InstallationError: it is not installed.
    """
    try:
        return importlib.metadata.version("tf-keras")
    except importlib.metadata.PackageNotFoundError:
        raise InstallationError(
            "tf.compat.v1.layers needs tf-keras of TensorFlow's own version, which is missing: "
            "pip install tf-keras"
        ) from None


def check() -> None:
    """Refuse an installation that cannot run the study, before anything is imported.

    Raises:
        InstallationError: a package is missing or too old; the message gives the remedy.
    """
    tensorflow_version()
    tf_keras_version()
    if importlib.util.find_spec("sklearn") is None:
        raise InstallationError(
            "the datasets come with scikit-learn, which is missing: pip install scikit-learn"
        )
