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
from mlp.lab.asked import LabError
from mlp.lab.claim import REFUTED, SUPPORTED, UNDECIDED, Claim, settle
from mlp.lab.comparison import tidy
from mlp.lab.key import expressed
from mlp.lab.margin import DEFAULT_MARGIN, Margin, resolve
from mlp.run import Protocol, Run
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

_NOT_BETTER = "not better"
"""The outcome where the good strain is shown not to be better by the margin."""

_VERDICTS = {str(Outcome.BETTER): SUPPORTED, str(Outcome.UNDECIDED): UNDECIDED}

Cell = frozenset[str]


def acting_genes(good: Genome, bad: Genome) -> tuple[str, ...]:
    """Genes in which two genomes differ and that act in the cohort engine, in field order.

    The dense operation acts through the bias alone: where the biases differ, it goes with them.
    """
    acting = set(differing(expressed(good, "cohort"), expressed(bad, "cohort")))
    if "bias" in acting:
        acting.discard("dense")
    return tuple(gene for gene in differing(good, bad) if gene in acting)


def subsets(genes: tuple[str, ...]) -> list[Cell]:
    """All subsets of `genes`, smallest first."""
    return [frozenset(c) for n in range(len(genes) + 1) for c in combinations(genes, n)]


def cell_of(good: Genome, bad: Genome, on: Cell) -> Genome:
    """`bad` with the alleles that `good` has of the genes `on`, the dense operation with the bias.

    With every gene on, the genome is thus `good` as the cohort engine expresses it.
    """
    alleles = good.alleles()
    taken = on | {"dense"} if "bias" in on else on
    return bad.with_alleles(**{gene: alleles[gene] for gene in taken})


def cells_of(good: Genome, bad: Genome, genes: tuple[str, ...]) -> dict[Cell, Genome]:
    """The genome of each subset of `genes`, smallest first (see `cell_of`).

    Raises:
        LabError: a gene in which they differ acts in some cells and not in others, so that it has
            no effect of its own to share.
    """
    cells = {on: cell_of(good, bad, on) for on in subsets(genes)}
    acts = {on: expressed(cell, "cohort") for on, cell in cells.items()}
    idle = [g for on in cells for g in sorted(on) if acts[on] == acts[on - {g}]]
    idle += differing(acts[frozenset(genes)], expressed(good, "cohort"))
    if idle:
        raise LabError(
            f"a screen's genes must act whatever the alleles of the others; between {good} and "
            f"{bad} {idle[0]!r} does not: give both one allele of it"
        )
    return cells


