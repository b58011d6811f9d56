"""Claims: what a test asserted of a comparison, the verdict on it, and whether the test stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlp.stats import REGISTERED_CLAIMS, Outcome

SUPPORTED, REFUTED, UNDECIDED = "supported", "refuted", "undecided"
"""The verdicts a claim can get."""

COMPARISON, SCREEN, DOSE, RECORDED, DIAGNOSIS = KINDS = (
    "comparison",
    "screen",
    "dose-response",
    "recorded runs",
    "diagnosis",
)
"""What a claim is about: it decides what its `detail` holds."""

_TOLD_BY = {SCREEN: "shares", DOSE: "doses", RECORDED: "recorded", DIAGNOSIS: "diagnosis"}
"""The entry of a claim's detail that only claims of a kind have."""


def kinds_told(detail: Mapping[str, Any]) -> list[str]:
    """The kinds that a claim's detail tells of: one, unless it was altered."""
    return [kind for kind, entry in _TOLD_BY.items() if entry in detail] or [COMPARISON]


class ClaimError(AssertionError):
    """A claim that does not stand, said in one line."""


class Refuted(ClaimError):  # noqa: N818
    """The evidence decides against the claim."""


class Undecided(ClaimError):  # noqa: N818
    """The evidence decides nothing at the last look: never a pass."""


def diverged_text(number: int, before: str = "") -> str:
    """How many runs diverged, in words after `before`; "" if none did."""
    return f"{before}{number} {'run' if number == 1 else 'runs'} diverged" if number else ""


@dataclass(frozen=True)
class Claim:
    """What a test asserted of a comparison, and the verdict: plain values, ready to be written.

    `effect`, its interval and `margin` are in the species' unit, of which `scale` make a score of
    1. `dataset` is "" where the species has none. `claims` is the number of claims among which the
    error is divided. `vouched` counts the seeds at which the real executor and the engine ended an
    arm alike, to the last bit, so that the engine trained that arm's other seeds; 0 where it
    trained none so. `notes` say what could not be checked. `detail` holds what `kind` says, and
    `protocol_values` what the protocol held equal.
    """

    statement: str
    dataset: str
    protocol: str
    expected: str
    outcome: str
    verdict: str
    effect: float
    low: float
    high: float
    margin: float
    seeds: int
    first_seed: int
    diverged: int
    executor: str
    identical: bool = False
    vouched: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)
    kind: str = ""
    species: str = ""
    claims: int = REGISTERED_CLAIMS
    scale: float = 1.0
    unit: str = ""
    notes: Sequence[str] = ()
    protocol_values: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.kind:
            object.__setattr__(self, "kind", kinds_told(self.detail)[0])
        object.__setattr__(self, "notes", tuple(self.notes))

    @property
    def first_seeds(self) -> tuple[int, ...]:
        """Where the arms' seeds begin: one, unless they are of different seeds, and so unpaired."""
        arms = self.detail.get("arms", ())
        found = dict.fromkeys(arm.get("first_seed", self.first_seed) for arm in arms)
        return tuple(found) or (self.first_seed,)

    @property
    def where(self) -> str:
        """The dataset and the protocol, as far as there are any: " on digits (quick)"."""
        on = f" on {self.dataset}" if self.dataset else ""
        return on + (f" ({self.protocol})" if self.protocol != "-" else "")

    @property
    def diverged_text(self) -> str:
        """How many runs diverged, in words; "" if none did."""
        return diverged_text(self.diverged)

    def line(self) -> str:
        """Effect, interval, seeds, margin and outcome on one line.

        Identical arms, whose effect is no estimate, have no interval. Arms that share no seeds have
        theirs named one after the other.
        """
        seeds = " and ".join(f"{s}..{s + self.seeds - 1}" for s in self.first_seeds)
        diverged = diverged_text(self.diverged, ", ")
        unit = f" in {self.unit}" if self.unit else ""
        seen = f"effect {self.effect:+.3f} [{self.low:+.3f}, {self.high:+.3f}]{unit}"
        seen = "identical weights" if self.identical else seen
        vouched = f", vouched for by the engine, {self.vouched} seeds" if self.vouched else ""
        return (
            f"{self.statement}{self.where}: {seen}, margin "
            f"{self.margin:g}, n={self.seeds} (seeds {seeds}){vouched}{diverged}: {self.outcome}, "
            f"claimed {self.expected}"
        )


def verdict_of(outcome: Outcome, expected: Outcome) -> str:
    """The verdict on a claim of `expected` where the evidence says `outcome`."""
    if outcome is Outcome.UNDECIDED:
        return UNDECIDED
    return SUPPORTED if outcome is expected else REFUTED


def settle(claim: Claim, claims: list[Claim] | None = None) -> None:
    """Write `claim` down in `claims`, then raise unless its verdict is supported.

    Raises:
        Refuted, Undecided: the claim does not stand.
    """
    if claims is not None:
        claims.append(claim)
    if claim.verdict == REFUTED:
        raise Refuted(f"refuted: {claim.line()}")
    if claim.verdict == UNDECIDED:
        raise Undecided(f"undecided: {claim.line()}")
