"""Saved results: a study's claims in a checked JSON file."""

from __future__ import annotations

import hashlib
import json
import os
import re
import reprlib
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

from mlp.lab import REFUTED, SUPPORTED, UNDECIDED
from mlp.lab.claim import kinds_told
from mlp.report.error_rates import level
from mlp.report.plain import of_screen, plain_interval
from mlp.report.results import Row, heading
from mlp.report.roles import ROLES
from mlp.report.study import ReportError, Study, writing

FORMAT = 1
FOLDER = Path(".mlp") / "results"
COMMITTED = "hypotheses"
"""The folder in which a suite's own results are committed."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
MARK = '{\n"format":'
"""How a file of saved results begins."""
_MAX_BYTES = 256 * 2**20
_LARGEST = 2**53
_NUMBER = (int, float)
_Kind = type | tuple[type, ...]


class Saved(NamedTuple):
    """Results read from a file: where, their claims, and where they come from."""

    place: Path
    rows: tuple[Row, ...]
    provenance: Mapping[str, Any]
    partial: str


def place_to_save(given: str, root: Path) -> Path:
    """The file that results called `given` are written to: a name's in `root`, or `given` itself.

    Raises:
        ReportError: nothing is given.
    """
    return _places(given, root, "saved results", "--mlp-save")[0]


def place_to_load(given: str, root: Path) -> Path:
    """The file that results called `given` are read from.

    A name is looked for among those saved in `root`, then among those committed with the suite.

    Raises:
        ReportError: nothing is given, or there is no such file.
    """
    places = _places(given, root, "results to compare with", "--mlp-against")
    for place in places:
        if place.is_file():
            return place
    where = " or ".join(str(place) for place in places)
    raise ReportError(
        f"results to compare with must have been saved; {given!r} is not at {where}: "
        "save them with --mlp-save"
    )


def _places(given: str, root: Path, what: str, option: str) -> list[Path]:
    if not given:
        raise ReportError(f"{what} need a name or a file; got '': try {option}=mine")
    if not _NAME.fullmatch(given):
        return [Path(given).expanduser()]
    return [root / folder / f"{given}.json" for folder in (FOLDER, Path(COMMITTED))]


def save(study: Study, path: Path) -> None:
    """Write a study's claims and provenance to `path`, whole or not at all.

    Raises:
        ReportError: the file cannot be written.
    """
    claims = [row.to_dict() for row in study.rows]
    about = {"format": FORMAT, "provenance": study.provenance, "partial": study.partial}
    told = {name: json.dumps(value, allow_nan=False) for name, value in about.items()}
    told["claims"] = by_line(claims)
    told["checksum"] = json.dumps(checksum({**about, "claims": claims}))
    text = ",\n".join(f"{json.dumps(name)}: {value}" for name, value in told.items())
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with writing("results must be saved where a file can be written", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(f"{{\n{text}\n}}\n", encoding="utf-8")
        beside.replace(path)


def by_line(entries: Iterable[Any]) -> str:
    """A list as JSON, an entry a line: what is committed changes line by line."""
    return "[\n" + ",\n".join(json.dumps(each, allow_nan=False) for each in entries) + "\n]"


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
        return _read(path)
    except _Bad as error:
        why = str(error)
    except (LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        why = f"what it holds is not in the form of claims ({textwrap.shorten(str(error), 200)})"
    raise ReportError(
        f"a results file must be one that --mlp-save wrote; {path} is not, as {why}: save it anew"
    )


class _Bad(Exception):  # noqa: N818
    """A file that is none of this format, and why."""


def _read(path: Path) -> Saved:
    """What a results file holds, all of it in the form that its readers rely on."""
    try:
        large = path.stat().st_size > _MAX_BYTES
        raw = None if large else json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise _Bad("it cannot be read as JSON") from None
    if large:
        raise _Bad(f"it is larger than {_MAX_BYTES >> 20} MiB")
    if not isinstance(raw, dict) or "format" not in raw:
        raise _Bad("it holds something else")
    if raw["format"] != FORMAT:
        raise _Bad(f"its format is {reprlib.repr(raw['format'])}, not {FORMAT}")
    body = {name: value for name, value in raw.items() if name != "checksum"}
    if raw.get("checksum") != checksum(body):
        raise _Bad("its checksum does not match, so it is damaged or was edited")
    _check_values(body)
    provenance = _of(dict, body, "provenance")
    if provenance.get("protocol") is not None:
        _of(str, _of(dict, provenance, "protocol"), "name")
    _of(list, {"selection": [], **provenance}, "selection")
    rows = tuple(map(_row, _of(list, body, "claims")))
    return Saved(path, rows, provenance, _of(str, body, "partial"))


_ROLE = re.compile(rf"Is the gene ({'|'.join(ROLES)})(?: ([^?]*))?\?")
"""How the sentence of a claim began that asks the role of a gene, before marks said so."""


def _of_today(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A saved claim in the form of today: what its sentence alone told is a field now.

    Earlier formats called its file a subject, and the finding "Conclusion" C.
    """
    row = {"file" if name == "subject" else name: value for name, value in raw.items()}
    if "states" in row:
        return row
    said, finding = _of(str, row, "sentence"), _of(str, row, "finding")
    finding = "Conclusion" if finding == "C" else finding
    asked = _ROLE.match(said)
    role, pair = (asked[1], (asked[2] or "").strip()) if asked else ("", "")
    states = bool(finding) and said.startswith(heading(finding))
    return {**row, "finding": finding, "states": states, "role": role, "pair": pair}


