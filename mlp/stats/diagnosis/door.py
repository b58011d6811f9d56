"""diagnose(genes, scores, margin=...) -> Diagnosis: the procedure from names to a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mlp.stats.comparison import Outcome, check_margin
from mlp.stats.diagnosis.parts import Cause, Finding, Rung
from mlp.stats.diagnosis.procedure import CLOSED, Case
from mlp.stats.diagnosis.questions import Questions, allowed
from mlp.stats.diagnosis.scores import Ask, Scores
from mlp.stats.diagnosis.shares import cells_of, ladder, shares
from mlp.stats.diagnosis.value import Diagnosis, Interrupted
from mlp.stats.interval import check_alpha
from mlp.stats.looks import look_sizes

MOST_GENES = 32
"""The most genes a diagnosis takes."""


@dataclass(frozen=True)
class Progress:
    """What is being asked now, and what is known: `diagnosis` is the one so far.

    `ruled_out` are the genes that seem to have no effect, or are shown to have none.
    """

    asking: str
    ruled_out: tuple[str, ...]
    diagnosis: Diagnosis


def diagnose(
    genes: Sequence[str],
    scores: Ask,
    *,
    margin: float,
    error: float = 0.05,
    cap: int = 256,
    progress: Callable[[Progress], object] | None = None,
) -> Diagnosis:
    """Which of the genes make the difference between a good and a bad genome.

    `scores(cells, n)` gives the first n seeds' scores, in [0, 1], of each cell, seed by seed the
    same seeds. A cell is the frozenset of the genes that have the good allele: the empty one is the
    bad genome. It is called again with a larger n for a cell that needs more seeds, and with the
    same n it must give the same scores. `progress` is called before each question.

    The probability that any gene is named that does nothing, or called harmless though its effect
    is twice the margin, is at most `error`; see `mlp.stats.diagnosis.procedure` for the argument
    and the README of this room for what was measured. The verdicts depend on the scores alone.

    Raises:
        ValueError: genes, margin, error or cap that cannot be used, or scores outside [0, 1].
        Interrupted: Ctrl-C in `scores` or `progress`; its `diagnosis` is what was known by then.
    """
    names = checked_genes(genes)
    check_margin(margin)
    check_alpha(error)
    look_sizes(cap)
    known = Scores(scores)
    case = Case(names, known, Questions(known, len(names), margin, error, cap), margin, cap)
    if progress is not None:
        case.questions.tell = lambda asking: _tell(progress, case, error, asking)
    try:
        case.run()
        return _found(case, error, finished=True)
    except KeyboardInterrupt as stop:
        raise Interrupted(_found(case, error, finished=False)) from stop


def checked_genes(genes: Sequence[str]) -> tuple[str, ...]:
    """The genes; ValueError unless 2 to 32 different names."""
    named = not isinstance(genes, str) and all(isinstance(g, str) for g in genes)
    if not named or len(set(genes)) < len(genes):
        raise ValueError(
            f"A diagnosis needs a list of different genes by name, got {genes!r}: "
            "try ['shuffle', 'logits']."
        )
    if not 2 <= len(genes) <= MOST_GENES:
        raise ValueError(
            f"A diagnosis takes 2 to {MOST_GENES} genes, got {len(genes)}: "
            + ("compare the two genomes." if len(genes) < 2 else "make some of them alike first.")
        )
    return tuple(genes)


def _tell(progress: Callable[[Progress], object], case: Case, error: float, asking: str) -> None:
    out = tuple(case.harmless) or tuple(g for g in case.small if g not in case.named)
    progress(Progress(asking, out, _found(case, error, finished=False)))


def _found(case: Case, error: float, *, finished: bool) -> Diagnosis:
    """The case as a value. An unfinished one asks for no more scores."""
    sure = [g for g in case.causes if _shown(case, g)]
    doubtful = {g: "may be a cause, not shown at this margin" for g in case.causes if g not in sure}
    causes = tuple(_cause(case, g) for g in sure)
    rungs: tuple[Rung, ...] = ()
    if finished and case.order:
        causes, rungs = _with_shares(case, causes, error)
    return Diagnosis(
        genes=case.genes,
        margin=case.margin,
        error=error,
        cap=case.cap,
        finding=_finding(case, sure) if finished else Finding.STOPPED,
        gap=case.gap,
        causes=causes,
        closure=case.closure,
        substitutes=tuple(case.substitutes),
        pairs=tuple(case.pairs),
        harmful=tuple(case.harmful),
        beyond=tuple(case.beyond),
        harmless=tuple(case.harmless.values()),
        undecided={**case.undecided, **doubtful},
        rest=tuple(case.rest),
        ladder=rungs,
        cohorts=case.scores.cohorts,
        runs=case.scores.runs,
        asked=case.questions.asked,
        allowed=allowed(len(case.genes)),
    )


def _cause(case: Case, gene: str) -> Cause:
    return Cause(gene, case.needed.get(gene), case.knockouts.get(gene))


def _with_shares(
    case: Case, causes: tuple[Cause, ...], error: float
) -> tuple[tuple[Cause, ...], tuple[Rung, ...]]:
    """The causes with their shares, the largest first, and the ladder."""
    genes = [c.gene for c in causes]
    cells = [*cells_of(genes), case.good]
    case.scores.want(cells, case.n)
    n = min(case.scores.seeds(c) for c in cells)
    share = shares(case.scores, genes, n, error)
    gap = float((case.scores.of(case.good, n) - case.scores.of(case.bad, n)).mean())
    known = [
        replace(c, share=share[c.gene], fraction=share[c.gene].mean / gap)
        for c in sorted(causes, key=lambda c: -share[c.gene].mean)
    ]
    return tuple(known), ladder(case.scores, [c.gene for c in known], case.good, n, error)


def _shown(case: Case, gene: str) -> bool:
    """Whether rescue or knockout showed the suspect to act beyond the margin."""
    answers = (case.needed.get(gene), case.knockouts.get(gene))
    return any(a is not None and a.outcome is Outcome.BETTER for a in answers)


def _finding(case: Case, sure: Sequence[str]) -> Finding:
    if case.gap is None or case.gap.outcome is Outcome.UNDECIDED:
        return Finding.UNDECIDED
    if case.gap.outcome is Outcome.EQUIVALENT:
        return Finding.NO_GAP
    if case.gap.outcome is Outcome.WORSE:
        return Finding.REVERSED
    if not sure:
        return Finding.UNDECIDED
    closed = len(sure) == len(case.genes)  # with every gene rescued, bad is good
    closed |= case.closure is not None and case.closure.outcome in CLOSED
    return Finding.EXPLAINED if closed and len(sure) == len(case.causes) else Finding.PARTLY
