"""Graphs kept for their next use, and the memory of those that are not kept.

A graph costs a second to build and 15 to 40 MB to keep, and a process trains dozens of kinds.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from mlp.machine import anonymous_memory

T = TypeVar("T")

MEMORY = 330 * 10**6
"""Bytes of memory above which a process keeps no graph besides the one that it builds.

A graph takes up to 60 MB while it is built, and a training as much again.
"""


class Kept(Generic[T]):
    """What `build` makes of its arguments, made once for each while it is among the last `most`.

    Fewer are kept in a process that takes more than `memory` bytes.
    """

    def __init__(self, build: Callable[..., T], most: int, memory: float = MEMORY) -> None:
        self.build, self.most, self.memory = build, most, memory
        self.held: dict[tuple[Hashable, ...], T] = {}

    def __call__(self, *arguments: Hashable) -> T:
        found = self.held.pop(arguments, None)
        if found is None:
            while len(self.held) >= self.most:
                del self.held[next(iter(self.held))]
            free()
            while self.held and anonymous_memory() > self.memory:
                del self.held[next(iter(self.held))]
                free()
            found = self.build(*arguments)
        self.held[arguments] = found
        return found


def free() -> None:
    """Give the memory of graphs no longer used back to the system.

    Graphs refer to themselves, so that only the collector frees them; and glibc's allocator keeps
    what it was given back until it is asked for it.
    """
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