def _check_values(value: Any) -> None:
    """Refuse numbers that are not finite or cannot be shown, and texts that cannot be written."""
    if isinstance(value, dict):
        _check_values([*value, *value.values()])
    elif isinstance(value, list):
        for each in value:
            _check_values(each)
    elif isinstance(value, str):
        value.encode("utf-8")
    elif isinstance(value, _NUMBER):
        _need(abs(value) <= _LARGEST, "a number", value)


def _of(kind: _Kind, of: Mapping[str, Any], name: str) -> Any:
    """The value called `name`, which must be there and of that `kind`."""
    _need(isinstance(of[name], kind), name, of[name])
    return of[name]


def _need(right: bool, name: str, value: object) -> None:
    if not right:
        raise ValueError(f"{name} is {reprlib.repr(value)}")


_KINDS: Mapping[str, _Kind] = {"str": str, "int": int, "float": _NUMBER, "bool": bool}
"""What a field of a claim may hold, by its annotation."""


def _row(raw: Mapping[str, Any]) -> Row:
    _check_detail(_of(dict, _of(dict, raw, "claim"), "detail"))
    row = Row.from_dict(_of_today(raw))
    claim = row.claim
    for each in (row, claim):
        for field in fields(each):
            _of(_KINDS.get(str(field.type), object), vars(each), field.name)
    _need(claim.verdict in (SUPPORTED, REFUTED, UNDECIDED), "verdict", claim.verdict)
    _need(kinds_told(claim.detail) == [claim.kind], "kind", claim.kind)
    if not claim.scale > 0 or claim.claims < 1 or not all(isinstance(n, str) for n in claim.notes):
        raise ValueError("scale, claims or notes are of another form")
    plain_interval(claim)  # raises where the evidence is not in the form that this reads
    level([row])
    return row


def _check_detail(detail: Mapping[str, Any]) -> None:
    """Refuse arms and shares, which the readers of saved results read, of another form."""
    for arm in _of(list, {"arms": [], **detail}, "arms"):
        for name in ("genome", "dataset"):
            _of(str, arm, name)
        _of(dict, {"alleles": {}, **arm}, "alleles")
    if "shares" in detail:
        for name in ("good", "bad"):
            _of(str, detail, name)
        if not _of(dict, detail, "shares"):
            raise ValueError("shares are none")
        for interval in (detail["whole"], *detail["shares"].values()):
            low, mean, high = (_of(_NUMBER, interval, name) for name in ("low", "mean", "high"))
            _need(low <= mean <= high, "an interval", interval)
        of_screen(detail)
