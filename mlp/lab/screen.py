"""The screen: a full factorial over the genes in which two strains differ; each gene's share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlp.genome import Genome, differing
from mlp.lab.arm import Arm
from mlp.lab.checks import unchecked
from mlp.lab.claim import REFUTED, SCREEN, SUPPORTED, UNDECIDED, diverged_text
from mlp.lab.evidence import Evidence
from mlp.lab.key import expressed
from mlp.lab.looking import look_until
from mlp.lab.margin import DEFAULT_MARGIN, Margin, resolve
from mlp.lab.question import LabError
from mlp.run import Executor, Run
from mlp.stats import (
    SUITE_ERROR,
    Look,
    Outcome,
    ScreenEffects,
    classify,
    look_alpha,
    paired_interval,
    screen_effects,
    shapley,
    whole_difference,
)

SCREEN_SEEDS = 32
"""Seeds of each cell at the first look. Fewer seeds hardly ever decide a share."""

MOST_GENES = 8
"""Most genes of a screen, which has a cell for each set of them."""

_NOT_BETTER = "not better"
"""The outcome where the good strain is shown not to be better by the margin."""

_VERDICTS = {str(Outcome.BETTER): SUPPORTED, str(Outcome.UNDECIDED): UNDECIDED}

Cell = frozenset[str]


def acting_genes(good: Genome, bad: Genome, executor: Executor) -> tuple[str, ...]:
    """Genes in which two genomes differ and that act under `executor`, in order of declaration.

    A gene that goes with another is varied with that one, where both act.
    """
    acting = set(differing(expressed(good, executor), expressed(bad, executor)))
    acting -= {name for name in acting if good.genes[name].goes_with in acting}
    return tuple(name for name in differing(good, bad) if name in acting)


def subsets(genes: tuple[str, ...]) -> list[Cell]:
    """All subsets of `genes`, smallest first."""
    return [frozenset(c) for n in range(len(genes) + 1) for c in combinations(genes, n)]


def cell_of(good: Genome, bad: Genome, on: Cell) -> Genome:
    """`bad` with the alleles that `good` has of the genes `on`, and of those that go with them."""
    alleles = good.alleles()
    taken = on | {name for name, one in good.genes.items() if one.goes_with in on}
    return bad.with_alleles(**{name: alleles[name] for name in taken})


def cells_of(
    good: Genome, bad: Genome, genes: tuple[str, ...], executor: Executor
) -> dict[Cell, Genome]:
    """The genome of each subset of `genes`, smallest first (see `cell_of`).

    Raises:
        LabError: no genes, or more than `MOST_GENES`; or one that acts in some cells and not in
            others, so that it has no effect of its own to share.
    """
    if not 1 <= len(genes) <= MOST_GENES:
        raise LabError(
            f"a screen varies 1 to {MOST_GENES} genes that act; {good} and {bad} differ in "
            f"{', '.join(genes) or 'none'}: choose other genomes"
            + (", or lab.diagnose(good, bad)" if genes else "")
        )
    cells = {on: cell_of(good, bad, on) for on in subsets(genes)}
    acts = {on: expressed(cell, executor) for on, cell in cells.items()}
    idle = [g for on in cells for g in sorted(on) if acts[on] == acts[on - {g}]]
    idle += differing(acts[frozenset(genes)], expressed(good, executor))
    if idle:
        raise LabError(
            f"a screen's genes must act whatever the alleles of the others; between {good} and "
            f"{bad} {idle[0]!r} does not: give both one allele of it"
        )
    return cells


@dataclass(frozen=True, eq=False)
class Screen(Evidence):
    """Cohorts of all combinations of the alleles of two strains.

    `cells` maps a set of genes to the runs, in seed order, of the bad strain with the good strain's
    alleles of these genes. The empty set is the bad strain, the set of all genes the good strain.
    `at` makes the same screen of more seeds, and `sizes` are the numbers of seeds of later looks.
    """

    good: Genome
    bad: Genome
    genes: tuple[str, ...]
    cells: Mapping[Cell, tuple[Run, ...]]
    sizes: tuple[int, ...] = ()
    at: Callable[[int], Screen] | None = field(default=None, repr=False)

    @property
    def cohorts(self) -> tuple[tuple[Run, ...], ...]:
        """The runs of each cell."""
        return tuple(self.cells.values())

    @property
    def seeds(self) -> int:
        """Number of seeds of each cell."""
        return len(self.cells[frozenset()])

    @cached_property
    def scores(self) -> dict[Iterable[str], NDArray[np.float64]]:
        """The scores of each cell, [seeds]."""
        return {on: np.array([r.score for r in runs]) for on, runs in self.cells.items()}

    @cached_property
    def effects(self) -> ScreenEffects:
        """Main effects, pairwise interactions and Shapley shares, with simultaneous intervals.

        All of them, at all looks, hold together with probability 95%.
        """
        return screen_effects(self.scores, error=look_alpha(SUITE_ERROR))

    @property
    def shares(self) -> dict[str, float]:
        """Each gene's Shapley share of the whole difference: they add up to it."""
        span = self.setting.span
        return {g: self.effects.shares[g].mean * span for g in self.genes}

    def assert_responsible(self, gene: str, *, margin: float | Margin = DEFAULT_MARGIN) -> None:
        """Claim: `gene`'s Shapley share exceeds that of all other genes together by `margin`.

        The screen is read with its own seeds, then with those of `more`, until a look decides.

        A gene is responsible only if there is a difference to be responsible for. If the good
        strain is not shown to be better, the claim is undecided. If it is shown not to be better by
        `margin`, the claim is refuted. The effect is then the whole difference, not a share.

        Raises:
            Refuted, Undecided: the claim is not supported.
            LabError: `gene` was not varied, or a margin outside (0, 1).
        """
        declared = resolve(margin, self.setting)
        if gene not in self.genes:
            raise LabError(
                f"a screen has shares of the genes it varies ({', '.join(self.genes)}) only; "
                f"got {gene!r}: name one of them"
            )
        seen: list[tuple[Screen, str, Look, str]] = []

        def look(seeds: int) -> None:
            screen = self if seeds == self.seeds or self.at is None else self.at(seeds)
            seen.append((screen, *screen._look(gene, declared)))

        def needed(_: None) -> int | None:
            later = [n for n in self.sizes if n > seen[-1][0].seeds]
            return later[0] if later and seen[-1][-1] == UNDECIDED else None

        look_until(self.seeds, look, needed)
        seen[-1][0]._settle_share(seen, declared)

    def _settle_share(self, seen: list[tuple[Screen, str, Look, str]], margin: float) -> None:
        """Make the claim that the looks `seen` end in, of which this screen is the last."""
        _, told, look, outcome = seen[-1]
        span = self.setting.span
        self._settle(
            self._claim(
                f"{told} between {self.good} and {self.bad}",
                kind=SCREEN,
                expected=str(Outcome.BETTER),
                outcome=outcome,
                verdict=_VERDICTS.get(outcome, REFUTED),
                interval=look.interval,
                margin=margin,
                notes=unchecked(self._arms()),
                detail={
                    **self.detail(),
                    "looks": [
                        one.to_dict()
                        | {"outcome": said}
                        | {"low": one.interval.low * span, "high": one.interval.high * span}
                        for _, _, one, said in seen
                    ],
                },
            )
        )

    def _arms(self) -> list[Arm]:
        """Each two cells one gene apart, as arms."""
        of = {
            on: Arm(0, cell_of(self.good, self.bad, on), self.dataset, runs)
            for on, runs in self.cells.items()
        }
        pairs = [(of[on], of[on - {gene}]) for on in of for gene in sorted(on)]
        return [arm for pair in pairs for arm in pair]

    def _look(self, gene: str, margin: float) -> tuple[str, Look, str]:
        """What the verdict rests on with the cells as they are, the look at it, and the outcome."""
        share = shapley(self.scores)
        rest = [share[g] for g in self.genes if g != gene]
        differences = share[gene] - np.sum(rest, axis=0) if rest else share[gene]
        own = self._look_at(differences, margin, span=3.0)
        whole = whole_difference(self.scores)
        against_none = self._look_at(whole, margin=0.0)
        if against_none.interval.low <= 0 and own.outcome in (Outcome.BETTER, Outcome.UNDECIDED):
            told = f"difference that {gene} is to answer for"
            if (against := self._look_at(whole, margin)).interval.high < margin:
                return told, against, _NOT_BETTER
            if own.outcome is Outcome.BETTER:
                return told, against_none, UNDECIDED
        return f"share of {gene} against all else", own, str(own.outcome)

    def _look_at(
        self, differences: NDArray[np.float64], margin: float, *, span: float = 1.0
    ) -> Look:
        alpha = look_alpha(self.setting.claim_error)
        interval = paired_interval(differences, alpha, span=span, margin=margin)
        return Look(interval, classify(interval, margin), alpha)

    def detail(self) -> dict[str, Any]:
        """Cells and effects as plain values, for reports."""
        effects, span = self.effects, self.setting.span

        def plain(found: Any) -> dict[str, float]:
            return {
                "mean": found.mean * span,
                "low": found.low * span,
                "high": found.high * span,
            }

        return {
            "good": str(self.good),
            "bad": str(self.bad),
            "alleles": {"good": self.good.alleles(), "bad": self.bad.alleles()},
            "genes": list(self.genes),
            "cells": [
                {
                    "on": sorted(on),
                    "mean": self.setting.value(float(scores.mean())),
                    "accuracies": (scores * span).tolist(),
                }
                for on, scores in self.scores.items()
            ],
            "executors": list(dict.fromkeys(runs[0].executor for runs in self.cells.values())),
            "whole": plain(effects.whole),
            "main": {g: plain(effects.main[g]) for g in self.genes},
            "shares": {g: plain(effects.shares[g]) for g in self.genes},
            "interactions": [
                {"genes": list(pair), **plain(found)}
                for pair, found in effects.interactions.items()
            ],
        }

    def __repr__(self) -> str:
        shares = ", ".join(f"{g} {v:+.3f}" for g, v in self.shares.items())
        whole = self.effects.whole.mean * self.setting.span
        lost = diverged_text(self.diverged, "; ")
        return f"<Screen {self.good} against {self.bad}{self.where}: {whole:+.3f} = {shares}{lost}>"
