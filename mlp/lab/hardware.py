"""The machine that trains: what may change how results are rounded.

It is told by the system, not by frameworks: another process must find the same, whatever it has
imported.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from mlp.lab import key, threads
from mlp.machine import ELSEWHERE, PROC, arithmetic, processor

_AMD = Path("/sys/class/kfd/kfd/topology/nodes")
_TOOL_S = 10.0
"""How long a tool of the system may take to answer."""


def hardware(wanted: int) -> list[str]:
    """The processor, limits to its instructions, GPUs in use, and the number of threads."""
    return [*arithmetic(), *devices(), *threads.in_force(wanted)]


def devices() -> list[str]:
    """GPUs and chips that `arithmetic` does not name."""
    return ELSEWHERE["devices"] if ELSEWHERE else [*_other_nvidia(), *_amd(), *_apple()]


def trained_elsewhere(**said: list[str]) -> None:
    """Have this process key runs as another machine does, which trains them; {}: as itself does.

    said: the `arithmetic` and the `devices` of that machine.
    """
    ELSEWHERE.clear()
    ELSEWHERE.update(said)
    arithmetic.cache_clear()
    processor.cache_clear()
    key.forget()


@cache
def _other_nvidia() -> list[str]:
    """Models of NVIDIA GPUs that the driver does not list under /proc: on Windows and in WSL."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "all") in ("", "-1")
    if hidden or sys.platform == "darwin" or (PROC / "driver/nvidia/gpus").is_dir():
        return []
    return _lines(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"])


@cache
def _amd() -> list[str]:
    """The kinds of AMD GPUs, such as gfx90010, unless the user hides them all."""
    if any(os.environ.get(f"{name}_VISIBLE_DEVICES") in ("", "-1") for name in ("HIP", "ROCR")):
        return []
    found = set()
    for node in _AMD.glob("*/properties"):
        try:
            said = dict(line.split(maxsplit=1) for line in node.read_text("utf-8").splitlines())
        except (OSError, ValueError):
            continue
        if said.get("gfx_target_version", "0") != "0":
            found.add(f"AMD GPU gfx{said['gfx_target_version']}")
    return sorted(found)


@cache
def _apple() -> list[str]:
    """The model of Apple's chip, which is processor and GPU in one."""
    if sys.platform != "darwin":
        return []
    return _lines(["sysctl", "-n", "machdep.cpu.brand_string"])


def _lines(command: Sequence[str]) -> list[str]:
    """What a tool of the system prints, each line once; none if it is not there or fails."""
    if shutil.which(command[0]) is None:
        return []
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=_TOOL_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return sorted(set(filter(None, map(str.strip, said.stdout.splitlines()))))
