"""How many threads training takes, and which GPU a worker uses."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
_XLA = "--xla_cpu_multi_thread_eigen=false"
_GPUS = Path("/proc/driver/nvidia/gpus")

_set: dict[str, int] = {}
"""The number of threads that was set in each library of this process."""


def set_environment(threads: int = 1) -> None:
    """Have libraries that are imported from now on take `threads` threads, unless told otherwise.

    That is OpenMP, MKL, OpenBLAS, Accelerate, TensorFlow and JAX. Processes started later inherit
    it.
    """
    for name in _VARIABLES:
        os.environ.setdefault(name, str(threads))
    if threads == 1 and "xla_cpu_multi_thread_eigen" not in os.environ.get("XLA_FLAGS", ""):
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_XLA}".strip()


def set_in_libraries(threads: int) -> None:
    """Have libraries that are imported already take `threads` threads, by their own calls.

    TensorFlow takes the number only before it has run anything; JAX takes it only from the
    environment.
    """
    torch, tensorflow = sys.modules.get("torch"), sys.modules.get("tensorflow")
    if torch is not None and _set.get("torch") != threads:
        torch.set_num_threads(threads)
        _set["torch"] = threads
    if tensorflow is not None and _set.get("tensorflow") != threads:
        try:
            tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
            tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
        except (AttributeError, RuntimeError):
            pass  # it has run something, with the number it was imported with
        _set["tensorflow"] = threads
    if "numpy" in sys.modules and _set.get("pools") != threads:
        try:
            import threadpoolctl
        except ImportError:
            return
        threadpoolctl.threadpool_limits(threads)
        _set["pools"] = threads


def share_gpu(worker: int, workers: int) -> None:
    """Give worker k of n GPU k modulo their number, and a fair share of its memory.

    Nothing is set where the user has chosen, or where there is no NVIDIA GPU.
    """
    count = len(list(_GPUS.glob("*"))) if _GPUS.is_dir() else 0
    if not count:
        return
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", str(worker % count))
    each = -(-workers // count)
    os.environ.setdefault("XLA_PYTHON_CLIENT_MEM_FRACTION", f"{0.9 / each:.3f}")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
