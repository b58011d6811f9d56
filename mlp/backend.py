"""TensorFlow, imported once and only where training happens, with `tf.compat.v1.layers` alive.

`tf.compat.v1.layers` needs the tf-keras package, and `TF_USE_LEGACY_KERAS=1` before Keras is first
touched. One thread a process: runs are small, deterministic, and spread over cores by processes.
oneDNN is on and as exact as by default, and XLA is not asked for: else runs would round otherwise.
What was imported is taken out of the collector's sight: it is never garbage, and each search for
that of graphs would take a quarter of a second.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mlp import installed


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Keep what TensorFlow's C++ writes while it loads, before any log level holds, off stderr."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _import() -> Any:
    installed.tensorflow_version()
    installed.tf_keras_version()
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
        raise installed.InstallationError(
            f"training needs TensorFlow and tf-keras, which cannot be imported ({error}): "
            "pip install --upgrade tensorflow tf-keras"
        ) from None
    gc.collect()
    gc.freeze()
    return tensorflow


tensorflow: Any = _import()
"""TensorFlow as it is today."""

tf: Any = tensorflow.compat.v1
"""TensorFlow as the study knew it: `tensorflow.compat.v1`."""
