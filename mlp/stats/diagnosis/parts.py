"""What a diagnosis consists of: how it ended, causes, substitutes, effects and rungs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mlp.stats.comparison import Outcome
from mlp.stats.diagnosis.questions import Answer
from mlp.stats.interval import Interval

ACTED, NO_TRACE = "acted", "left no trace"
STAND_IN = "may stand in for {}"
"""What is said of an undecided gene that may do what a cause does."""
"""Whether a gene changed anything in the runs, of what they recorded."""


class Finding(str, Enum):
    """How a diagnosis ended."""

    EXPLAINED = "explained"
    """Rescuing the causes closes the gap to within the margin."""
    PARTLY = "partly explained"
    """Genes were named, and it is not shown that they close the gap."""
    NO_GAP = "no gap"
    """Good and bad are equivalent: there is nothing to explain."""
    REVERSED = "reversed"
    """Good is worse than bad: swap them."""
    UNDECIDED = "undecided"
    """Within the seeds allowed, the gap was not shown, or no gene was."""
    STOPPED = "stopped"
    """Interrupted: what was known by then."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Cause:
    """A gene of the set whose rescue closes the gap; without it the set does not.

    `needed`: the causes against the causes without it. `knockout`: the good genome against the good
    one without it; "equivalent" there means that a substitute stands in. `share`: its Shapley share
    of what the causes gain together, in score; `fraction`: the same, of the gap.
    """

    gene: str
    needed: Answer | None = None
    knockout: Answer | None = None
    share: Interval | None = None
    fraction: float | None = None

    def __str__(self) -> str:
        shares = f"{self.fraction:.0%} of the gap" if self.fraction is not None else "a cause"
        of = f", {spelled(self.share)}" if self.share else ""
        rescue = f"; rescue {_step(self.needed)}" if self.needed else ""
        knockout = f"; knockout {_step(self.knockout, -1)}" if self.knockout else ""
        return f"{self.gene}: {shares}{of}{rescue}{knockout}"


@dataclass(frozen=True)
class Substitute:
    """`genes` do what `cause` does: with them rescued instead of it, the gap closes as well.

    Each of the genes is shown to be needed for that. `closes` says how sure it is that the gap is
    closed to within the margin: it may be undecided.
    """

    cause: str
    genes: tuple[str, ...]
    closes: Answer

    def __str__(self) -> str:
        sure = " (perhaps)" if self.closes.outcome is Outcome.UNDECIDED else ""
        return f"{' and '.join(self.genes)} in place of {self.cause}{sure}"


@dataclass(frozen=True)
class Effect:
    """A gene's effect on the score: from two cells (`answer`), or averaged over the mixed cells."""

    gene: str
    interval: Interval
    answer: Answer | None = None

    def __str__(self) -> str:
        return f"{self.gene} {spelled(self.interval)}"


@dataclass(frozen=True)
class Rung:
    """One step of the ladder from bad to good: `gene` gets the good allele beside those before it.

    The first rung, "bad", has no step; the last one, "all others", rescues every other gene.
    `score` is the cell's mean score, `step` what the rung adds to the one before it.
    """

    gene: str
    score: Interval
    step: Interval | None = None

    def __str__(self) -> str:
        return f"{self.gene} {self.score.mean:.3f}"


def spelled(i: Interval | None) -> str:
    """Mean and bounds, as text."""
    return f"{i.mean:+.3f} [{i.low:+.3f}, {i.high:+.3f}]" if i else ""


def _step(answer: Answer | None, sign: int = 1) -> str:
    """Mean effect and seeds of a comparison, and that it decided nothing if so."""
    if answer is None:
        return ""
    mark = ", undecided" if answer.outcome is Outcome.UNDECIDED else ""
    return f"{sign * answer.interval.mean:+.3f} (n={answer.interval.n}{mark})"
