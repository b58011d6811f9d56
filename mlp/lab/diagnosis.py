"""A diagnosis: which of the genes in which two genomes differ make the difference."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlp.genome import Genome
from mlp.lab.arm import Arm, seen
from mlp.lab.checks import WORDS, unchecked
from mlp.lab.claim import DIAGNOSIS, REFUTED, SUPPORTED, UNDECIDED
from mlp.lab.evidence import Evidence, Setting
from mlp.lab.in_unit import in_unit, scaled
from mlp.lab.inquiry import Inquiry
from mlp.lab.key import expressed
from mlp.lab.question import LabError
from mlp.lab.screen import acting_genes, cell_of
from mlp.run import Executor, Run
from mlp.stats import Outcome
from mlp.stats.diagnosis import (
    ACTED,
    MOST_GENES,
    NO_TRACE,
    STAND_IN,
    Cell,
    Diagnosis,
    Finding,
    Interrupted,
    Progress,
    diagnose,
)

TRACE_SEEDS = 2
"""Seeds at which a gene that is not named is looked at for a trace in what the runs saw."""


@dataclass(frozen=True, eq=False)
class GenomeDiagnosis(Evidence):
    """What `lab.diagnose` found of two genomes; printed, it is about ten lines.

    `found` is the diagnosis in the species' unit. `runs` are those of the bad genome and of the
    good one that show the gap. `shows` says for a cause what it changes first, of what the runs
    recorded.
    """

    good: Genome
    bad: Genome
    found: Diagnosis
    runs: tuple[tuple[Run, ...], tuple[Run, ...]]
    shows: Mapping[str, str] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What could not be checked, as of a comparison."""
    diverged: int = 0
    """How many of all runs read diverged, not of the gap's two cohorts alone."""

    @property
    def cohorts(self) -> tuple[tuple[Run, ...], ...]:
        """The runs of the bad genome and of the good one."""
        return self.runs

    @property
    def causes(self) -> tuple[str, ...]:
        """The genes that close the gap, the largest share first."""
        return self.found.cause_genes

    @property
    def sets(self) -> list[frozenset[str]]:
        """All minimal sets of genes that close the gap: the causes, and those with substitutes."""
        causes = frozenset(self.causes)
        others = [causes - {one.cause} | set(one.genes) for one in self.found.substitutes]
        return [causes, *others]

    def assert_causes(self, *genes: str) -> None:
        """Claim: these genes, together, are what closes the gap; none: there is no gap.

        Where one gene stands in for another, either set supports the claim. A set without a cause
        that is shown and that nothing may replace is refuted, even where the gap is not explained.

        Raises:
            Refuted, Undecided: the claim is not supported.
            LabError: a gene in which the two genomes do not differ.
        """
        for gene in genes:
            if gene not in self.found.genes:
                raise LabError(
                    "a cause must be a gene in which the genomes differ and that acts "
                    f"({', '.join(self.found.genes)}); got {gene!r}: name one of them"
                )
        gap = self.found.gap
        if gap is None:
            raise LabError("a claim needs a diagnosis that ended; this one was interrupted")
        span = self.setting.span
        self._settle(
            self._claim(
                f"what makes {self.bad} worse than {self.good}",
                kind=DIAGNOSIS,
                expected=_caused_by(genes),
                outcome=self.outcome,
                verdict=self._verdict(frozenset(genes)),
                interval=scaled(gap.interval, 1 / span),
                margin=self.found.margin / span,
                notes=self.notes,
                detail=self.detail(),
            )
        )

    @property
    def outcome(self) -> str:
        """What was found, in words."""
        if self.found.finding is Finding.EXPLAINED:
            return _caused_by(self.causes)
        known = f"; {_caused_by(self.causes)}" if self.causes else ""
        return f"{self.found.finding}{known}"

    def _verdict(self, genes: frozenset[str]) -> str:
        finding = self.found.finding
        if finding is Finding.EXPLAINED:
            return SUPPORTED if genes in self.sets else REFUTED
        if finding in (Finding.NO_GAP, Finding.REVERSED):
            return SUPPORTED if finding is Finding.NO_GAP and not genes else REFUTED
        replaced = {one.cause for one in self.found.substitutes}
        perhaps = set(self.found.undecided.values())
        for cause in set(self.causes) - genes - replaced:
            if STAND_IN.format(cause) not in perhaps:
                return REFUTED
        gap = self.found.gap is not None and self.found.gap.outcome is Outcome.BETTER
        return REFUTED if gap and not genes else UNDECIDED

    def detail(self) -> dict[str, Any]:
        """The diagnosis as plain values, for reports."""
        return {
            "good": str(self.good),
            "bad": str(self.bad),
            "alleles": {"good": self.good.alleles(), "bad": self.bad.alleles()},
            "executors": list(dict.fromkeys(run.executor for runs in self.runs for run in runs)),
            "diagnosis": self.found.to_dict(),
        }

    def advice(self) -> str:
        """The alleles to change, that with the largest share first; "" if no cause is known."""
        changes = [
            f"{gene} from {getattr(self.bad, gene)!r} to {getattr(self.good, gene)!r}"
            for gene in self.causes
        ]
        return f"In the bad program, change {', then '.join(changes)}." if changes else ""

    def __str__(self) -> str:
        told = [f"{self.bad} against {self.good}{self.where}:", str(self.found)]
        told += [
            f"The first thing that {gene} changes in a run: {what}."
            for gene, what in self.shows.items()
        ]
        told += [f"Note: {note}." for note in self.notes]
        if self.diverged:
            told.append(f"{self.diverged} of {self.found.runs} runs diverged.")
        return "\n".join([*told, *filter(None, [self.advice()])])

    __repr__ = __str__