@dataclass(frozen=True, eq=False)
class Screen:
    """Cohorts of all combinations of the alleles of two strains.

    `cells` maps a set of genes to the runs, in seed order, of the bad strain with the good strain's
    alleles of these genes. The empty set is the bad strain, the set of all genes the good strain.
    `more` makes the same screen at its next look. It is None if the lab may use no more seeds.
    """

    good: Genome
    bad: Genome
    dataset: str
    protocol: Protocol
    genes: tuple[str, ...]
    cells: Mapping[Cell, tuple[Run, ...]]
    executor: str
    claims: list[Claim] | None = field(default=None, repr=False)
    more: Callable[[], Screen] | None = field(default=None, repr=False)

    @property
    def seeds(self) -> int:
        """Number of seeds of each cell."""
        return len(self.cells[frozenset()])

    @cached_property
    def accuracies(self) -> dict[Iterable[str], NDArray[np.float64]]:
        """Final validation accuracy of each cell, [seeds]."""
        return {on: np.array([r.final_accuracy for r in runs]) for on, runs in self.cells.items()}

    @cached_property
    def effects(self) -> ScreenEffects:
        """Main effects, pairwise interactions and Shapley shares, with simultaneous intervals.

        All of them, at all looks, hold together with probability 95%.
        """
        return screen_effects(self.accuracies, error=look_alpha(SUITE_ERROR))

    @property
    def shares(self) -> dict[str, float]:
        """Each gene's Shapley share of the whole difference, in accuracy: they add up to it."""
        return {g: self.effects.shares[g].mean for g in self.genes}

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
        declared = resolve(margin, self.dataset, self.protocol.name)
        if gene not in self.genes:
            raise LabError(
                f"a screen has shares of the genes it varies ({', '.join(self.genes)}) only; "
                f"got {gene!r}: name one of them"
            )
        seen, looks = self, [self._look(gene, declared)]
        while looks[-1][-1] == UNDECIDED and seen.more is not None:
            seen = seen.more()
            looks.append(seen._look(gene, declared))
        told, look, outcome = looks[-1]
        settle(
            Claim(
                statement=f"{told} between {self.good} and {self.bad}",
                dataset=self.dataset,
                protocol=self.protocol.name,
                expected=str(Outcome.BETTER),
                outcome=outcome,
                verdict=_VERDICTS.get(outcome, REFUTED),
                effect=look.interval.mean,
                low=look.interval.low,
                high=look.interval.high,
                margin=declared,
                seeds=seen.seeds,
                first_seed=seen.cells[frozenset()][0].seed,
                diverged=sum(r.diverged for runs in seen.cells.values() for r in runs),
                executor=self.executor,
                detail={
                    **seen.detail(),
                    "looks": [look.to_dict() | {"outcome": said} for _, look, said in looks],
                },
            ),
            self.claims,
        )

    def _look(self, gene: str, margin: float) -> tuple[str, Look, str]:
        """What the verdict rests on with the cells as they are, the look at it, and the outcome."""
        share = shapley(self.accuracies)
        rest = [share[g] for g in self.genes if g != gene]
        differences = share[gene] - np.sum(rest, axis=0) if rest else share[gene]
        own = _look_at(differences, margin, span=3.0)
        whole = whole_difference(self.accuracies)
        against_none = _look_at(whole, margin=0.0)
        if against_none.interval.low <= 0 and own.outcome in (Outcome.BETTER, Outcome.UNDECIDED):
            told = f"difference that {gene} is to answer for"
            if (against := _look_at(whole, margin)).interval.high < margin:
                return told, against, _NOT_BETTER
            if own.outcome is Outcome.BETTER:
                return told, against_none, UNDECIDED
        return f"share of {gene} against all else", own, str(own.outcome)

    def detail(self) -> dict[str, Any]:
        """Cells and effects as plain values, for reports."""
        effects = self.effects

        def plain(found: Any) -> dict[str, float]:
            return {"mean": found.mean, "low": found.low, "high": found.high}

        return {
            "good": str(self.good),
            "bad": str(self.bad),
            "alleles": {"good": self.good.alleles(), "bad": self.bad.alleles()},
            "genes": list(self.genes),
            "cells": [
                {"on": sorted(on), "mean": float(a.mean()), "accuracies": a.tolist()}
                for on, a in self.accuracies.items()
            ],
            "whole": plain(effects.whole),
            "main": {g: plain(effects.main[g]) for g in self.genes},
            "shares": {g: plain(effects.shares[g]) for g in self.genes},
            "interactions": [
                {"genes": list(pair), **plain(found)}
                for pair, found in effects.interactions.items()
            ],
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """The runs as a tidy table: one row for each cell and seed, one column for each gene."""
        return [
            {gene: self._allele(gene, on) for gene in self.genes} | tidy(run)
            for on, runs in self.cells.items()
            for run in runs
        ]

    def _allele(self, gene: str, on: Cell) -> Any:
        return (self.good if gene in on else self.bad).alleles()[gene]

    def __repr__(self) -> str:
        shares = ", ".join(f"{g} {v:+.3f}" for g, v in self.shares.items())
        return (
            f"<Screen {self.good} against {self.bad} on {self.dataset} "
            f"({self.protocol.name}, n={self.seeds}): {self.effects.whole.mean:+.3f} = {shares}>"
        )


def _look_at(differences: NDArray[np.float64], margin: float, *, span: float = 1.0) -> Look:
    interval = paired_interval(differences, look_alpha(), span=span, margin=margin)
    return Look(interval, classify(interval, margin), look_alpha())
