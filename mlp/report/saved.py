"""Saved results: a study's claims in a checked JSON file, and what a later study changed."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mlp.lab import Claim
from mlp.report.results import Row, ordered
from mlp.report.study import ReportError, Study
from mlp.report.terminal import Line, wrapped

FORMAT = 1
FOLDER = Path(".mlp") / "results"
COMMITTED = "hypotheses"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_MAX_BYTES = 256 * 2**20

Key = tuple[str, int]


@dataclass(frozen=True)
class Saved:
    """Results read from a file: where, their claims, and where they come from."""

    place: Path
    rows: tuple[Row, ...]
    provenance: Mapping[str, Any]
    partial: str


@dataclass(frozen=True)
class Change:
    """A claim of both studies: as saved, and now."""

    before: Row
    now: Row

    @property
    def verdict_changed(self) -> bool:
        return self.before.claim.verdict != self.now.claim.verdict

    @property
    def moved(self) -> bool:
        """Whether the effect moved beyond the intervals: neither holds the other's effect.

        Identical weights are no estimate, with an interval of none: to gain or lose them is to
        move.
        """
        a, b = self.before.claim, self.now.claim
        if a.identical or b.identical:
            return a.identical != b.identical
        return not (a.low <= b.effect <= a.high) and not (b.low <= a.effect <= b.high)

    @property
    def redefined(self) -> str:
        """What of the claim itself differs, the outcome claimed or the margin; "" if nothing."""
        a, b = self.before.claim, self.now.claim
        told = [f"claimed {a.expected}, now {b.expected}"] if a.expected != b.expected else []
        told += [f"margin was {a.margin:g}, is {b.margin:g}"] if a.margin != b.margin else []
        return "; ".join(told)


@dataclass(frozen=True)
class Changes:
    """A study against a saved one: claims in both, and claims in only one of them.

    `otherwise` says in what else than their claims the two studies differ, a sentence each.
    """

    saved: Saved
    both: tuple[Change, ...]
    new: tuple[Row, ...]
    missing: tuple[Row, ...]
    otherwise: tuple[str, ...] = ()

    @property
    def verdicts(self) -> list[Change]:
        return [change for change in self.both if change.verdict_changed]

    @property
    def moved(self) -> list[Change]:
        return [change for change in self.both if change.moved]

    @property
    def redefined(self) -> list[Change]:
        return [change for change in self.both if change.redefined]

    @property
    def same(self) -> list[Row]:
        """The claims, as they are now, that are unchanged: same claim and verdict, not moved."""
        return [c.now for c in self.both if not (c.verdict_changed or c.moved or c.redefined)]

    @property
    def any(self) -> bool:
        """Whether a verdict changed or an effect moved.

        Claims redefined, and claims in one study only, do not count.
        """
        return bool(self.verdicts or self.moved)


def is_name(given: str) -> bool:
    """Whether `given` is a name for results, not the path of a file."""
    return bool(_NAME.fullmatch(given))


def place_to_save(given: str, root: Path) -> Path:
    """The file that results called `given` are written to: a name's in `root`, or `given` itself.

    Raises:
        ReportError: nothing is given.
    """
    if not given:
        raise ReportError("saved results need a name or a file; got '': try --mlp-save=mine")
    return root / FOLDER / f"{given}.json" if is_name(given) else Path(given)


def place_to_load(given: str, root: Path) -> Path:
    """The file that results called `given` are read from.

    A name is looked for among those saved in `root`, then among those committed with the suite.

    Raises:
        ReportError: nothing is given, or there is no such file.
    """
    if not given:
        raise ReportError(
            "results to compare with need a name or a file; got '': try --mlp-against=mine"
        )
    if is_name(given):
        places = [root / FOLDER / f"{given}.json", root / COMMITTED / f"{given}.json"]
    else:
        places = [Path(given)]
    for place in places:
        if place.is_file():
            return place
    where = " or ".join(str(place) for place in places)
    raise ReportError(
        f"results to compare with must have been saved; {given!r} is not at {where}: "
        "save them with --mlp-save"
    )


def save(study: Study, path: Path) -> None:
    """Write a study's claims and provenance to `path`, whole or not at all.

    Raises:
        ReportError: the file cannot be written.
    """
    body = {
        "format": FORMAT,
        "provenance": study.provenance,
        "partial": study.partial,
        "claims": [row.to_dict() for row in study.rows],
    }
    text = _by_line({**body, "checksum": checksum(body)})
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise ReportError(
            f"results must be saved where a file can be written; {path} cannot be "
            f"({error.strerror or error}): name another"
        ) from None


def _by_line(body: Mapping[str, Any]) -> str:
    """`body` as JSON, a claim a line: what is committed changes line by line."""

    def plain(value: Any) -> str:
        return json.dumps(value, allow_nan=False)

    parts = [
        f"{plain(name)}: "
        + ("[\n" + ",\n".join(map(plain, v)) + "\n]" if name == "claims" else plain(v))
        for name, v in body.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}"


def checksum(body: Mapping[str, Any]) -> str:
    """SHA-256 over canonical JSON: tells damage, not forgery."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def load(path: Path) -> Saved:
    """The results saved in `path`, checked.

    Raises:
        ReportError: it is not a whole, undamaged results file of this format.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise _bad(path, f"it is larger than {_MAX_BYTES >> 20} MiB")
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, ReportError):
            raise
        raise _bad(path, "it cannot be read as JSON") from None
    if not isinstance(raw, dict) or "format" not in raw:
        raise _bad(path, "it holds something else")
    if raw["format"] != FORMAT:
        raise _bad(path, f"its format is {raw['format']!r}, not {FORMAT}")
    body = {name: value for name, value in raw.items() if name != "checksum"}
    if raw.get("checksum") != checksum(body):
        raise _bad(path, "its checksum does not match, so it is damaged or was edited")
    try:
        rows = tuple(_row(claim) for claim in body["claims"])
        return Saved(path, rows, dict(body["provenance"]), str(body["partial"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _bad(path, f"its claims are not in the form of claims ({error})") from None


def _bad(path: Path, why: str) -> ReportError:
    return ReportError(
        f"a results file must be one that --mlp-save wrote; {path} is not, as {why}: save it anew"
    )


_NUMBERS = ("effect", "low", "high", "margin")


def _row(raw: Mapping[str, Any]) -> Row:
    row = Row.from_dict(dict(raw))
    texts = [f.name for f in fields(Row) if f.name != "claim"]
    if not all(isinstance(getattr(row, name), str) for name in texts):
        raise ValueError("a text is missing")
    if not all(isinstance(getattr(row.claim, name), (int, float)) for name in _NUMBERS):
        raise ValueError("a number is missing")
    if not isinstance(row.claim.verdict, str) or not isinstance(row.claim.detail, dict):
        raise ValueError(f"a {Claim.__name__} has the wrong types")
    return row


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
    if not path.is_file():
        return 0
    try:
        before = _keyed(load(path).rows)
    except ReportError:
        return 0
    return len(before.keys() - _keyed(study.rows).keys())


def _otherwise(study: Study, saved: Saved) -> Iterable[str]:
    """In what the two studies differ other than in their claims, as sentences."""
    protocols = other_protocol(saved, study.provenance.get("protocol") or {"name": study.protocol})
    if protocols:
        yield f"saved at another protocol ({protocols}): differences may be the protocol's"
    before, now = (of.provenance.get("seeds") for of in (saved, study))
    if not (isinstance(before, Mapping) and isinstance(now, Mapping)):
        return
    if before.get("first") != now.get("first"):
        firsts = f"from {before.get('first')}, here from {now.get('first')}"
        yield f"saved on other seeds ({firsts}): differences may be the seeds'"
    if before.get("most") != now.get("most"):
        most = f"at most {before.get('most')}, here {now.get('most')}"
        yield f"saved with another number of seeds ({most}): verdicts may differ by it"


def other_protocol(saved: Saved, protocol: Mapping[str, Any]) -> str:
    """The protocol of the saved results and `protocol`, in words; "" if they are one, or unknown.

    A protocol is a mapping with a "name" and, where known, all else that is held equal.
    """
    kept = saved.provenance.get("protocol")
    name = protocol.get("name")
    if not isinstance(kept, Mapping):
        others = sorted({row.claim.protocol for row in saved.rows} - {name}) if name else []
        return f"{others[0]}, here {name}" if others else ""
    if not name or kept.get("name") != name:
        return f"{kept.get('name')}, here {name}" if name else ""
    known = kept.keys() & protocol.keys()
    differing = [
        f"{key} {kept[key]}, here {protocol[key]}" for key in known if kept[key] != protocol[key]
    ]
    return f"{name}, but {'; '.join(sorted(differing))}" if differing else ""


def _keyed(rows: Iterable[Row]) -> dict[Key, Row]:
    seen: dict[str, int] = {}
    found: dict[Key, Row] = {}
    for row in rows:
        seen[row.nodeid] = seen.get(row.nodeid, -1) + 1
        found[row.nodeid, seen[row.nodeid]] = row
    return found


def describe(changes: Changes) -> list[Line]:
    """The changes as (text, colour) lines for a terminal."""
    saved = changes.saved
    lines = [(text, "bold") for text in wrapped(f"against {saved.place} ({origin(saved)})")]
    lines += [(text, "yellow") for told in changes.otherwise for text in wrapped(told)]
    for change in changes.verdicts:
        a, b = change.before.claim.verdict, change.now.claim.verdict
        lines += _told(change.now, f"verdict was {a}, is {b}")
    for change in changes.moved:
        x, y = change.before.effect_text(), change.now.effect_text()
        lines += _told(change.now, f"effect was {x}, is {y}")
    for change in changes.redefined:
        lines += _told(change.now, change.redefined)
    if changes.same:
        lines.append(("unchanged:", ""))
        lines += [(t, "") for words in by_finding(changes.same) for t in wrapped(words, "  ")]
    return [*lines, *((t, "bold" if changes.any else "green") for t in wrapped(summary(changes)))]


def _told(row: Row, text: str) -> Sequence[Line]:
    named = wrapped(f"{row.title}, {row.claim.dataset}", "  ")
    return [*((t, "") for t in named), *((t, "red") for t in wrapped(text, "    "))]


def by_finding(rows: Sequence[Row]) -> list[str]:
    """The claims in few words: for each finding its tests, each with its datasets."""
    found: dict[str, dict[str, list[str]]] = {}
    for row in ordered(rows):
        tests = found.setdefault(row.heading, {})
        tests.setdefault(row.title, []).append(row.claim.dataset)
    return [
        f"{heading}: " + "; ".join(f"{title} ({', '.join(on)})" for title, on in tests.items())
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
    moved = len(changes.moved)
    parts = [
        _count(len(changes.verdicts), "verdict") + " changed",
        _count(moved, "effect")
        + f" moved beyond {'its interval' if moved == 1 else 'their intervals'}",
    ]
    if changes.redefined:
        parts.append(_count(len(changes.redefined), "claim") + " of another margin or outcome")
    parts.append(_count(len(changes.same), "claim") + " unchanged")
    parts += [f"{len(changes.new)} new"] if changes.new else []
    parts += [f"{len(changes.missing)} not run now"] if changes.missing else []
    return ", ".join(parts)


def changed(changes: Changes) -> str:
    """What `changes.any` found, in a few words."""
    parts = [(len(changes.verdicts), "verdict", "changed"), (len(changes.moved), "effect", "moved")]
    return ", ".join(f"{_count(n, noun)} {verb}" for n, noun, verb in parts if n)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
