"""A Markdown summary of a study, fit for a pull request or a job's summary."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from itertools import groupby

from mlp.report import changes
from mlp.report.changes import Changes
from mlp.report.error_rates import level, overspent
from mlp.report.provenance import FRAMEWORKS
from mlp.report.results import (
    CHANGED,
    DESIGN,
    Row,
    counts,
    notes,
    refuted_by_design,
    units,
    with_findings,
)
from mlp.report.study import Study

AS_RECORDED, NOT_AS_RECORDED = "✅", "❌"
"""Marks of a verdict that is the one recorded, be it a refutation, and of one that is not."""


def markdown(study: Study, against: Changes | None = None) -> str:
    """The summary: what changed first, then every claim, folded by finding.

    A mark says whether a verdict is the one recorded; the verdict itself is named in words.
    """
    blocks = [f"## Verdicts: {_headline(study)}"]
    if study.rows:
        first = (_by_design(study.rows), level(study.rows), units(study.rows))
        blocks.append(" ".join(filter(None, first)))
    if study.partial:
        blocks.append(f"> **Partial:** {_text(study.partial)}.")
    if told := overspent(study.rows):
        blocks.append(f"> {_text(told)}.")
    differing = [row for row in study.rows if row.status == CHANGED]
    if differing:
        blocks += ["### Not as recorded", _table(differing, recorded=True)]
    if study.unsettled:
        tests = [f"- `{_code(test)}`: {_text(why)}" for test, why in study.unsettled]
        blocks += ["### Tests that failed for another reason than a verdict", "\n".join(tests)]
    if against is not None:
        blocks += [f"### Against {_text(against.saved.place)}", _changes(against)]
    if study.sentences:
        blocks += ["### In words", "\n".join(map(_bullet, study.sentences))]
    named = with_findings(study.rows)
    for heading, rows in groupby(study.rows, key=lambda r: r.heading if named else "All claims"):
        blocks.append(_folded(heading, list(rows)))
    if noted := notes(study.rows):
        blocks += ["### Notes", "\n".join(f"- {_text(note)}" for note in noted)]
    return "\n\n".join([*blocks, _origin(study)]) + "\n"


def _by_design(rows: Sequence[Row]) -> str:
    told = refuted_by_design(rows)
    return f"{told}: {DESIGN}." if told else ""


def _headline(study: Study) -> str:
    found = counts(study.rows)
    if not found:
        return "no claims"
    parts = [f"{n} {verdict}" for verdict, n in sorted(found.items()) if verdict != CHANGED]
    if changed := found.get(CHANGED, 0):
        return ", ".join(parts) + f"; **{changed} not as recorded**"
    return ", ".join(parts) + ("" if study.partial else "; as recorded")


def _bullet(paragraph: str) -> str:
    """A paragraph of the explanation as an item of a list, its command as code."""
    return "- " + "<br>".join(
        f"`{_code(line)}`" if line.startswith("pytest ") else _text(line)
        for line in paragraph.split("\n")
    )


def _folded(heading: str, rows: Sequence[Row]) -> str:
    said = ", ".join(f"{n} {v}" for v, n in sorted(counts(rows).items()) if v != CHANGED)
    title = f"<summary>{_text(heading)}: {said}</summary>"
    return f"<details>{title}\n\n{_table(rows)}\n\n</details>"


def _table(rows: Sequence[Row], recorded: bool = False) -> str:
    last = " | recorded" if recorded else ""
    lines = [
        f"| claim | dataset | effect [interval] | margin | seeds | outcome | verdict{last} |",
        "|---|---|---|---:|---:|---|---|" + ("---|" if recorded else ""),
    ]
    for row in rows:
        claim = row.claim
        cells = [
            _text(row.title),
            _text(claim.dataset or "–"),
            row.effect_text(bounds=3),
            f"{claim.margin:g}",
            f"{claim.seeds}{f', {row.vouched}' if row.vouched else ''}",
            _text(row.outcome + (", not zero" if row.detectable else "")),
            f"{AS_RECORDED if row.status != CHANGED else NOT_AS_RECORDED} {_text(claim.verdict)}",
        ]
        cells += [_text(row.recorded)] if recorded else []
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _changes(against: Changes) -> str:
    lines = [f"{changes.summary(against)} ({_text(changes.origin(against.saved))})."]
    lines += [f"- **{_text(other)}**" for other in against.otherwise]
    for row, told, _ in changes.told(against):
        on = f" on {_text(row.claim.dataset)}" if row.claim.dataset else ""
        lines.append(f"- {_text(row.title)}{on}: {_text(told)}")
    text = "\n".join(lines[:1] + ([""] if len(lines) > 1 else []) + lines[1:])
    if not against.same:
        return text
    same = "\n".join(f"- {_text(words)}" for words in changes.by_finding(against.same))
    return f"{text}\n\n<details><summary>Unchanged</summary>\n\n{same}\n\n</details>"


def _origin(study: Study) -> str:
    facts = study.provenance
    words = [f"protocol {study.protocol}"] if study.protocol else []
    commit = facts.get("commit", {})
    if commit.get("id"):
        words.append(
            f"commit {commit['id'][:10]}{' with local changes' if commit['dirty'] else ''}"
        )
    versions = facts.get("versions", {}).items()
    words += [f"{name} {version}" for name, version in versions if name in FRAMEWORKS]
    return f"<sub>{_text(', '.join(words))}</sub>" if words else ""


def _text(text: object) -> str:
    """`text` with everything escaped that Markdown, its tables or HTML would act on."""
    flat = html.escape(" ".join(str(text).split()), quote=False)
    return re.sub(r"([\\`*_\[\]|~#@!])", r"\\\1", flat)


def _code(text: str) -> str:
    """`text` for a code span."""
    return " ".join(text.replace("`", "'").split())
