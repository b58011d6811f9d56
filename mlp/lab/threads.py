"""How many threads training takes, and which GPU a worker uses."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLES = (
    *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
    *("PJRT_NPROC", "NPROC"),
)
"""What libraries read when they are first used; the last two are JAX'.

PJRT_NPROC is the size of JAX' thread pool, and NPROC where that is not set. OMP_NUM_THREADS does
not change it, and neither does --xla_cpu_multi_thread_eigen=false in XLA_FLAGS.
"""

_POOLED = ("numpy", "scipy", "sklearn", "torch")
"""Libraries that bring thread pools which `threadpoolctl` can limit."""

_GPUS = Path("/proc/driver/nvidia/gpus")

GPU_RULE = (
    "worker k uses GPU k modulo the number of GPUs (CUDA_VISIBLE_DEVICES) and, with JAX, an equal "
    "share of 90% of its memory; TensorFlow takes memory as it needs it; GPUs of another model "
    "than the first stay unused, since they round differently; what you set in the environment "
    "stays"
)
"""How the workers of a session share NVIDIA GPUs, in words for `--help`."""

_set: dict[str, str] = {}
"""The variables that were set here, and to what."""

_limited: set[tuple[int, frozenset[str]]] = set()
"""The numbers that pools were limited to, with the libraries that were imported then."""


def set_environment(threads: int = 1) -> None:
    """Have libraries that are first used from now on take `threads` threads, unless told otherwise.

    What the user has set stays. Processes started later inherit it.
    """
    for name in VARIABLES:
        if os.environ.get(name) == _set.get(name):
            os.environ[name] = _set[name] = str(threads)


def set_in_libraries(threads: int) -> None:
    """Have libraries take `threads` threads: those imported already by their own calls.

    Those that training imports read it from the environment. TensorFlow takes the number only
    before it has run anything, and so does JAX: then the number in force is another, as `in_force`
    says of TensorFlow. What the user has set in the environment stays for TensorFlow and JAX.
    """
    set_environment(threads)
    torch, tensorflow = sys.modules.get("torch"), sys.modules.get("tensorflow")
    if torch is not None and torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    if tensorflow is not None and not _has_run(tensorflow):
        each = tensorflow.config.threading
        each.set_intra_op_parallelism_threads(_said("TF_NUM_INTRAOP_THREADS", threads))
        each.set_inter_op_parallelism_threads(_said("TF_NUM_INTEROP_THREADS", threads))
    _limit_pools(threads)


def _limit_pools(threads: int) -> None:
    """Limit OpenMP's and BLAS' pools, once for the libraries that have brought some."""
    state = threads, frozenset(name for name in _POOLED if name in sys.modules)
    if state in _limited or not state[1]:
        return
    _limited.clear()
    _limited.add(state)
    try:
        import threadpoolctl
    except ImportError:
        return
    threadpoolctl.threadpool_limits(threads)


def in_force(wanted: int) -> list[str]:
    """The number of threads that training takes, in words: where one is not as wanted, by library.

    That is where the user has set another number in the environment for a library that takes it
    from there alone, or where TensorFlow has run already with another number.
    """
    found = [f"{wanted} thread{'' if wanted == 1 else 's'}"]
    for name in ("TF_NUM_INTRAOP_THREADS", "PJRT_NPROC", "NPROC"):
        if _said(name, wanted) != wanted:
            found.append(f"{name}={os.environ[name]}")
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and _has_run(tensorflow):
        number = tensorflow.config.threading.get_intra_op_parallelism_threads()
        given = str(number or os.environ.get("TF_NUM_INTRAOP_THREADS", "all"))
        if given != str(wanted):
            found.append(f"TensorFlow {given}")
    return found


def _said(variable: str, otherwise: int) -> int:
    """The number that the user has set a variable of the environment to."""
    said = os.environ.get(variable, "")
    return int(said) if said.isdigit() and said != _set.get(variable) else otherwise


def _has_run(tensorflow: object) -> bool:
    """Whether TensorFlow has started its thread pools. It has no public way to tell."""
    context = sys.modules.get("tensorflow.python.eager.context")
    started = getattr(getattr(context, "_context", None), "_context_handle", None)
    return started is not None or not hasattr(tensorflow, "config")


def share_gpu(worker: int, workers: int) -> None:
    """Share the machine's NVIDIA GPUs out among workers, by `GPU_RULE`.

    To be called before a framework is imported. Without an NVIDIA GPU it does nothing.
    """
    gpus = _gpus()
    if not gpus:
        return
    place = worker % len(gpus)
    if "CUDA_VISIBLE_DEVICES" not in os.environ:
        os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"  # the order in which the system lists them
        os.environ["CUDA_VISIBLE_DEVICES"] = str(gpus[place])
    beside = len(range(place, workers, len(gpus)))
    os.environ.setdefault("XLA_PYTHON_CLIENT_MEM_FRACTION", f"{0.9 / beside:.3f}")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


def _gpus() -> list[int]:
    """The numbers of the NVIDIA GPUs of the first one's model, as the system lists them."""
    models = [
        [line for line in file.read_text("utf-8").splitlines() if line.startswith("Model")]
        for file in sorted(_GPUS.glob("*/information"))
    ]
    return [number for number, model in enumerate(models) if model == models[0]]
