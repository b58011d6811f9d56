"""Manipulation checks: did the genes compared act, and did nothing else change with them?

Each run's record of what it saw is held against what its genes should have changed. A comparison
that fails a check refuses to report.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from mlp.genome import Genome, differing
from mlp.lab.comparison import Arm
from mlp.lab.key import REAL
from mlp.run import Run

ORDER = frozenset({"coverage", "order", "batch_size", "split", "shuffle_seed"})
INIT = frozenset({"init", "bias", "init_seed", "layer_size"})
ARITHMETIC = frozenset({"logits", "dtype", "dropout", "dropout_mode", "rate_scale"})
SILENT = frozenset({"dense", "trainer", "reporting", "handicap"})
"""Genes by where they act: on the rows fed, the initial weights, the arithmetic, or on nothing a
run sees (the dense operation and the trainer change who computes, the others what is written).
A dropout mode may act where the curves are sampled alone: two of them train alike."""


class ManipulationError(AssertionError):
    """A comparison whose knockout did not act, or in which something else changed with it."""


def check_manipulation(a: Genome, b: Genome, runs: Sequence[tuple[Run, Run]]) -> None:
    """Hold the records of runs of `a` and `b`, paired by seed, against the genes they differ in.

    Of one genome, they are those of two executors, which must differ in nothing they are fed.

    Raises:
        ManipulationError: a gene did not act, or something changed that no differing gene
            explains.
    """
    genes = set(differing(a.expressed(), b.expressed()))
    _must_differ(genes & ORDER, runs, "the rows fed", lambda r: r.saw.order)
    _must_differ(genes & INIT, runs, "the initial weights", lambda r: r.saw.init)
    modes = genes & {"dropout_mode"}
    _must_differ(
        (genes & ARITHMETIC) - modes, runs, "the final weights", lambda r: r.weights, some=True
    )
    _must_differ(
        modes,
        runs,
        "the final weights and the curves",
        lambda r: (r.weights, r.validation, r.test),
        some=True,
    )
    if "coverage" in genes:
        _must_differ({"coverage"}, runs, "the rows ever seen", lambda r: r.saw.distinct_rows)
    on_real_api = [pair for pair in runs if all(r.executor in REAL for r in pair)]
    if on_real_api:
        _must_differ(genes & {"trainer"}, on_real_api, "who trained", lambda r: r.executor)
    changed = _names(genes) if genes else "the executor"
    if not genes & ORDER:
        _must_agree(changed, runs, "the rows fed", lambda r: r.saw.order, whole=True)
    if not genes & INIT:
        _must_agree(changed, runs, "the initial weights", lambda r: r.saw.init)
    _must_agree(changed, runs, "the updates made", lambda r: r.saw.updates, whole=True)
    if genes <= SILENT:
        first_loss = "the losses before the first update"
        _must_agree(changed, runs, first_loss, lambda r: r.saw.first_loss, near=1e-5)
    if genes and genes <= {"reporting", "handicap"}:
        _must_agree(changed, runs, "the final weights", lambda r: r.weights, whole=True)


def check_cohorts(a: Genome, of_a: Sequence[Run], b: Genome, of_b: Sequence[Run]) -> None:
    """`check_manipulation` of two cohorts, seed by seed.

    Raises:
        ManipulationError: as there, or the cohorts are not of the same seeds.
    """
    seeds = [[run.seed for run in runs] for runs in (of_a, of_b)]
    if seeds[0] != seeds[1] or len(set(seeds[0])) < len(seeds[0]):
        raise ManipulationError(
            f"cohorts are compared seed by seed, each seed once; got {seeds[0]} of {a} and "
            f"{seeds[1]} of {b}: train the same seeds of both"
        )
    check_manipulation(a, b, list(zip(of_a, of_b, strict=True)))


def check_arms(arms: Sequence[Arm]) -> None:
    """`check_manipulation` of each two arms subtracted."""
    for a, b in zip(arms[::2], arms[1::2], strict=True):
        check_cohorts(a.genome, a.runs, b.genome, b.runs)


def _must_differ(
    genes: set[str],
    runs: Sequence[tuple[Run, Run]],
    what: str,
    of: Callable[[Run], object],
    some: bool = False,
) -> None:
    """Refuse genes that left `of` the same at a seed; with `some`, at every seed.

    Two trainings may end alike at some seed, in the weights of a network that died; rows, initial
    weights and executors that are the same there were never manipulated. Where both runs diverged,
    what is the same shows nothing: they were cut short, or ended in weights that are no numbers.
    """
    differ = [a.seed for a, b in runs if of(a) != of(b)]
    same = [a.seed for a, b in runs if of(a) == of(b) and not (a.diverged and b.diverged)]
    if not genes or (differ and (some or not same)):
        return
    if not same:
        raise ManipulationError(
            f"a gene compared must be seen to act; both arms diverged at all {len(runs)} seeds, "
            f"so that nothing shows whether {_names(genes)} did: lower the learning rate"
        )
    where = f"seed {same[0]}" if len(same) < len(runs) else f"all {len(runs)} seeds"
    raise ManipulationError(
        f"a gene compared must act; {_names(genes)} left {what} the same in {where}: "
        "compare alleles that act here"
    )


def _must_agree(
    changed: str,
    runs: Sequence[tuple[Run, Run]],
    what: str,
    of: Callable[[Run], Any],
    whole: bool = False,
    near: float | None = None,
) -> None:
    for a, b in runs:
        cut_short = whole and (a.diverged or b.diverged)
        if not cut_short and not _agree(of(a), of(b), near):
            raise ManipulationError(
                f"nothing but {changed} may change; {what} differ too, at seed {a.seed}"
            )


def _agree(a: Any, b: Any, near: float | None) -> bool:
    if near is None or a is None or b is None:
        return bool(a == b)
    return math.isclose(a, b, rel_tol=near, abs_tol=near)


def _names(genes: set[str]) -> str:
    return "gene " + " and ".join(repr(g) for g in sorted(genes))
