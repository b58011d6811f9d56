"""TensorFlow, imported once, and only where training happens.

`tf.compat.v1.layers` needs the tf-keras package, and `TF_USE_LEGACY_KERAS=1` before Keras is first
imported. TensorFlow gets one thread a process: runs are small, and other processes use the other
cores. oneDNN is on at its default precision, and XLA is off: otherwise rounding would differ.
What was imported is hidden from the garbage collector: it is never garbage, and a search through it
would take a quarter of a second.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mlp.species.post import installation


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Hide what TensorFlow's C++ code writes to stderr while it loads and ignores the log level."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _import() -> Any:
    installation.tensorflow_version()
    installation.tf_keras_version()
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
    for rounding in ("TF_XLA_FLAGS", "ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_DEFAULT_FPMATH_MODE"):
        os.environ.pop(rounding, None)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with _silent_stderr():
            import tensorflow
            import tf_keras  # noqa: F401
    except ImportError as error:
        raise installation.InstallationError(
            f"training needs TensorFlow and tf-keras, which cannot be imported ({error}): "
            "pip install --upgrade tensorflow tf-keras"
        ) from None
    gc.collect()
    gc.freeze()
    return tensorflow


tensorflow: Any = _import()
"""Today's TensorFlow."""

tf: Any = tensorflow.compat.v1
"""TensorFlow as the study used it: `tensorflow.compat.v1`."""
