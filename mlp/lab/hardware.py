"""The machine that trains: what may change how results are rounded."""

from __future__ import annotations

import sys

from mlp.machine import arithmetic


def hardware(threads: int) -> list[str]:
    """The processor, limits to its instructions, accelerators in use, and the number of threads.

    Frameworks are asked only if they are imported already; NVIDIA GPUs are told by the system.
    """
    found = [*arithmetic(), f"{threads} thread{'' if threads == 1 else 's'}"]
    torch = sys.modules.get("torch")
    mps = getattr(getattr(torch, "backends", None), "mps", None)
    if mps is not None and mps.is_available():
        found.append("Apple GPU")
    if getattr(getattr(torch, "version", None), "hip", None):
        found.append("AMD GPU")
    return found
