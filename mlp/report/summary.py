"""A Markdown summary of a study, fit for a pull request or a job's summary."""

from __future__ import annotations

import html
import re
from itertools import groupby

from mlp.report import results
from mlp.report.changes import Changes
from mlp.report.provenance import FRAMEWORKS
from mlp.report.study import Study
from mlp.report.templates import filled

MARK = "## Verdicts"
"""What a summary holds near its beginning."""


def markdown(study: Study, against: Changes | None = None) -> str:
    """The summary: what changed first, then every claim, folded by finding.

    A mark says whether a verdict is the one recorded, be it a refutation; the verdict itself is
    named in words.
    """
    named = results.with_findings(study.rows)
    headed = groupby(study.rows, key=lambda row: row.heading if named else "All claims")
    text = filled(
        "summary.md.j2",
        study=study,
        against=against,
        differing=[row for row in study.rows if row.status == results.CHANGED],
        by_finding=[(heading, list(rows)) for heading, rows in headed],
        frameworks=FRAMEWORKS,
        text=_text,
        code=_code,
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _text(text: object) -> str:
    """`text` with everything escaped that Markdown, its tables or HTML would act on."""
    flat = html.escape(" ".join(str(text).split()), quote=False)
    return re.sub(r"([\\`*_\[\]|~#@!])", r"\\\1", flat)


def _code(text: str) -> str:
    """`text` for a code span."""
    return " ".join(text.replace("`", "'").split())
