"""Saved results: a study's claims in a checked JSON file."""

from __future__ import annotations

import hashlib
import json
import os
import re
import reprlib
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mlp.lab import REFUTED, SUPPORTED, UNDECIDED, Claim
from mlp.lab.claim import DIAGNOSIS, DOSE, KINDS, RECORDED, SCREEN
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
_MAX_BYTES = 256 * 2**20
_LARGEST = 2**53
_NUMBER = (int, float)
_Kind = type | tuple[type, ...]


@dataclass(frozen=True)
class Saved:
    """Results read from a file: where, their claims, and where they come from."""

    place: Path
    rows: tuple[Row, ...]
    provenance: Mapping[str, Any]
    partial: str


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
    with writing("results must be saved where a file can be written", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text + "\n", encoding="utf-8")
        beside.replace(path)


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
        raise _bad(path, f"its format is {reprlib.repr(raw['format'])}, not {FORMAT}")
    try:
        body = {name: value for name, value in raw.items() if name != "checksum"}
        undamaged = raw.get("checksum") == checksum(body)
    except RecursionError:
        raise _bad(path, "it is nested too deeply") from None
    if not undamaged:
        raise _bad(path, "its checksum does not match, so it is damaged or was edited")
    try:
        return _saved(path, body)
    except (LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        why = textwrap.shorten(str(error), 200)
        raise _bad(path, f"what it holds is not in the form of claims ({why})") from None


def _bad(path: Path, why: str) -> ReportError:
    return ReportError(
        f"a results file must be one that --mlp-save wrote; {path} is not, as {why}: save it anew"
    )


def _saved(path: Path, body: Mapping[str, Any]) -> Saved:
    """What a results file holds, all of it in the form that its readers rely on."""
    _check_values(body)
    provenance = _of(dict, body, "provenance")
    if provenance.get("protocol") is not None:
        _of(str, _of(dict, provenance, "protocol"), "name")
    if "selection" in provenance:
        _of(list, provenance, "selection")
    rows = tuple(map(_row, _of(list, body, "claims")))
    return Saved(path, rows, provenance, _of(str, body, "partial"))


_SUBJECT, _C = "subject", "C"
"""What earlier formats called a claim's file, and the finding "Conclusion"."""

_ROLE = re.compile(rf"Is the gene ({'|'.join(ROLES)})(?: ([^?]*))?\?")
"""How the sentence of a claim began that asks the role of a gene, before marks said so."""


def _of_today(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A saved claim in the form of today: what its sentence alone told is a field now."""
    row = dict(raw)
    if _SUBJECT in row:
        row["file"] = row.pop(_SUBJECT)
    if "states" in row:
        return row
    if row["finding"] == _C:
        row["finding"] = "Conclusion"
    said, finding = _of(str, row, "sentence"), _of(str, row, "finding")
    asked = _ROLE.match(said)
    role, pair = (asked[1], (asked[2] or "").strip()) if asked else ("", "")
    states = bool(finding) and said.startswith(heading(finding))
    return {**row, "states": states, "role": role, "pair": pair}


def _check_values(value: Any) -> None:
    """Refuse numbers that are not finite or cannot be shown, and texts that cannot be written."""
    if isinstance(value, dict):
        _check_values([*value, *value.values()])
    elif isinstance(value, list):
        for each in value:
            _check_values(each)
    elif isinstance(value, str):
        value.encode("utf-8")
    elif isinstance(value, _NUMBER) and not abs(value) <= _LARGEST:
        raise ValueError(f"a number is {reprlib.repr(value)}")


def _of(kind: _Kind, of: Mapping[str, Any], name: str) -> Any:
    """The value called `name`, which must be there and of that `kind`."""
    if not isinstance(of[name], kind):
        raise ValueError(f"{name} is {reprlib.repr(of[name])}")
    return of[name]


_KINDS: Mapping[str, _Kind] = {"str": str, "int": int, "float": _NUMBER, "bool": bool}
"""What a field of a claim may hold, by its annotation."""


def _row(raw: Mapping[str, Any]) -> Row:
    _check_detail(_of(dict, raw, "claim")["detail"])
    row = Row.from_dict(_of_today(raw))
    for each in (row, row.claim):
        for field in fields(each):
            value = getattr(each, field.name)
            if not isinstance(value, _KINDS.get(str(field.type), object)):
                raise ValueError(f"{field.name} is {reprlib.repr(value)}")
    if row.claim.verdict not in (SUPPORTED, REFUTED, UNDECIDED):
        raise ValueError(f"verdict is {reprlib.repr(row.claim.verdict)}")
    _check_claim(row.claim)
    plain_interval(row.claim)  # raises where the evidence is not in the form that this reads
    level([row])
    return row


def _check_claim(claim: Claim) -> None:
    """Refuse a kind that the detail does not tell, and sizes that nothing can be divided by."""
    if claim.kind not in KINDS or any(
        (claim.kind == kind) != (entry in claim.detail) for kind, entry in _TOLD_BY.items()
    ):
        raise ValueError(f"kind is {reprlib.repr(claim.kind)}")
    if not claim.scale > 0 or claim.claims < 1 or not all(isinstance(n, str) for n in claim.notes):
        raise ValueError("scale, claims or notes are of another form")


_TOLD_BY = {SCREEN: "shares", DOSE: "doses", RECORDED: "recorded", DIAGNOSIS: "diagnosis"}
"""The entry of a claim's detail that only claims of a kind have."""


def _check_detail(detail: Mapping[str, Any]) -> None:
    """Refuse arms and shares, which the readers of saved results read, of another form."""
    if not isinstance(detail, dict):
        raise ValueError(f"detail is {reprlib.repr(detail)}")
    for arm in _of(list, detail, "arms") if "arms" in detail else ():
        for name in ("genome", "dataset"):
            _of(str, arm, name)
        if "alleles" in arm:
            _of(dict, arm, "alleles")
    if "shares" in detail:
        for name in ("good", "bad"):
            _of(str, detail, name)
        if not _of(dict, detail, "shares"):
            raise ValueError("shares are none")
        for interval in (detail["whole"], *detail["shares"].values()):
            _check_interval(interval)
        of_screen(detail)


def _check_interval(interval: Mapping[str, Any]) -> None:
    low, mean, high = (_of(_NUMBER, interval, name) for name in ("low", "mean", "high"))
    if not low <= mean <= high:
        raise ValueError(f"an interval is {reprlib.repr(interval)}")
