"""Saved results: a study's claims in a checked JSON file."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mlp.lab import Claim
from mlp.report.results import Row
from mlp.report.study import ReportError, Study

FORMAT = 1
FOLDER = Path(".mlp") / "results"
COMMITTED = "hypotheses"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_MAX_BYTES = 256 * 2**20


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
