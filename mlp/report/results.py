"""The results of a study as plain rows: one for each claim that a test made."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mlp.lab import REFUTED, Claim
from mlp.report.plain import plain_interval

AS_RECORDED, CHANGED = "as recorded", "changed"
IDENTICAL = "identical weights"
_ROLE = re.compile(r"Is the gene (sufficient|necessary)( [^?]*)?\?")


@dataclass(frozen=True)
class Row:
    """One claim of one test.

    `test` is the test's function, `nodeid` what pytest selects it by, `file` its file,
    `finding` the finding of the study it belongs to ("" for none). `recorded` is the verdict the
    suite records for it, with the `reason` where that is a refutation. `command` makes the claim
    again, on the same seeds and protocol ("" in results saved before it was kept).
    """

    nodeid: str
    file: str
    test: str
    finding: str
    sentence: str
    recorded: str
    reason: str
    claim: Claim
    command: str = ""
    states: bool = False
    role: str = ""
    pair: str = ""

    @property
    def status(self) -> str:
        """Whether the verdict is the one recorded."""
        return AS_RECORDED if self.claim.verdict == self.recorded else CHANGED

    @property
    def parameters(self) -> str:
        """The test's parameters other than the dataset, as pytest writes them; "" for none."""
        given = self.nodeid.partition("[")[2].removesuffix("]")
        for dataset in (self.claim.dataset, *self.datasets):
            if given == dataset:
                return ""
            given = given.removesuffix(f"-{dataset}").removeprefix(f"{dataset}-")
        return given

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets compared: one, unless the claim holds an effect against that on another."""
        arms = self.claim.detail.get("arms", ())
        return tuple(dict.fromkeys(arm["dataset"] for arm in arms)) or (self.claim.dataset,)

    @property
    def screen(self) -> tuple[str, str, str] | None:
        """Its screen, if it is of one: the good strain, the bad one, and the dataset."""
        detail = self.claim.detail
        if "shares" not in detail:
            return None
        return detail["good"], detail["bad"], self.claim.dataset

    @property
    def title(self) -> str:
        """The test's name in words, with its parameters other than the dataset."""
        return f"{self.words}: {self.parameters}" if self.parameters else self.words

    @property
    def words(self) -> str:
        """The test's name in words."""
        return self.test.removeprefix("test_").replace("_", " ")

    @property
    def heading(self) -> str:
        """The finding it belongs to, in words."""
        if not self.finding:
            return "Beyond the post"
        return f"Finding {self.finding}" if self.finding.isdigit() else self.finding

    @property
    def states_finding(self) -> bool:
        """Whether it is the finding itself, not one that explains it: its sentence says so first.

        "Finding 3: training with Estimator.fit rescues the tf.matmul model."
        """
        return self.states or (bool(self.finding) and self.sentence.startswith(self.heading))

    @property
    def asks(self) -> tuple[str, str] | None:
        """The role of a gene that it asks about, and for which pair of strains; None: no role.

        Its sentence says so first: "Is the gene sufficient?", or "necessary"; where a finding
        compares several pairs, also of which: "Is the gene sufficient under Estimator.fit?".
        """
        found = _ROLE.match(self.sentence)
        return (found[1], found[2] or "") if found else None

    @property
    def outcome(self) -> str:
        """What the evidence says: the claim's outcome, or that the arms are identical."""
        return "identical" if self.claim.identical else self.claim.outcome

    @property
    def detectable(self) -> bool:
        """Whether the effect is equivalent, so smaller than the margin, and yet not zero.

        By its plain 95% interval, which is this claim's own and adjusted for nothing.
        """
        if self.claim.outcome != "equivalent" or self.claim.identical:
            return False
        plain = plain_interval(self.claim)
        return plain is not None and plain.excludes_zero

    @property
    def vouched(self) -> str:
        """That the engine vouches for the claim's arms, and by how many seeds; "" if it does not.

        At those seeds of each arm the real API and the engine ended with the same weights and
        curves, to the last bit; the engine trained the other seeds.
        """
        seeds = self.claim.vouched
        noun = "seed" if seeds == 1 else "seeds"
        return f"vouched for by the engine, {seeds} {noun}" if seeds else ""

    def effect_text(self, places: int = 3, bounds: int = 2) -> str:
        """The effect with its interval; of identical arms, whose effect is no estimate, that.

        `places` and `bounds` are the digits after the point of the effect and of its interval.
        """
        claim = self.claim
        if claim.identical:
            return IDENTICAL
        low, high = signed(claim.low, bounds), signed(claim.high, bounds)
        return f"{signed(claim.effect, places)} [{low}, {high}]"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able form: NumPy's numbers, which no worker can send, become Python's."""
        return json.loads(json.dumps({**asdict(self), "status": self.status}, default=float))

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Row:
        """The row whose `to_dict` is `raw`."""
        values = {k: v for k, v in raw.items() if k != "status"}
        return cls(**{**values, "claim": Claim(**values["claim"])})


def strains_compared(row: Row) -> set[str]:
    """The two strains between which a claim screens, or the genomes it compares."""
    detail = row.claim.detail
    if row.screen:
        return {detail["good"], detail["bad"]}
    return {arm["genome"] for arm in detail.get("arms", ())}


def command(rows: Iterable[Row], expression: str) -> str:
    """The command that makes again what `-k expression` selects of the tests that made `rows`."""
    rows = list(rows)
    folder = posixpath.commonpath([posixpath.dirname(row.nodeid.split("::")[0]) for row in rows])
    name = rows[0].claim.protocol
    quoted = f'"{expression}"' if " " in expression else expression
    option = "" if name == "quick" else f" --mlp-protocol={name}"
    return f"pytest {folder}{' ' if folder else ''}-k {quoted}{option}"


def signed(value: float, places: int = 3) -> str:
    """`value` with its sign, and never a minus before zeros alone."""
    return f"{round(value, places) + 0.0:+.{places}f}"


def decided(interval: Mapping[str, float]) -> bool:
    """Whether an interval, {low, high} and more, excludes 0."""
    return interval["low"] > 0 or interval["high"] < 0


def screen_rows(rows: Iterable[Row]) -> list[Row]:
    """The rows that hold a screen: of those of one screen, the one that looked at most seeds."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        screen = row.screen
        if screen and (screen not in found or row.claim.seeds > found[screen].claim.seeds):
            found[screen] = row
    return list(found.values())


