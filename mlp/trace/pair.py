"""Two traces side by side: which variables, updates and layers correspond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

import numpy as np

from mlp.trace.record import Trace, Update, Variable
from mlp.trace.rounding import Rounding
from mlp.trace.value import Value, distance


@dataclass(frozen=True)
class Match:
    """A variable of each trace that stand for the same; `flipped` where one is transposed."""

    a: Variable
    b: Variable
    flipped: bool = False

    @property
    def name(self) -> str:
        """Its name, or both where they differ."""
        return self.a.name if self.a.name == self.b.name else f"{self.a.name} / {self.b.name}"


Values = list[tuple[Match, Value, Value]]
"""Variables that stand for the same, with what both traces show of each."""


def match(
    a: Sequence[Variable], b: Sequence[Variable], names: Mapping[str, str] | None = None
) -> tuple[list[Match], list[Variable], list[Variable]]:
    """Variables matched by shape and order, and those of each side that are left over."""
    if names:
        there = {variable.name: variable for variable in b}
        pairs = [(v, there[names[v.name]]) for v in a if names.get(v.name) in there]
    else:
        keys = [
            [tuple(sorted(v.shape)) if len(v.shape) == 2 else v.shape for v in s] for s in (a, b)
        ]
        blocks = SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_matching_blocks()
        pairs = [(a[i + k], b[j + k]) for i, j, size in blocks for k in range(size)]
    matched = [Match(va, vb, va.shape != vb.shape) for va, vb in pairs]
    used = {m.a.name for m in matched}, {m.b.name for m in matched}
    left = [[v for v in s if v.name not in u] for s, u in zip((a, b), used, strict=True)]
    return matched, left[0], left[1]


class Pair:
    """What two traces have in common, and whether what one shows at an update may be compared."""

    def __init__(
        self, a: Trace, b: Trace, names: Mapping[str, str] | None, rounding: Rounding
    ) -> None:
        self.a, self.b, self.rounding = a, b, rounding
        self.variables, self.only_a, self.only_b = match(a.trainable, b.trainable, names)
        self.buffers, _, _ = match(a.buffers, b.buffers, names)
        there = {(u.epoch, u.index): u for u in b.updates}
        keys = [(u.epoch, u.index) for u in a.updates]
        self.steps = [
            (u, there[key]) for u, key in zip(a.updates, keys, strict=True) if key in there
        ]
        self.names = (a.name, b.name) if a.name != b.name else (f"{a.name} (a)", f"{b.name} (b)")

    def values(self, i: int, what: str, matches: Sequence[Match] | None = None) -> Values:
        """`before`, `gradient`, `raw`, `after` or `buffers` of update `i`, where both show it."""
        found = []
        for m in self.variables if matches is None else matches:
            va = getattr(self.steps[i][0], what).get(m.a.name)
            vb = getattr(self.steps[i][1], what).get(m.b.name)
            if va is not None and vb is not None:
                found.append((m, va, turned(vb) if m.flipped else vb))
        return found

    # Whether update i may be compared.

    @cached_property
    def fed(self) -> list[str]:
        """Of each update: "same", "reordered" or "other" rows, or "" where they were not seen."""
        return [same_rows(ua, ub, self.rounding) for ua, ub in self.steps]

    @cached_property
    def modes(self) -> list[tuple[tuple[str, bool, bool], ...]]:
        """Of each update: the layers in different modes, with the mode in each trace."""
        return [different_modes(self.a, self.b, ua, ub) for ua, ub in self.steps]

    def apart(self, i: int) -> float:
        """How far the weights before update `i` lie apart; infinite if neither were seen."""
        found = self.values(i, "before")
        if not found:
            return float("inf")
        return float(np.sqrt(sum(distance(va, vb) ** 2 for _, va, vb in found)))

    def weights_agree(self, i: int) -> bool:
        """Whether the weights before update `i` are equal but for what rounding explains."""
        found = self.values(i, "before")
        if not found or self.only_a or self.only_b:
            return False
        moved = self._moved(i)
        for m, va, vb in found:
            gone = moved.get(m.a.name, 0.0)
            if not distance(va, vb) <= self.rounding.weights(va, i) + self.rounding.travel * gone:
                return False
        return True

    def _moved(self, i: int) -> dict[str, float]:
        first, here = self.steps[0][0].before, self.steps[i][0].before
        return {n: distance(v, first[n]) for n, v in here.items() if n in first}

    def obstacle(self, i: int) -> str:
        """Why what is computed from update `i` may not be compared; empty if it may."""
        if self.fed[i] == "other":
            return "the rows differ"
        if not self.values(i, "before"):
            return "the weights before it were not seen"
        if not self.weights_agree(i):
            return "the weights before it differ"
        if self.modes[i]:
            return "the mode differs"
        return ""

    def draws(self, i: int) -> bool:
        """Whether a layer draws at random in update `i`, so that equal programs may part."""
        for trace, update in zip((self.a, self.b), self.steps[i], strict=True):
            kinds = {layer.name: layer.kind for layer in trace.layers}
            for batch in update.batches:
                for name, on in batch.modes.items():
                    if on and kinds.get(name) not in ("batch norm", "own", None):
                        return True
        return False


def turned(value: Value) -> Value:
    """A matrix transposed."""
    return value if value.data is None else Value.of(value.data.T)


def label(ua: Update) -> str:
    """An update in words."""
    return f"update {ua.number}" + (f" (epoch {ua.epoch + 1})" if ua.epoch else "")


def same_rows(ua: Update, ub: Update, rounding: Rounding) -> str:
    """Whether two updates were fed the same rows, with the same targets where both were seen."""
    ra, rb = ua.rows, ub.rows
    if ra is None or rb is None:
        return ""
    if len(ra) != len(rb):
        return "other"
    ta, tb = ua.targets, ub.targets
    if ta is not None and tb is not None and same_targets(ua, ub):
        ta = tb = None
    if np.array_equal(ra, rb) or _close(ua, ub, rounding):
        return "same" if ta is None or tb is None or np.array_equal(ta, tb) else "other"
    mixed = [r if t is None or tb is None else pair_digests(r, t) for r, t in ((ra, ta), (rb, tb))]
    return "reordered" if same_set(mixed[0], mixed[1]) else "other"


def same_set(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays hold the same elements, each as often, in whatever order."""
    return bool(np.array_equal(np.sort(a), np.sort(b)))


