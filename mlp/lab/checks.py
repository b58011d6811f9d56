"""Manipulation checks: did the genes compared act, and did nothing else change with them?

What each run saw is held against what its genes declare to act on. A comparison that fails a check
refuses to report. Where a species records nothing, or its genes declare nothing, `unchecked` says
so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from typing import Any

from mlp.errors import UserError
from mlp.genome import Gene, Genome, differing
from mlp.genome.gene import CURVES, EXECUTOR, SCORE, WEIGHTS
from mlp.lab.arm import Arm
from mlp.run import Run

WORDS = {
    "order": "the rows fed",
    "init": "the initial weights",
    "updates": "the updates made",
    "distinct_rows": "the rows ever seen",
    "first_loss": "the losses before the first update",
}
"""What the usual entries of what a run saw are called. Others are called by their own names."""

FOLLOWING = ("distinct_rows", "first_loss")
"""Entries that follow from others: they must be equal only where no gene acts on anything seen."""

_NEAR = 1e-5
"""Within what two executors may round a number that a run saw."""

Pairs = Sequence[tuple[Run, Run]]


class ManipulationError(AssertionError, UserError):
    """A comparison whose knockout did not act, or in which something else changed with it."""


def check_manipulation(a: Genome, b: Genome, runs: Pairs, real: Collection[str] = ()) -> None:
    """Hold the records of runs of `a` and `b`, paired by seed, against the genes they differ in.

    Of one genome, they are those of two executors, which must differ in nothing they are fed.
    `real` names the executors that genes about who trains are about. What a gene acts on and no
    run records shows nothing (see `unchecked`).

    Raises:
        ManipulationError: a gene did not act, or something changed that no differing gene
            explains.
    """
    genes = [a.genes[name] for name in differing(a.expressed(), b.expressed())]
    for name in dict.fromkeys(name for one in genes for name in one.saw):
        acting = [one for one in genes if name in one.saw]
        if shown := [pair for pair in runs if _records(name, pair)]:
            _must_differ(acting, shown, _words(name), _entry(name))
    for one in genes:
        if one.ends and not _unrecorded_ends(one, runs):
            _must_differ([one], runs, _ends_words(one), _end(one), some=True)
    undeclared = [one for one in genes if one.acts_on is None]
    if undeclared and _recorded(runs):
        _must_differ(undeclared, runs, "all that was recorded", _everything, some=True)
    about_trainer = [one for one in genes if EXECUTOR in (one.acts_on or ())]
    by_real = [pair for pair in runs if all(run.executor in real for run in pair)]
    if about_trainer and by_real:
        _must_differ(about_trainer, by_real, "who trained", lambda r: r.executor)
    if not undeclared:
        _check_the_rest(genes, runs)


def _check_the_rest(genes: Sequence[Gene], runs: Pairs) -> None:
    """Refuse what changed although no gene acts on it."""
    changed = _names(genes) if genes else "the executor"
    acted = {name for one in genes for name in one.saw}
    silent = all(one.silent for one in genes)
    seen = dict.fromkeys(name for pair in runs for run in pair for name in run.saw)
    for name in seen:
        if name not in acted and (silent or name not in FOLLOWING):
            _must_agree(
                changed,
                runs,
                _words(name),
                _entry(name),
                whole=name not in ("init", "first_loss"),
            )
    if genes and all(one.keeps_weights for one in genes):
        _must_agree(changed, runs, "the final weights", lambda r: r.weights or None, whole=True)


def check_cohorts(
    a: Genome, of_a: Sequence[Run], b: Genome, of_b: Sequence[Run], real: Collection[str] = ()
) -> None:
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
    check_manipulation(a, b, list(zip(of_a, of_b, strict=True)), real)


def check_arms(arms: Sequence[Arm], real: Collection[str] = ()) -> None:
    """`check_manipulation` of each two arms subtracted."""
    for a, b in zip(arms[::2], arms[1::2], strict=True):
        check_cohorts(a.genome, a.runs, b.genome, b.runs, real)


def unchecked(arms: Sequence[Arm]) -> list[str]:
    """What could not be checked of these arms, and what is odd about their seeds, in sentences."""
    told = []
    pairs = list(zip(arms[::2], arms[1::2], strict=True))
    acting = [
        (a.genome.genes[name], list(zip(a.runs, b.runs, strict=True)))
        for a, b in pairs
        for name in differing(a.genome.expressed(), b.genome.expressed())
    ]
    if acting and not any(_recorded(runs) for _, runs in acting):
        told.append(
            "that the genes acted was not checked, as the runs record nothing: return a Result "
            "with weights= and saw="
        )
    else:
        for one, runs in acting:
            told += [
                f"that {_names([one])} acted was not checked: it acts on {what}, which no run "
                "records: return a Result with it"
                for what in _unshown(one, runs)
            ]
            told += [
                f"that {_names([one])} acted was checked at {shown} of {len(runs)} seeds: the "
                f"other runs do not record {_words(name)}: return a Result with it at every seed"
                for name in one.saw
                if 0 < (shown := sum(_records(name, pair) for pair in runs)) < len(runs)
            ]
        if open_ := {one.name for one, _ in acting if one.acts_on is None}:
            told.append(
                f"that nothing else changed was not checked: {_listed(open_)} "
                f"{'declares' if len(open_) == 1 else 'declare'} no acts_on="
            )
    for arm in arms:
        measure = type(arm.genome).measure
        if measure is not None and (
            beyond := sum(run.score == 0.0 and not run.diverged for run in arm.runs)
        ):
            told.append(
                f"{beyond} of {len(arm.runs)} runs of {arm.genome} have a {measure.name} of "
                f"{measure.worst:g} or worse, and count as {measure.worst:g}: declare a larger "
                "worst="
            )
        weights = {run.weights for run in arm.runs}
        if len(arm.runs) > 1 and len(weights) == 1 and "" not in weights and not arm.diverged:
            told.append(
                f"the seed reaches nothing: all {len(arm.runs)} runs of {arm.genome} end with the "
                "same weights"
            )
    return list(dict.fromkeys(told))


def _recorded(runs: Pairs) -> bool:
    """Whether the runs record anything besides a score."""
    return any(run.weights or run.saw for pair in runs for run in pair)


def _records(name: str, pair: tuple[Run, Run]) -> bool:
    """Whether both runs record an entry of what they saw."""
    return all(run.saw.get(name) is not None for run in pair)


def _unrecorded_ends(one: Gene, runs: Pairs) -> list[str]:
    """What of a run's end the gene may act on and no run records."""
    recorded = {
        WEIGHTS: any(a.weights and b.weights for a, b in runs),
        CURVES: any(a.curves and b.curves for a, b in runs),
        SCORE: True,
    }
    return [name for name in one.ends if not recorded[name]]


