"""What a report is made from: claims, runs, where they come from, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlp.errors import UserError
from mlp.genome import Genome, find_species
from mlp.report.results import Row, ordered
from mlp.run import Run
from mlp.run.protocol import NONE


class ReportError(ValueError, UserError):
    """A report that cannot be made as asked: the rule, the value seen, the remedy."""


@contextmanager
def writing(rule: str, place: Path) -> Iterator[None]:
    """Say in a sentence that `place` does not keep the `rule` of what can be written to."""
    try:
        yield
    except OSError as error:
        raise ReportError(
            f"{rule}; {place} cannot be ({error.strerror or error}): name another"
        ) from None


@dataclass(frozen=True)
class Study:
    """One study, as far as it came.

    `partial` says why it is partial ("" if it is whole); `unsettled` lists the tests that failed
    for another reason than a verdict, each with a message; `sentences` explain the results in
    words.
    """

    rows: Sequence[Row]
    runs: Sequence[Run] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    sentences: Sequence[str] = ()
    partial: str = ""
    unsettled: Sequence[tuple[str, str]] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", tuple(ordered(self.rows)))

    @property
    def datasets(self) -> tuple[str, ...]:
        """Datasets of the claims and runs, in the order first met; none where there are none."""
        claimed = [name for row in self.rows for name in row.datasets]
        return tuple(filter(None, dict.fromkeys([*claimed, *(run.dataset for run in self.runs)])))

    @property
    def protocol(self) -> str:
        """The protocol's name; "" where nothing says it, or the species has none."""
        named = [row.claim.protocol for row in self.rows] + [r.protocol.name for r in self.runs]
        return named[0] if named and named[0] != NONE.name else ""

    @property
    def species(self) -> tuple[type[Genome], ...]:
        """The species that the claims and runs are of, as far as they are known here."""
        claimed = [find_species(row.claim.species) for row in self.rows]
        found = dict.fromkeys([*claimed, *(type(run.genome) for run in self.runs)])
        return tuple(one for one in found if one is not None)

    @property
    def score(self) -> str:
        """What scores are called: as the species says, if all say the same; else "score"."""
        named = {one.score_name for one in self.species}
        return named.pop() if len(named) == 1 else Genome.score_name
