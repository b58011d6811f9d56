"""What a trace keeps of arrays: their elements while there is room, summaries from then on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlp.trace.arena import Arena, same_bits
from mlp.trace.value import Value

KEEP = 64 * 2**20
"""Bytes of array elements a trace keeps, unless the caller says otherwise; summaries follow."""


class Keeper:
    """Keeps at most `room` bytes of elements."""

    def __init__(self, room: int) -> None:
        self._room, self._arena = room, Arena()

    def expect(self, size: int) -> None:
        """So many bytes of copies will be made."""
        self._arena.reserve(min(size, self._room, KEEP))

    def copies(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Copies of arrays that the program goes on to write to."""
        copy = self._arena.copy
        return {name: copy(array) for name, array in arrays.items()}

    def changed(
        self, arrays: Mapping[str, np.ndarray], left: Mapping[str, Value]
    ) -> dict[str, Any]:
        """Copies of arrays; where one is as `left` holds it, bit for bit, that value."""
        held: dict[str, Any] = {}
        for name, array in arrays.items():
            value = left.get(name)
            known = value is not None and value.data is not None and same_bits(value.data, array)
            held[name] = value if known else self._arena.copy(array)
        return held

    def value(self, array: Any) -> Value:
        """An array, not copied, as a value."""
        if isinstance(array, Value):
            return array
        array = np.asarray(array)
        size = array.nbytes
        if size > self._room:
            return Value.of(array, keep=False)
        self._room -= size
        return Value.of(array)

    def values(self, arrays: Mapping[str, Any] | None) -> dict[str, Value]:
        """Arrays by name as values."""
        value = self.value
        return {name: value(array) for name, array in (arrays or {}).items()}