def _unshown(one: Gene, runs: Pairs) -> list[str]:
    """What the gene acts on and no run records, so that nothing shows whether it acted."""
    found = [_words(name) for name in one.saw if not any(_records(name, pair) for pair in runs)]
    if one.ends and any(_end(one)(a) != _end(one)(b) for a, b in runs):
        return found
    return found + [f"the {name}" for name in _unrecorded_ends(one, runs)]


def _everything(run: Run) -> object:
    return run.weights, dict(run.saw), dict(run.curves), run.score


def _entry(name: str) -> Callable[[Run], Any]:
    return lambda run: run.saw.get(name)


def _end(one: Gene) -> Callable[[Run], object]:
    def of(run: Run) -> object:
        ends = {WEIGHTS: run.weights, CURVES: dict(run.curves), SCORE: run.score}
        return [ends[name] for name in one.ends]

    return of


def _ends_words(one: Gene) -> str:
    return " and ".join(f"the {'final ' if name == WEIGHTS else ''}{name}" for name in one.ends)


def _words(name: str) -> str:
    return WORDS.get(name, f"{name!r}")


def _must_differ(
    genes: Sequence[Gene],
    runs: Pairs,
    what: str,
    of: Callable[[Run], object],
    some: bool = False,
) -> None:
    """Refuse genes that left `of` the same at a seed; with `some`, at every seed.

    Two trainings may end alike at some seed, in the weights of a network that died; rows, initial
    weights and executors that are the same there were never manipulated. Where both runs diverged,
    what is the same shows nothing: they were cut short, or ended in weights that are no numbers.
    """
    if some and any(of(a) != of(b) for a, b in runs):
        return
    alike = [(a, b) for a, b in runs if of(a) == of(b)]
    same = [a.seed for a, b in alike if not (a.diverged and b.diverged)]
    if len(alike) < len(runs) and not same:
        return
    if not same:
        raise ManipulationError(
            f"a gene compared must be seen to act; both arms diverged at all {len(runs)} seeds, "
            f"so that nothing shows whether {_names(genes)} did: lower the learning rate"
        )
    where = f"seed {same[0]}" if len(same) < len(runs) else f"all {len(runs)} seeds"
    where += f" of {runs[0][0].genome} and {runs[0][1].genome}"
    raise ManipulationError(
        f"a gene compared must act; {_names(genes)} left {what} the same in {where}: "
        "compare alleles that act here"
    )


def _must_agree(
    changed: str, runs: Pairs, what: str, of: Callable[[Run], Any], whole: bool = False
) -> None:
    for a, b in runs:
        cut_short = whole and (a.diverged or b.diverged)
        if not cut_short and not _agree(of(a), of(b)):
            raise ManipulationError(
                f"nothing but {changed} may change; {what} differ too, at seed {a.seed}"
            )


def _agree(a: Any, b: Any) -> bool:
    if a is None or b is None or a == b:
        return True
    numbers = not isinstance(a, str) and not isinstance(b, str)
    rounded = isinstance(a, float) or isinstance(b, float)
    return numbers and rounded and math.isclose(a, b, rel_tol=_NEAR, abs_tol=_NEAR)


def _names(genes: Sequence[Gene]) -> str:
    return f"gene {' and '.join(repr(name) for name in sorted(one.name for one in genes))}"


def _listed(names: Collection[str]) -> str:
    return " and ".join(sorted(names))