def diagnose_genomes(
    lab: Inquiry,
    setting: Setting,
    good: Genome,
    bad: Genome,
    margin: float,
    progress: Callable[[Progress], object] | None,
) -> GenomeDiagnosis:
    """The diagnosis of two genomes in their paired form; `margin` is in scores.

    Raises: as `Lab.diagnose`.
    """
    executor = lab.executor(bad, real=False)
    genes = acting_genes(good, bad, executor)
    check_genes(good, bad, genes, executor)
    known: dict[Cell, list[Run]] = {}

    def runs(cells: Sequence[Cell], n: int) -> list[list[Run]]:
        terms = [
            lab.term(setting, cell_of(good, bad, on), real=lab.real, vouch=False) for on in cells
        ]
        found = lab.runs(terms, n)
        known.update(zip(cells, found, strict=True))
        return found

    def tell(now: Progress) -> None:
        if progress is not None:
            progress(dataclasses.replace(now, diagnosis=in_unit(now.diagnosis, setting)))

    try:
        found = diagnose(
            genes,
            lambda cells, n: [[run.score for run in of] for of in runs(cells, n)],
            margin=margin,
            error=setting.claim_error,
            cap=lab.seeds,
            progress=None if progress is None else tell,
        )
    except Interrupted as stop:
        raise Interrupted(in_unit(stop.diagnosis, setting)) from stop
    unnamed = [frozenset({g}) for g in genes if g not in found.named]
    if any(run.weights or run.saw for run in known[frozenset()]) and found.causes:
        runs([on for on in unnamed if on not in known], min(TRACE_SEEDS, lab.seeds))
    seeds = found.gap.interval.n if found.gap else 0
    ends = [tuple(known[frozenset(on)][:seeds]) for on in ((), genes)]
    arms = [Arm(0, g, setting.dataset, r) for g, r in zip((bad, good), ends, strict=True)]
    found = dataclasses.replace(
        found.with_traces(traces(found, known)),
        cohorts=len(known),
        runs=sum(map(len, known.values())),
    )
    return GenomeDiagnosis(
        setting=setting,
        executor=executor.title,
        good=good,
        bad=bad,
        found=in_unit(found, setting),
        runs=(ends[0], ends[1]),
        shows=first_shown(found.cause_genes, known),
        notes=tuple(unchecked(arms)),
        diverged=sum(run.diverged for of in known.values() for run in of),
    )


def _caused_by(genes: Sequence[str]) -> str:
    return f"caused by {', '.join(genes)}" if genes else str(Finding.NO_GAP)


def check_genes(good: Genome, bad: Genome, genes: Sequence[str], executor: Executor) -> None:
    """Refuse genes that cannot be told apart one by one.

    Raises:
        LabError: fewer than 2 or more than 32 genes act, or one cannot act next to another's
            allele.
    """
    if len(genes) < 2:
        raise LabError(
            f"a diagnosis needs at least 2 genes that act; {good} and {bad} differ in "
            f"{', '.join(genes) or 'none'}: " + ("compare the two" if genes else "change a gene")
        )
    if len(genes) > MOST_GENES:
        raise LabError(
            f"a diagnosis takes at most {MOST_GENES} genes that act; {good} and {bad} differ in "
            f"{len(genes)}: make some of them alike first"
        )
    whole = frozenset(genes)
    for gene in genes:
        for cell, other in (({gene}, frozenset()), (whole - {gene}, whole)):
            one, two = (cell_of(good, bad, frozenset(on)) for on in (cell, other))
            if expressed(one, executor) == expressed(two, executor):
                raise LabError(
                    "each gene of a diagnosis must be able to act in either genome; "
                    f"{gene!r} cannot in {two}: give both genomes one allele of it"
                )


def traces(found: Diagnosis, cohorts: Mapping[Cell, Sequence[Run]]) -> dict[str, str]:
    """For each gene, whether its runs differ in what they saw or in their weights.

    From cohorts one gene apart; a gene has no entry where there are none, or nothing is recorded.
    """
    told: dict[str, str] = {}
    for gene in found.genes:
        pairs = [(runs, cohorts[on - {gene}]) for on, runs in cohorts.items() if gene in on
                 and on - {gene} in cohorts]  # fmt: skip
        both = [pair for a, b in pairs for pair in zip(a, b, strict=False)]
        if any(run.weights or run.saw for pair in both for run in pair):
            differ = any(a.weights != b.weights or seen(a) != seen(b) for a, b in both)
            told[gene] = ACTED if differ else NO_TRACE
    return told


def first_shown(genes: Sequence[str], cohorts: Mapping[Cell, Sequence[Run]]) -> dict[str, str]:
    """For each gene, what its runs differ in first, in words: what was fed before what came of it.

    From cohorts one gene apart, as in `traces`.
    """
    told: dict[str, str] = {}
    for gene in genes:
        for on, runs in cohorts.items():
            if gene in on and on - {gene} in cohorts:
                for a, b in zip(runs, cohorts[on - {gene}], strict=False):
                    names = sorted({*a.saw, *b.saw}, key=_place)
                    first = [WORDS.get(n, repr(n)) for n in names if a.saw.get(n) != b.saw.get(n)]
                    first += ["the final weights"] if a.weights != b.weights else []
                    if first:
                        told.setdefault(gene, first[0])
    return told


def _place(name: str) -> tuple[int, str]:
    """Where an entry of what a run saw stands: the usual ones in their order, then the others."""
    usual = list(WORDS)
    return (usual.index(name) if name in usual else len(usual), name)
