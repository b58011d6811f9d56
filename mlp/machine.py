"""The machine that trains: what may change how its results are rounded."""

from __future__ import annotations

import os
import platform
import signal
from contextlib import suppress
from functools import cache
from pathlib import Path

PROC = Path("/proc")

KILL: signal.Signals = getattr(signal, "SIGKILL", signal.SIGTERM)
"""The signal that ends a process at once; where there is no SIGKILL, on Windows, SIGTERM does."""


def _said(file: Path, name: str) -> str:
    """The first value of `name` in a file of lines `name: value`; "" if there is none."""
    with suppress(OSError):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith(name):
                return line.partition(":")[2].strip()
    return ""


ELSEWHERE: dict[str, list[str]] = {}
"""What the machine that trains in place of this one says: its `arithmetic` and its `devices`."""


@cache
def processor() -> str:
    """The model of the processor that trains, or its architecture if no model is named."""
    if ELSEWHERE:
        return ELSEWHERE["arithmetic"][0]
    return _said(PROC / "cpuinfo", "model name") or platform.processor() or platform.machine()


def anonymous_memory() -> int:
    """Bytes of memory of this process that it shares with nobody and no file; 0 if not known."""
    said = _said(PROC / "self" / "smaps_rollup", "Pss_Anon:")
    return 1024 * int(said.split()[0]) if said else 0


def resident_memory() -> int:
    """Bytes of memory of this process that are no file's; cheap to ask, 0 if not known."""
    said = _said(PROC / "self" / "status", "RssAnon:")
    return 1024 * int(said.split()[0]) if said else 0


@cache
def arithmetic() -> list[str]:
    """What may change rounding: the processor, a limit to its instructions, NVIDIA GPUs in use."""
    if ELSEWHERE:
        return ELSEWHERE["arithmetic"]
    limits = [os.environ.get(f"{name}_MAX_CPU_ISA", "") for name in ("ONEDNN", "DNNL")]
    gpus = sorted((PROC / "driver/nvidia/gpus").glob("*/information"))
    used = os.environ.get("CUDA_VISIBLE_DEVICES", "all") not in ("", "-1")
    models = [_said(gpu, "Model") for gpu in gpus if used]
    return [processor(), *filter(None, limits), *models]