def pair_digests(rows: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Digests of rows together with their targets."""
    return rows ^ (targets * np.uint64(0x9E3779B97F4A7C15))


def joined(update: Update, what: str) -> np.ndarray | None:
    """`x`, `y` or `prediction` of all batches of an update; None where one was not kept."""
    values = [getattr(batch, what) for batch in update.batches]
    if not values or any(v is None or v.data is None for v in values):
        return None
    return np.concatenate([np.atleast_1d(v.data) for v in values])


def _close(ua: Update, ub: Update, rounding: Rounding) -> bool:
    xa, xb = joined(ua, "x"), joined(ub, "x")
    if (
        xa is None
        or xb is None
        or xa.size != xb.size
        or not {xa.dtype.kind, xb.dtype.kind} <= set("fiub")
    ):
        return False
    gap = np.abs(xa.ravel().astype(np.float64) - xb.ravel())
    return bool(gap.max(initial=0) <= 8 * rounding.unit * np.abs(xa).max(initial=0))


def same_targets(ua: Update, ub: Update) -> bool:
    """Whether two updates have the same targets in the same order, one-hot or as classes."""
    ya, yb = joined(ua, "y"), joined(ub, "y")
    if ya is None or yb is None:
        return False
    if ya.size == yb.size:
        return bool(np.array_equal(ya.ravel(), yb.ravel()))
    classes = [
        y.argmax(-1).ravel() if y.ndim > 1 and y.shape[-1] > 1 else y.ravel() for y in (ya, yb)
    ]
    return classes[0].size == classes[1].size and bool(np.array_equal(classes[0], classes[1]))


def different_modes(
    a: Trace, b: Trace, ua: object, ub: object
) -> tuple[tuple[str, bool, bool], ...]:
    """The layers that two updates or evaluations ran in different modes, with both modes."""
    listed = [_modes(a, ua, a.framework == b.framework), _modes(b, ub, a.framework == b.framework)]
    if [kind for kind, _, _ in listed[0]] != [kind for kind, _, _ in listed[1]]:
        return ()
    return tuple(
        (f"{kind} {name}", on, there)
        for (kind, name, on), (_, _, there) in zip(*listed, strict=True)
        if on != there
    )


def _modes(trace: Trace, seen: object, own: bool) -> list[tuple[str, str, bool]]:
    """Kind, name and mode of the layers that heed it, the user's own only if asked for."""
    batches = getattr(seen, "batches", None)
    modes = batches[-1].modes if isinstance(batches, tuple) and batches else None
    modes = getattr(seen, "modes", {}) if modes is None else modes
    kinds = {layer.name: layer.kind for layer in trace.layers}
    found = [(kinds.get(name, "own"), name, on) for name, on in modes.items()]
    return [entry for entry in found if own or entry[0] != "own"]
