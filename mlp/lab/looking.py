"""The one loop over looks: train, look, and train more until a look decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def look_until(first: int, look: Callable[[int], T], needed: Callable[[T], int | None]) -> T:
    """`look(n)` at `first` seeds, then at as many as `needed` of the last look asks, until None."""
    found = look(first)
    while (more := needed(found)) is not None:
        found = look(more)
    return found
