"""Memory for copies of arrays, written to once before the watched steps begin.

The first write to a page of fresh memory takes several times as long as the copy itself.
"""

from __future__ import annotations

import numpy as np

_LINE = 64
_BITS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


class Arena:
    """Copies arrays into one block of memory while there is room, into fresh memory after."""

    def __init__(self) -> None:
        self._block = np.empty(0, np.uint8)
        self._used = 0

    def reserve(self, size: int) -> None:
        """Make room for so many bytes of copies to come."""
        self._block, self._used = np.ones(size, np.uint8), 0

    def copy(self, array: np.ndarray) -> np.ndarray:
        """A copy of an array, its axes in the same order in memory."""
        end = self._used + array.nbytes
        if end > self._block.size or array.dtype.hasobject:
            return np.array(array, order="K")
        block = self._block[self._used : end]
        self._used = -(-end // _LINE) * _LINE
        place = np.ndarray(array.shape, array.dtype, block, strides=_strides(array))
        place[...] = array
        return place


def _strides(array: np.ndarray) -> tuple[int, ...] | None:
    """The strides of a copy whose axes are in the same order in memory; None for C's order."""
    if array.flags.c_contiguous:
        return None
    if array.flags.f_contiguous:
        return array.strides
    return np.empty_like(array).strides


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays are equal bit for bit, type and shape included."""
    bits = _BITS.get(a.dtype.itemsize)
    if bits is None or a.dtype.hasobject or a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.strides == b.strides and a.nbytes % 8 == 0:
        flat = [array.ravel(order="K") for array in (a, b)]
        return bool((flat[0].view(np.uint64) == flat[1].view(np.uint64)).all())
    return bool((a.view(bits) == b.view(bits)).all())
