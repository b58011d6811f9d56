"""One array of a trace: kept whole, or as a sketch from which distances can still be told.

A sketch is a count-sketch: the elements with random signs, summed into 64 buckets. The distance
of two sketches estimates the distance of the arrays, to about 18 % (Charikar, Chen and
Farach-Colton, 2002).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

BUCKETS = 64


@lru_cache(maxsize=8)
def _signs(size: int) -> np.ndarray:
    bits = np.random.Generator(np.random.Philox(size)).integers(0, 2, size, dtype=np.int8)
    return 2 * bits - 1


def _sketch(array: np.ndarray) -> np.ndarray:
    """Minimum, maximum, sum and norm of `array`, then its 64 buckets."""
    flat = array.astype(np.float64).ravel()
    signed = np.zeros(-(-max(flat.size, 1) // BUCKETS) * BUCKETS)
    signed[: flat.size] = flat * _signs(flat.size)
    ends = (flat.min(), flat.max()) if flat.size else (0.0, 0.0)
    told = [*ends, flat.sum(), np.linalg.norm(flat)]
    return np.concatenate([told, signed.reshape(-1, BUCKETS).sum(0)])


def _digest(array: np.ndarray) -> str:
    told = hashlib.blake2b(f"{array.dtype.str}{array.shape}".encode(), digest_size=16)
    told.update(np.ascontiguousarray(array).view(np.uint8).data if array.size else b"")
    return told.hexdigest()


@lru_cache(maxsize=64)
def _type(dtype: np.dtype[Any]) -> str:
    return str(dtype)


@dataclass(frozen=True, eq=False)
class Value:
    """An array of `shape`: `data` is its elements, or None where only `summary` was kept."""

    shape: tuple[int, ...]
    dtype: str
    data: np.ndarray | None = None
    summary: np.ndarray | None = None
    summary_digest: str = ""

    @classmethod
    def of(cls, array: Any, keep: bool = True) -> Value:
        """The value of an array, which is not copied."""
        array = np.asarray(array)
        if keep:
            return cls(array.shape, _type(array.dtype), array)
        return cls(array.shape, _type(array.dtype), None, _sketch(array), _digest(array))

    @cached_property
    def digest(self) -> str:
        """Equal for arrays that are equal bit for bit, type and shape included."""
        return self.summary_digest if self.data is None else _digest(self.data)

    @cached_property
    def sketch(self) -> np.ndarray:
        """The sketch of the array, whether its elements were kept or not."""
        if self.data is None:
            assert self.summary is not None
            return self.summary
        return _sketch(self.data)

    @property
    def norm(self) -> float:
        """The Euclidean norm."""
        return float(self.sketch[3])

    @property
    def largest(self) -> float:
        """The largest magnitude."""
        return float(np.abs(self.sketch[:2]).max())


def distance(a: Value, b: Value) -> float:
    """The Euclidean distance of two arrays of one size; estimated where elements were not kept."""
    if a.data is not None and b.data is not None:
        gap = a.data.astype(np.float64).ravel() - b.data.astype(np.float64).ravel()
        return float(np.linalg.norm(gap))
    return float(np.linalg.norm(a.sketch[4:] - b.sketch[4:]))


def elements(*values: Value | None) -> list[np.ndarray] | None:
    """The elements of several values, as float64; None where those of one were not kept."""
    if any(v is None or v.data is None for v in values):
        return None
    return [np.asarray(v.data, np.float64) for v in values if v is not None]


def joined(arrays: Sequence[np.ndarray]) -> Any:
    """Several inputs or outputs of a model as one array, rows first; None if there are none."""
    if len(arrays) < 2:
        return arrays[0] if arrays else None
    flat = [np.reshape(a, (len(a), -1)).astype(np.float32) for a in arrays if a.ndim]
    same = len({len(a) for a in flat}) == 1
    return np.concatenate(flat, axis=1) if same else arrays[0]


@lru_cache(maxsize=8)
def _coefficients(width: int) -> np.ndarray:
    drawn = np.random.Generator(np.random.Philox(width)).integers(
        0, 2**63, size=width, dtype=np.uint64
    )
    return 2 * drawn + np.uint64(1)


def row_digests(array: Any) -> np.ndarray:
    """A 64-bit digest of each row of an array: equal for equal rows, whatever their float type."""
    array = np.asarray(array)
    if array.ndim == 0:
        array = array[None]
    if array.dtype.kind not in "fiub":
        return np.array([hash_text(str(row)) for row in array], np.uint64)
    single = np.ascontiguousarray(array.reshape(len(array), -1), dtype=np.float32) + np.float32(0)
    mixed = np.add(single.view(np.uint32), np.uint64(0x9E3779B9), dtype=np.uint64)
    mixed *= _coefficients(single.shape[1])
    mixed ^= mixed >> np.uint64(29)
    total = mixed.sum(axis=1, dtype=np.uint64)
    return total ^ (total >> np.uint64(32))


def hash_text(text: str) -> int:
    """A 64-bit digest of a text, the same in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
