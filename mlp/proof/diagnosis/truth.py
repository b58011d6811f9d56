"""Planted truths: which genes act, how, and what noise a run's score has.

A role is a letter. `Truth.value` is the mean score of a cell by the roles that have the good allele
in it; genes without a role do nothing. In each simulated diagnosis the roles fall on other genes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from mlp.proof.calibration.scenarios import Law, binomial, difference_of, law_of
from mlp.stats.diagnosis.design import Cell
from mlp.stats.interval import FloatArray

MARGIN = 0.1
SEEDS = 256

Roles = frozenset[str]


@dataclass(frozen=True)
class Truth:
    """What the roles do. Every role has, in some cell, an effect of twice the margin or more."""

    name: str
    value: Callable[[Roles], float]
    gains: str = ""
    """Roles whose good allele raises the score, in some cell at least."""
    harms: str = ""
    """Roles whose good allele lowers it, in some cell at least."""
    small: str = ""
    """Roles with effects of half the margin: to name them is not false, to clear them neither."""


@dataclass(frozen=True)
class Noise:
    """How a run's score scatters around its mean: `draw(mean, z)`, z standard normal `[n]`."""

    name: str
    draw: Callable[[float, FloatArray], FloatArray]
    shared: float = 0.0
    """The correlation of z among the cells of one seed."""
    shift: float = 0.0
    """Added to every mean: where on the scale the truth lies."""


def _normal(spread: float) -> Callable[[float, FloatArray], FloatArray]:
    """Differences of two cells have this standard deviation; clipped to [0, 1]."""
    return lambda mean, z: np.clip(mean + z * spread / np.sqrt(2), 0.0, 1.0)


def _discrete(law: Callable[[float], Law | None]) -> Callable[[float, FloatArray], FloatArray]:
    @lru_cache(maxsize=64)
    def table(mean: float) -> tuple[FloatArray, FloatArray]:
        found = law(mean)
        if found is None:
            raise ValueError(f"The noise has no law of mean {mean:g}: choose another shift.")
        order = np.argsort(found.values)
        return found.values[order], np.cumsum(found.weights[order])[:-1]

    def draw(mean: float, z: FloatArray) -> FloatArray:
        values, edges = table(round(mean, 9))
        return values[np.searchsorted(edges, special.ndtr(z))]

    return draw


def _humps(gap: float, fails: float) -> Callable[[float], Law | None]:
    """A level that gives the mean; with probability `fails` the score is `gap` below it."""
    rows = Law(np.array([-1.0, 0.0, 1.0]) / 17, np.array([0.25, 0.5, 0.25]))

    def law(mean: float) -> Law | None:
        level = mean + fails * gap
        score = law_of({level: 1 - fails, level - gap: fails})
        return difference_of(score, rows) if score else None

    return law


def _failing(best: float, chance: float) -> Callable[[float], Law | None]:
    """Right up to a ceiling, or at chance level; the mean says how often."""
    return lambda mean: law_of(
        {best: (mean - chance) / (best - chance), chance: (best - mean) / (best - chance)}
    )


NOISES: dict[str, Noise] = {
    noise.name: noise
    for noise in (
        Noise("spread 0.15", _normal(0.15)),
        Noise("spread 0.15, half of it shared", _normal(0.15), shared=0.5),
        Noise("spread 0.05", _normal(0.05)),
        Noise("k/15", _discrete(lambda mean: binomial(15, mean))),
        Noise("ceiling, k/179", _discrete(lambda mean: binomial(179, mean)), shift=0.17),
        Noise("two humps 8/17, 10% fail", _discrete(_humps(8 / 17, 0.1)), shift=0.09),
        Noise("two humps 8/17, 30% fail", _discrete(_humps(8 / 17, 0.3))),
        Noise("ceiling or chance", _discrete(_failing(0.97, 0.1)), shift=0.17),
    )
}
"""By name. "ceiling or chance" scatters so much that 256 seeds do not resolve a margin of 0.1."""


def _sum(base: float, **effects: float) -> Callable[[Roles], float]:
    return lambda on: base + sum(e for role, e in effects.items() if role in on)


