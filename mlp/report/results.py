"""The results of a study as plain rows: one for each claim that a test made."""

from __future__ import annotations

import json
import math
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mlp.genome import find_species
from mlp.lab import REFUTED, Claim
from mlp.lab.claim import DIAGNOSIS, SCREEN
from mlp.lab.known import protocol_of
from mlp.report.plain import Plain, plain_interval

AS_RECORDED, CHANGED = "as recorded", "changed"
IDENTICAL = "identical weights"
NO_BREAK = "\N{NO-BREAK SPACE}"
_INTERVAL = re.compile(r"\[[-−+.\d]+, [-−+.\d]+\]")
UNNAMED = "Other claims"
"""What claims of no finding stand under, where others are of one."""


@dataclass(frozen=True)
class Row:
    """One claim of one test.

    `test` is the test's function, `nodeid` what pytest selects it by, `file` its file. `finding` is
    the finding it belongs to ("" for none), and `states` says that it states that finding. `role`
    is "necessary" or "sufficient" where it asks that of one gene, the test's parameter; `pair` says
    for which pair of strains ("" where there is one). `recorded` is the verdict the suite records
    for it, with the `reason` where that is a refutation. `command` makes the claim again, on the
    same seeds and protocol ("" in results saved before it was kept).
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
        for dataset in filter(None, (self.claim.dataset, *self.datasets)):
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
        of, on = self.claim.detail, self.claim.dataset
        return (of["good"], of["bad"], on) if self.claim.kind == SCREEN else None

    @property
    def strains(self) -> set[str]:
        """The two strains between which it screens, or the genomes it compares."""
        arms = self.claim.detail.get("arms", ())
        return set(self.screen[:2]) if self.screen else {arm["genome"] for arm in arms}

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
        return heading(self.finding)

    @property
    def outcome(self) -> str:
        """What the evidence says: the claim's outcome, or that the arms are identical."""
        return "identical" if self.claim.identical else self.claim.outcome

    @property
    def interval(self) -> Mapping[str, float]:
        """The effect with its interval, as a screen keeps a share: {mean, low, high}."""
        return {"mean": self.claim.effect, "low": self.claim.low, "high": self.claim.high}

    @cached_property
    def plain(self) -> Plain | None:
        """The plain 95% interval of the effect, which is this claim's own, adjusted for nothing."""
        return plain_interval(self.claim)

    @property
    def detectable(self) -> bool:
        """Whether the effect is equivalent, so smaller than the margin, and yet not zero.

        That is by its plain 95% interval.
        """
        equivalent = self.claim.outcome == "equivalent" and not self.claim.identical
        return equivalent and self.plain is not None and self.plain.excludes_zero

    @property
    def vouched(self) -> str:
        """That the engine vouches for the claim's arms, and by how many seeds; "" if it does not.

        At those seeds of each arm the real executor and the engine ended with the same weights and
        curves, to the last bit; the engine trained the other seeds.
        """
        seeds = self.claim.vouched
        return f"vouched for by the engine, {count_of(seeds, 'seed')}" if seeds else ""

    def effect_text(self, places: int = 3, bounds: int = 2) -> str:
        """The effect with its interval; of identical arms, whose effect is no estimate, that.

        `places` and `bounds` are the digits after the point of the effect and of its interval, for
        scores; a unit of another size has more or fewer.
        """
        places, bounds = (digits(n, self.claim.scale) for n in (places, bounds))
        return IDENTICAL if self.claim.identical else interval_text(self.interval, places, bounds)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able form: NumPy's numbers, which no worker can send, become Python's."""
        raw = {name: getattr(self, name) for name in self.__dataclass_fields__}
        plain = {**raw, "claim": vars(self.claim), "status": self.status}
        return json.loads(json.dumps(plain, default=float))

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Row:
        """The row whose `to_dict` is `raw`."""
        values = {k: v for k, v in raw.items() if k != "status"}
        return cls(**{**values, "claim": Claim(**values["claim"])})


def heading(finding: str) -> str:
    """What a finding is called: "Finding 1" if it has a number, else by its own name."""
    return f"Finding {finding}" if finding.isdigit() else finding or UNNAMED


def keyword(finding: str) -> str:
    """The word by which `-k` selects the claims of a finding: "finding_1", or "conclusion"."""
    return re.sub(r"\W+", "_", heading(finding).lower())


def with_findings(rows: Iterable[Row]) -> bool:
    """Whether any of the claims belongs to a finding, so that headings say something."""
    return any(row.finding for row in rows)


def command(rows: Sequence[Row], expression: str) -> str:
    """The command that makes again what `-k expression` selects of the tests that made `rows`."""
    folder = posixpath.commonpath([posixpath.dirname(row.nodeid.split("::")[0]) for row in rows])
    quoted = f'"{expression}"' if " " in expression else expression
    species, protocol = find_species(rows[0].claim.species), rows[0].claim.protocol
    option = f" --mlp-protocol={protocol}"
    needed = option in rows[0].command  # what the claim itself says, where the species is unknown
    if species is not None:
        needed = protocol != protocol_of(species, None).name
    return f"pytest {folder}{' ' if folder else ''}-k {quoted}{option if needed else ''}"


def signed(value: float, places: int = 3) -> str:
    """`value` with its sign, and never a minus before zeros alone."""
    return f"{round(value, places) + 0.0:+.{places}f}"


def interval_text(of: Mapping[str, float], places: int, bounds: int | None = None) -> str:
    """An interval, {mean, low, high}, as "+0.50 [+0.45, +0.55]"; its ends to `bounds` digits."""
    low, high = (signed(of[end], places if bounds is None else bounds) for end in ("low", "high"))
    return f"{signed(of['mean'], places)} [{low}, {high}]"


def unbroken(text: str) -> str:
    """`text` with a no-break space in each of its intervals, so that they stay on one line."""
    return _INTERVAL.sub(lambda found: found[0].replace(" ", NO_BREAK), text)


def by_size(intervals: Mapping[str, Mapping[str, float]]) -> list[str]:
    """The names of intervals, that of the largest mean first, whatever its sign."""
    return sorted(intervals, key=lambda name: -abs(intervals[name]["mean"]))


def listed(words: Sequence[str]) -> str:
    """The words with commas and an `and`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def count_of(number: int, noun: str) -> str:
    """A number of things, in words."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def digits(places: int, scale: float) -> int:
    """As many digits after the point as `places` are of a score, in a unit of another size."""
    return max(0, places - math.floor(math.log10(scale))) if scale > 0 else places


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


def runs_read(row: Row, rows: Iterable[Row]) -> str:
    """Of a diagnosis, the runs it read, and those that the screen of the same two genomes read."""
    if row.claim.kind != DIAGNOSIS:
        return ""
    detail, told = row.claim.detail, f"{row.claim.detail['diagnosis']['runs']:,} runs read"
    for one in screen_rows(rows):
        if one.screen == (detail["good"], detail["bad"], row.claim.dataset):
            read = len(one.claim.detail["cells"]) * one.claim.seeds
            told += f"; the screen of the same two read {read:,}"
    return told


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Rows by finding, file and test, in an order that no worker or selection changes.

    Numbered findings come first, then those with names, then claims of no finding.
    """
    return sorted(rows, key=lambda r: (_place(r.finding), r.file, r.test, r.parameters, r.nodeid))


