"""A study against saved results: which verdicts changed, which effects moved, what else differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from mlp.report.archive import Saved, load
from mlp.report.results import Row, count_of, ordered
from mlp.report.study import ReportError, Study
from mlp.report.terminal import Line, coloured


class Change(NamedTuple):
    """A claim of both studies: as saved, and now."""

    before: Row
    now: Row

    @property
    def verdict_changed(self) -> str:
        """The verdicts, before and now; "" if they are one. So with what else can be told."""
        a, b = self.before.claim.verdict, self.now.claim.verdict
        return f"verdict was {a}, is {b}" if a != b else ""

    @property
    def moved(self) -> str:
        """The effects, where they moved beyond the intervals: neither holds the other's effect.

        Identical weights are no estimate, with an interval of none: to lose them is to move.
        """
        a, b = self.before.claim, self.now.claim
        if a.identical or b.identical:
            still = b.identical and (a.identical or a.low <= 0 <= a.high)
        else:
            still = a.low <= b.effect <= a.high or b.low <= a.effect <= b.high
        if still:
            return ""
        return f"effect was {self.before.effect_text()}, is {self.now.effect_text()}"

    @property
    def became_identical(self) -> str:
        """The effect of before, where its interval held that of weights identical now, 0."""
        gained = self.now.claim.identical and not self.before.claim.identical and not self.moved
        return f"became identical: effect was {self.before.effect_text()}" if gained else ""

    @property
    def redefined(self) -> str:
        """What of the claim itself differs: the outcome claimed, or the margin."""
        a, b = self.before.claim, self.now.claim
        told = [f"claimed {a.expected}, now {b.expected}"] if a.expected != b.expected else []
        told += [f"margin was {a.margin:g}, is {b.margin:g}"] if a.margin != b.margin else []
        return "; ".join(told)


KINDS = ("verdict_changed", "moved", "became_identical", "redefined")
"""The properties of a change: what can be told of a claim. The first two count as changes."""


class Changes(NamedTuple):
    """A study against a saved one: claims in both, and claims in only one of them.

    `otherwise` says in what else than their claims the two studies differ, a sentence each.
    """

    saved: Saved
    both: tuple[Change, ...]
    new: tuple[Row, ...]
    missing: tuple[Row, ...]
    otherwise: tuple[str, ...] = ()

    def where(self, what: str) -> list[Change]:
        """The claims of both of which a property of `Change` tells something, by its name."""
        return [change for change in self.both if getattr(change, what)]

    @property
    def same(self) -> list[Row]:
        """The claims, as they are now, that are unchanged: same claim and verdict, not moved."""
        return [c.now for c in self.both if not any(getattr(c, what) for what in KINDS)]

    @property
    def any(self) -> bool:
        """Whether a verdict changed or an effect moved.

        Claims redefined or become identical, and claims in one study only, do not count.
        """
        return any(self.where(what) for what in KINDS[:2])


def against(study: Study, saved: Saved) -> Changes:
    """What `study` changed of what was `saved`, claim by claim, by test and place within it."""
    now, before = _keyed(study.rows), _keyed(saved.rows)
    return Changes(
        saved=saved,
        both=tuple(Change(before[key], now[key]) for key in now if key in before),
        new=tuple(row for key, row in now.items() if key not in before),
        missing=tuple(row for key, row in before.items() if key not in now),
        otherwise=tuple(_otherwise(study, saved)),
    )


def not_in(study: Study, path: Path) -> int:
    """How many claims the results saved in `path` hold that `study` does not; 0 if none are."""
    with suppress(ReportError):
        return len(_keyed(load(path).rows).keys() - _keyed(study.rows).keys())
    return 0


def _otherwise(study: Study, saved: Saved) -> Iterable[str]:
    """In what the two studies differ other than in their claims, as sentences."""
    protocols = other_protocol(saved, study.provenance.get("protocol") or {"name": study.protocol})
    if protocols:
        yield f"saved at another protocol ({protocols}): differences may be the protocol's"
    for fact, part, told in (
        ("seeds", "first", "saved on other seeds (from {}, here from {}): {} the seeds'"),
        ("seeds", "most", "saved with another number of seeds (at most {}, here {}): {} its"),
        ("machine", "processor", "saved on another processor ({}, here {}): {} its rounding's"),
    ):
        before, now = (of.provenance.get(fact) for of in (saved, study))
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            then, here = before.get(part), now.get(part)
            if None not in (then, here) and then != here:
                yield told.format(then, here, "differences may be")


def other_protocol(saved: Saved, protocol: Mapping[str, Any]) -> str:
    """The protocol of the saved results and `protocol`, in words; "" if they are one, or unknown.

    A protocol is a mapping with a "name" and, where known, all else that is held equal.
    """
    name, kept = protocol.get("name"), saved.provenance.get("protocol") or {}
    others = sorted(({kept["name"]} if kept else protocol_names(saved)) - {name})
    if not name or others:
        return f"{others[0]}, here {name}" if name else ""
    other = sorted(key for key in kept.keys() & protocol.keys() if kept[key] != protocol[key])
    told = "; ".join(f"{key} {kept[key]}, here {protocol[key]}" for key in other)
    return f"{name}, but {told}" if told else ""


def protocol_names(saved: Saved) -> set[str]:
    """The names of the protocols that the saved claims were made at."""
    return {row.claim.protocol for row in saved.rows}


def _keyed(rows: Iterable[Row]) -> dict[tuple[str, int], Row]:
    seen: Counter[str] = Counter()
    found = {}
    for row in rows:
        found[row.nodeid, seen[row.nodeid]] = row
        seen[row.nodeid] += 1
    return found


def told(changes: Changes) -> list[tuple[Row, str, bool]]:
    """Each change of a claim: the claim as it is now, the change, whether it counts as one."""
    return [
        (change.now, getattr(change, what), what != "became_identical")
        for what in KINDS
        for change in changes.where(what)
    ]


def describe(changes: Changes) -> list[Line]:
    """The changes as (text, colour) lines for a terminal."""
    saved = changes.saved
    lines = coloured("bold", f"against {saved.place} ({origin(saved)})")
    lines += coloured("yellow", *changes.otherwise)
    for row, text, counts in told(changes):
        lines += coloured("", ", ".join(filter(None, (row.title, row.claim.dataset))), indent="  ")
        lines += coloured("red" if counts else "yellow", text, indent="    ")
    if changes.same:
        lines.append(("unchanged:", ""))
    lines += coloured("", *by_finding(changes.same), indent="  ")
    return lines + coloured("bold" if changes.any else "green", summary(changes))


def by_finding(rows: Sequence[Row]) -> list[str]:
    """The claims in few words: for each finding its tests, each with its datasets."""
    found: dict[str, dict[str, list[str]]] = {}
    for row in ordered(rows):
        tests = found.setdefault(row.heading, {})
        tests.setdefault(row.title, []).append(row.claim.dataset)
    return [
        f"{heading}: "
        + "; ".join(f"{t} ({', '.join(on)})" if any(on) else t for t, on in tests.items())
        for heading, tests in found.items()
    ]


def origin(saved: Saved) -> str:
    """Where saved results come from: protocol, commit and date."""
    facts = saved.provenance
    protocol, commit = facts.get("protocol"), facts.get("commit")
    words = [f"protocol {protocol['name']}"] if isinstance(protocol, dict) else []
    if isinstance(commit, dict) and commit.get("id"):
        words.append(f"commit {str(commit['id'])[:10]}{'+' if commit.get('dirty') else ''}")
    words += [str(facts["made"])[:10]] if facts.get("made") else []
    words += [f"partial: {saved.partial}"] if saved.partial else []
    return ", ".join(words) or "of unknown origin"


def summary(changes: Changes) -> str:
    """One line: how many verdicts changed, effects moved and claims differ; how many do not."""
    verdicts, moved, identical, redefined = (len(changes.where(what)) for what in KINDS)
    beyond = "its interval" if moved == 1 else "their intervals"
    parts = {
        f"{count_of(verdicts, 'verdict')} changed": True,
        f"{count_of(moved, 'effect')} moved beyond {beyond}": True,
        f"{identical} became identical": identical,
        f"{count_of(redefined, 'claim')} of another margin or outcome": redefined,
        f"{count_of(len(changes.same), 'claim')} unchanged": True,
        f"{len(changes.new)} new": changes.new,
        f"{len(changes.missing)} not run now": changes.missing,
    }
    return ", ".join(part for part, there in parts.items() if there)


def changed(changes: Changes) -> str:
    """What `changes.any` found, in a few words."""
    verdicts, moved = (len(changes.where(what)) for what in KINDS[:2])
    parts = {
        f"{count_of(verdicts, 'verdict')} changed": verdicts,
        f"{count_of(moved, 'effect')} moved": moved,
    }
    return ", ".join(part for part, there in parts.items() if there)