TRUTHS: dict[str, Truth] = {
    truth.name: truth
    for truth in (
        Truth("none", _sum(0.5)),
        Truth("one", _sum(0.5, a=0.3), "a"),
        Truth("two", _sum(0.2, a=0.3, b=0.3), "ab"),
        Truth("three", _sum(0.2, a=0.2, b=0.2, c=0.2), "abc"),
        Truth("substitutes", lambda on: 0.5 + 0.3 * bool(on & {"a", "b"}), "ab"),
        Truth("pair", lambda on: 0.5 + 0.3 * ({"a", "b"} <= on), "ab"),
        Truth("masked", lambda on: 0.2 + ("a" in on) * (0.3 + 0.3 * ("b" in on)), "ab"),
        Truth("harmful", _sum(0.3, a=0.5, h=-0.2), "a", "h"),
        Truth("cancelling", _sum(0.4, a=0.3, b=0.3, h=-0.3), "ab", "h"),
        Truth(
            "pair as substitute",
            lambda on: 0.5 + 0.3 * ("a" in on or {"b", "c"} <= on),
            "abc",
        ),
        Truth("three only together", lambda on: 0.5 + 0.3 * ({"a", "b", "c"} <= on), "abc"),
        Truth("four only together", lambda on: 0.5 + 0.3 * ({"a", "b", "c", "d"} <= on), "abcd"),
        Truth(
            "cause with substitutes",
            lambda on: 0.5 + 0.3 * ("c" in on and bool(on & {"a", "b"})),
            "abc",
        ),
        Truth(
            "one, and two that reverse each other",
            lambda on: 0.3 + 0.3 * ("a" in on) + 0.3 * (("h" in on) != ("i" in on)),
            "ahi",
            "hi",
        ),
        Truth(
            "one, and three that act only mixed",
            lambda on: 0.4 + 0.3 * ("a" in on) + 0.3 * ("b" in on and not on & {"h", "i"}),
            "ab",
            "hi",
        ),
        Truth(
            "one, and four that act only mixed",
            lambda on: 0.4 + 0.3 * ("a" in on) + 0.3 * ({"b", "c"} <= on and not on & {"h", "i"}),
            "abc",
            "hi",
        ),
        Truth("many small ones", _sum(0.3, **dict.fromkeys("pqrstuvw", 0.05)), small="pqrstuvw"),
        Truth("one and small ones", _sum(0.4, a=0.3, x=0.05, y=0.05, z=-0.05), "a", "", "xyz"),
    )
}


@dataclass(frozen=True)
class World:
    """One simulated pair of genomes: where the roles fell, and the runs of every cell."""

    genes: tuple[str, ...]
    truth: Truth
    noise: Noise
    roles: dict[str, str]
    rng: np.random.Generator
    common: FloatArray
    runs: dict[Cell, FloatArray]

    def scores(self, cells: Sequence[Cell], n: int) -> list[FloatArray]:
        """The first n seeds of each cell, as `diagnose` asks for them."""
        return [self._cell(cell)[:n] for cell in cells]

    def genes_of(self, roles: str) -> frozenset[str]:
        """The genes that have these roles."""
        return frozenset(self.roles[r] for r in roles)

    def _cell(self, cell: Cell) -> FloatArray:
        if cell not in self.runs:
            on = frozenset(role for role, gene in self.roles.items() if gene in cell)
            own = self.rng.standard_normal(SEEDS)
            shared = self.noise.shared
            z = np.sqrt(shared) * self.common + np.sqrt(1 - shared) * own
            self.runs[cell] = self.noise.draw(self.truth.value(on) + self.noise.shift, z)
        return self.runs[cell]


def world(truth: Truth, noise: Noise, k: int, seed: Sequence[int]) -> World:
    """A world of k genes. The same seed gives the same world to whoever asks in the same order."""
    rng = np.random.default_rng(list(seed))
    genes = tuple(f"g{i:02d}" for i in range(k))
    letters = sorted({*truth.gains, *truth.harms, *truth.small})
    places = rng.permutation(k)[: len(letters)]
    roles = {role: genes[p] for role, p in zip(letters, places, strict=True)}
    return World(genes, truth, noise, roles, rng, rng.standard_normal(SEEDS), {})
