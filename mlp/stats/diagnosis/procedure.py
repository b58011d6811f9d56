"""gap -> mixed cells -> suspects -> causes, necessary and sufficient -> the rest does nothing.

The README of this room tells the steps. Searches go by means alone and decide nothing: what they
propose is asked, as comparisons of two cells.

**Error.** A diagnosis of k genes may ask 8 + 3k questions: k average effects and 8 + 2k comparisons
of two cells. Each has error / (8 + 3k) over all its looks, and a question beyond them is not asked.
For fixed questions that is Bonferroni's bound. Here earlier answers, and means of the same runs,
choose the questions. The bound holds for each path of questions that might be chosen. That choosing
among paths adds no more is measured, not proved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mlp.stats.comparison import Outcome
from mlp.stats.diagnosis.design import FEW, Cell, all_cells, mixed_cells
from mlp.stats.diagnosis.effects import Effects
from mlp.stats.diagnosis.parts import STAND_IN, Effect, Substitute
from mlp.stats.diagnosis.questions import Answer, Questions
from mlp.stats.diagnosis.scores import Scores
from mlp.stats.diagnosis.search import minimal_set
from mlp.stats.diagnosis.shares import EXACT, cells_of
from mlp.stats.looks import look_sizes

CLOSED = (Outcome.EQUIVALENT, Outcome.BETTER)
GLANCE = 8
"""Seeds at which the combinations of few genes are checked that nothing else has asked for."""

_ROUNDS = 4
"""How often the causes are corrected, and substitutes of one cause sought."""


@dataclass
class Case:
    """A diagnosis on its way: what is known, and the steps that find out more."""

    genes: tuple[str, ...]
    scores: Scores
    questions: Questions
    margin: float
    cap: int
    gap: Answer | None = None
    closure: Answer | None = None
    causes: list[str] = field(default_factory=list)
    needed: dict[str, Answer] = field(default_factory=dict)
    knockouts: dict[str, Answer] = field(default_factory=dict)
    substitutes: list[Substitute] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    harmful: list[Effect] = field(default_factory=list)
    beyond: list[Effect] = field(default_factory=list)
    harmless: dict[str, Effect] = field(default_factory=dict)
    undecided: dict[str, str] = field(default_factory=dict)
    rest: list[Answer] = field(default_factory=list)
    small: tuple[str, ...] = ()
    """Genes whose effect seemed small at the first look at the mixed cells."""

    def __post_init__(self) -> None:
        self.bad: Cell = frozenset()
        self.good: Cell = frozenset(self.genes)
        self.mixed = (*mixed_cells(self.genes), self.good)
        self.effects = Effects(self.scores, self.genes, self.margin, self.questions.claim_error)
        self.n = self.effects.first_look(self.cap)
        self.order: list[str] = []
        self.likely = 0

    def run(self) -> None:
        """Every step, in order; stops where there is no gap to explain."""
        self.gap = self.questions.ask(self.good, self.bad, "is good better than bad?")
        if self.gap is None or self.gap.outcome is not Outcome.BETTER:
            return
        self._order_suspects()
        self._find_causes()
        self._find_substitutes()
        self._ask_other_genes()
        self._find_pairs()
        self._clear_harmless()
        self._ask_rest()

    @property
    def named(self) -> frozenset[str]:
        """Every gene that is said to act on the score, or may be a cause."""
        subs = (g for s in self.substitutes for g in s.genes)
        return frozenset((*self.causes, *subs, *(e.gene for e in (*self.harmful, *self.beyond))))

    def _closes(self, cell: Cell, n: int) -> bool:
        """Whether the cell's mean over n seeds is within the margin of the good genome's."""
        y, good = self.scores.matrix([cell, self.good], n)
        return bool((y - good).mean() > -self.margin)

    def _search(
        self, base: Cell, suspects: Sequence[str], guess: int, n: int, why: str
    ) -> tuple[str, ...]:
        def closes(cell: Cell) -> bool:
            if cell:
                self.questions.tell(f"{why}: is {' and '.join(sorted(cell))} enough?")
            return self._closes(cell, n)

        return minimal_set(base, suspects, guess, closes)

    def _order_suspects(self) -> None:
        self.questions.tell(f"{len(self.mixed)} mixed cells: which genes act on average?")
        self.scores.want(self.mixed, self.n)
        effect = self.effects.at(self.n, ())
        mean = {g: effect[g].mean if g in effect else 0.0 for g in self.genes}
        self.order = sorted(self.genes, key=lambda g: -mean[g])
        self.small = tuple(g for g in self.genes if abs(mean[g]) < self.margin / 2)
        self.likely = sum(mean[g] >= self.margin / 2 for g in self.genes)

    def _find_causes(self) -> None:
        found = self._search(self.bad, self.order, self.likely, self.n, "what closes the gap")
        self.causes = list(found)
        n = self.n
        for _ in range(_ROUNDS):
            now = frozenset(self.causes)
            names = ", ".join(sorted(now)) or "no gene"
            self.closure = self.questions.ask(now, self.good, f"does rescuing {names} suffice?")
            n = next((m for m in look_sizes(self.cap) if m > n), self.cap)
            if self.closure is not None and self.closure.outcome is Outcome.WORSE:
                others = [g for g in self.order if g not in now]
                more = self._search(now, others, 1, n, "what else closes the gap")
                self.causes += more
                if more:
                    continue
            spare = self._spare_cause(now)
            if spare is None:
                return
            self.causes.remove(spare)
        self.closure, self.needed = None, {}

    def _spare_cause(self, now: Cell) -> str | None:
        """The weakest suspect that the set can do without; asks each for its necessity."""
        self.needed = {}
        for gene in sorted(now, key=self.order.index, reverse=True):
            answer = self.questions.ask(now, now - {gene}, f"is {gene} needed?")
            if answer is None:
                continue
            if answer.outcome in (Outcome.EQUIVALENT, Outcome.WORSE):
                return gene
            self.needed[gene] = answer
        return None

    def _find_substitutes(self) -> None:
        for cause in self.causes:
            answer = self._ask_knockout(frozenset({cause}))
            if answer is None:
                continue
            self.knockouts[cause] = answer
            needed = self.needed.get(cause)
            if needed is not None and needed.outcome is Outcome.BETTER:
                self._seek_substitutes(cause, answer)

    def _ask_knockout(self, out: Cell) -> Answer | None:
        names = " or ".join(sorted(out))
        return self.questions.ask(self.good, self.good - out, f"does good need {names}?")

    def _seek_substitutes(self, cause: str, knockout: Answer) -> None:
        """While good does without the cause and its known substitutes: what else is there?"""
        out: Cell = frozenset({cause})
        answer: Answer | None = knockout
        base = frozenset(self.causes) - {cause}
        for _ in range(_ROUNDS):
            if answer is None or answer.outcome is not Outcome.EQUIVALENT:
                return
            others = [g for g in self.order if g not in out | base]
            genes = self._search(base, others, 1, self.n, f"what stands in for {cause}")
            if not genes or not self._stands_in(cause, genes):
                return
            out |= set(genes)
            answer = self._ask_knockout(out)

    def _stands_in(self, cause: str, genes: tuple[str, ...]) -> bool:
        """Asks whether the genes close the gap instead of the cause, each of them needed."""
        without = frozenset(self.causes) - {cause}
        instead = without | set(genes)
        names = " and ".join(genes)
        closes = self.questions.ask(instead, self.good, f"does {names} stand in for {cause}?")
        answers = [
            self.questions.ask(instead, instead - {gene}, f"is {gene} needed instead of {cause}?")
            for gene in genes
        ]
        needed = all(a is not None and a.outcome is Outcome.BETTER for a in answers)
        if needed and closes is not None and closes.outcome is not Outcome.WORSE:
            self.substitutes.append(Substitute(cause, genes, closes))
            return True
        for gene in set(genes) - self.named:
            self.undecided[gene] = STAND_IN.format(cause)
        return False

    def _ask_other_genes(self) -> None:
        """Genes outside the causes that seem to act on average, the strongest first; each once."""
        asked: set[str] = set()
        while True:
            effect = self.effects.at(self.n, sorted(self.named, key=self.order.index))
            left = [g for g in effect if g not in self.named | asked | set(self.undecided)]
            strong = [g for g in left if abs(effect[g].mean) >= self.margin / 2]
            if not strong:
                return
            gene = max(strong, key=lambda g: abs(effect[g].mean))
            asked.add(gene)
            self._ask_other_gene(gene, effect[gene].mean)

    def _ask_other_gene(self, gene: str, average: float) -> None:
        gains = average > 0
        causes = frozenset(self.causes)
        stands = [c for c in self.causes if gains and self._closes(causes - {c} | {gene}, self.n)]
        if stands and self._stands_in(stands[0], (gene,)):
            return
        self.undecided.pop(gene, None)
        beside = causes | {e.gene for e in self.beyond}
        answers = []
        for with_it, without in ((beside | {gene}, beside), (self.good, self.good - {gene})):
            answer = self.questions.ask(with_it, without, f"does {gene} act beside the causes?")
            answers.append(answer)
            wanted = Outcome.BETTER if gains else Outcome.WORSE
            if answer is not None and answer.outcome is wanted:
                found = Effect(gene, answer.interval, answer)
                (self.beyond if gains else self.harmful).append(found)
                return
        small = all(a is not None and a.outcome is Outcome.EQUIVALENT for a in answers)
        if not small or abs(average) > self.margin:
            self.undecided[gene] = "acts on average, not shown beside the causes"

    def _find_pairs(self) -> None:
        """Pairs of causes of which neither does anything without the other."""
        causes = frozenset(self.causes)
        if len(causes) > EXACT:
            return
        self.questions.tell("shares: every combination of the causes")
        self.scores.want(cells_of(self.causes), self.n)
        for i, a in enumerate(self.causes):
            for b in self.causes[i + 1 :]:
                neither = causes - {a, b}
                alone = [neither | {g} for g in (a, b)]
                if not all(self._alike(c, neither) for c in alone):
                    continue
                answers = [
                    self.questions.ask(c, neither, f"do {a} and {b} act only together?")
                    for c in alone
                ]
                if all(x is not None and x.outcome is Outcome.EQUIVALENT for x in answers):
                    self.pairs.append((a, b))

    def _alike(self, first: Cell, second: Cell) -> bool:
        y, other = self.scores.matrix([first, second], self.n)
        return bool(abs((y - other).mean()) < self.margin / 2)

    def _clear_harmless(self) -> None:
        acting = sorted(self.named, key=self.order.index)
        left = [g for g in self.genes if g not in self.named and g not in self.undecided]
        cleared: dict[str, Effect] = {}
        for n in (n for n in look_sizes(self.cap) if n >= self.n):
            if n > self.n:
                self.questions.tell(f"mixed cells at {n} seeds: {len(left)} genes are open")
            self.scores.want(self.mixed, n)
            effect = self.effects.at(n, acting)
            within = [g for g in left if g in effect and self.effects.within(effect[g])]
            cleared |= {g: Effect(g, effect[g]) for g in within}
            left = [g for g in left if g not in within]
            if not any(g in effect and self.effects.decidable(effect[g], self.cap) for g in left):
                break
        if cleared and self._misfit(n, acting) > self.margin / 4:
            self.undecided |= dict.fromkeys(cleared, "may act in combination with others")
        else:
            self.harmless = cleared
        for gene in left:
            told = (
                f"{effect[gene].mean:+.2f} on average" if gene in effect else "cannot be told apart"
            )
            self.undecided[gene] = told

    def _misfit(self, n: int, acting: Sequence[str]) -> float:
        """Of the cells with n seeds; of few genes also that of the factorial at a glance."""
        found = self.effects.misfit(n, acting)
        if len(self.genes) <= FEW:
            self.questions.tell("the other combinations, at a glance: does anything act in them?")
            few = min(GLANCE, n)
            self.scores.want(all_cells(self.genes), few)
            found = max(found, self.effects.misfit(few, acting))
        return found

    def _ask_rest(self) -> None:
        """Asks whether all genes not named do nothing together, in bad and in good."""
        named = self.named
        if named == self.good:
            return
        for first, second, place in (
            (named, self.good, "bad"),
            (self.good - named, self.bad, "good"),
        ):
            why = f"do the other genes do anything together in {place}?"
            answer = self.questions.ask(first, second, why)
            if answer is None or abs(answer.interval.mean) > self.margin:
                self.undecided |= dict.fromkeys(self.harmless, "small alone, perhaps not together")
                self.harmless = {}
            if answer is not None:
                self.rest.append(answer)
