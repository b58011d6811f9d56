"""The smallest set of genes whose rescue closes a gap: found by halving an order of suspects.

Nothing here decides a claim. What the search proposes is asked again, as questions with an error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mlp.stats.diagnosis.design import Cell


def minimal_set(
    base: Cell, suspects: Sequence[str], guess: int, closes: Callable[[Cell], bool]
) -> tuple[str, ...]:
    """Genes T among the suspects such that base + T closes, and no prefix search makes T smaller.

    The last gene of the shortest prefix of suspects that closes is needed by that prefix. It joins
    T, and the suspects before it are searched again beside it, until T alone closes. So |T| genes
    among k take about |T| (log2(k) + 1) cells at worst, and |T| + 1 if the suspects come in order.
    `guess` is how many of them are thought to be needed. Every superset of a set that closes is
    taken to close; all suspects together are taken to close unseen.
    """
    found: list[str] = []
    left = list(suspects)
    while left and not closes(base | set(found)):
        shortest = _shortest(left, guess, _beside(base | set(found), closes))
        found.append(left[shortest - 1])
        left = left[: shortest - 1]
        guess = len(left)
    return tuple(found)


def _beside(start: Cell, closes: Callable[[Cell], bool]) -> Callable[[Sequence[str]], bool]:
    return lambda prefix: closes(start | set(prefix))


def _shortest(order: Sequence[str], guess: int, closes: Callable[[Sequence[str]], bool]) -> int:
    """The length of the shortest prefix that closes: the guess, its neighbour, then by halves."""
    low, high = 0, min(max(guess, 1), len(order))
    if high == len(order) or closes(order[:high]):
        if high == 1 or not closes(order[: high - 1]):
            return high
        high -= 1
    else:
        low, step = high, 1
        while low + step < len(order) and not closes(order[: low + step]):
            low, step = low + step, 2 * step
        high = min(low + step, len(order))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if closes(order[:middle]) else (middle, high)
    return high