def _place(finding: str) -> tuple[int, int, str]:
    if finding.isdigit():
        return 0, int(finding), finding
    return (1, 0, finding) if finding else (2, 0, "")


RECORDED = "the suite records these refutations, and a test fails whose claim is no longer refuted"
"""What it means that claims are refuted as recorded."""


def refuted_as_recorded(rows: Sequence[Row]) -> str:
    """How many claims are refuted as recorded, in words; "" if none is."""
    count = sum(row.claim.verdict == row.recorded == REFUTED for row in rows)
    told = f"{count} of {len(rows)} {'is' if count == 1 else 'are'} refuted, as recorded"
    return told if count else ""


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """How many claims got each verdict, and how many verdicts changed."""
    changed = [row.status for row in rows if row.status == CHANGED]
    return Counter([row.claim.verdict for row in rows] + changed)


def units(rows: Iterable[Row]) -> str:
    """In which unit effects and margins are, in a sentence; "" where all are scores."""
    found = dict.fromkeys(row.claim.unit for row in rows)
    if not any(found):
        return ""
    told = " or ".join(unit or "score" for unit in found)
    return f"Effects, intervals and margins are in {told}; above 0 the first arm is better."


def notes(rows: Sequence[Row]) -> list[str]:
    """What the claims note of themselves: each note once, with the claims it is about."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for note in row.claim.notes:
            found.setdefault(note, []).append(row.title)
    told = []
    for note, titles in found.items():
        named = list(dict.fromkeys(titles))
        which = ", ".join(named[:2]) + (f" and {len(named) - 2} more" if named[2:] else "")
        which = f"all {len(rows)} claims" if len(titles) == len(rows) > 1 else which
        told.append(f"{which}: {note}")
    return told
