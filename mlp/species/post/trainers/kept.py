"""Graphs kept for their next use, and the memory of those that are not kept.

A graph costs half a second to build and 10 to 30 MB to keep, and a process trains dozens of kinds.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from mlp.machine import anonymous_memory

T = TypeVar("T")

MEMORY = 360 * 10**6
"""Bytes of memory above which a process keeps no graph besides the one that it is about to use.

A graph takes up to 60 MB while it is built, and a training as much again.
"""

_held: dict[tuple[Any, tuple[Hashable, ...]], Any] = {}
"""The graphs of all kinds, the one used longest ago first."""


class Kept(Generic[T]):
    """What `build` makes of its arguments, made once for each while it is among the last `most`.

    Fewer are kept in a process that takes more than `MEMORY`.
    """

    def __init__(self, build: Callable[..., T], most: int) -> None:
        self.build, self.most = build, most

    def __call__(self, *arguments: Hashable) -> T:
        found = _held.pop((self, arguments), None)
        if found is None:
            own = [key for key in _held if key[0] is self]
            for key in own[: max(0, len(own) + 1 - self.most)]:
                del _held[key]
            make_room()
            found = self.build(*arguments)
        _held[self, arguments] = found
        return found


def make_room() -> None:
    """Forget the graphs used longest ago, until none is left or the process takes `MEMORY`."""
    _free()
    while _held and anonymous_memory() > MEMORY:
        del _held[next(iter(_held))]
        _free()


def _free() -> None:
    """Give the memory of graphs no longer used back to the system.

    Graphs refer to themselves, so that only the collector frees them; and glibc's allocator keeps
    what it was given back until it is asked for it.
    """
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