def properties(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """The claims of one test as named texts, for JUnit's properties; numbered from the second on"""
    found = []
    for number, row in enumerate(rows, start=1):
        prefix = "mlp." if number == 1 else f"mlp.{number}."
        values = {name: getattr(row.claim, name) for name in _PROPERTIES}
        values |= {"finding": row.finding, "recorded": row.recorded, "status": row.status}
        values["vouched"] = row.vouched
        found += [(f"{prefix}{name}", str(value)) for name, value in values.items()]
    return found


_PROPERTIES = (
    "statement",
    "dataset",
    "protocol",
    "expected",
    "outcome",
    "verdict",
    "effect",
    "low",
    "high",
    "margin",
    "seeds",
    "first_seed",
    "diverged",
    "executor",
    "identical",
)


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Rows by finding, file and test, in an order that no worker or selection changes.

    Numbered findings come first, then the conclusion, then what goes beyond the post.
    """
    return sorted(rows, key=lambda r: (r.finding or "~", r.file, r.test, r.parameters, r.nodeid))


WHY_REFUTED = (
    "the suite states what the post claims, and asks of each gene alone whether it is the cause"
)


def refuted_by_design(rows: Sequence[Row]) -> str:
    """How many claims are refuted as recorded, in words; "" if none is."""
    count = sum(row.claim.verdict == row.recorded == REFUTED for row in rows)
    if not count:
        return ""
    are = "is" if count == 1 else "are"
    return f"{count} of {len(rows)} {are} refuted by design"


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """How many claims got each verdict, and how many verdicts changed."""
    found: dict[str, int] = {}
    for row in rows:
        found[row.claim.verdict] = found.get(row.claim.verdict, 0) + 1
    changed = sum(row.status == CHANGED for row in rows)
    return {**found, **({CHANGED: changed} if changed else {})}
