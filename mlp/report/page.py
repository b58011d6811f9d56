"""The report: one self-contained page, its figures as files, and its tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from mlp.command import holds_other
from mlp.lab.diagnosis import GenomeDiagnosis
from mlp.report import archive, explanation, results
from mlp.report.cards import cards_of
from mlp.report.changes import Changes
from mlp.report.charts import charts_of
from mlp.report.export import TABLES, write_tables
from mlp.report.figures.answer import answer_figure
from mlp.report.figures.ladder import ladder_figure
from mlp.report.figures.style import Picture
from mlp.report.roles import roles
from mlp.report.study import Study, writing
from mlp.report.templates import filled

PAGE = "index.html"
FIGURES = "figures"
TITLE = "Knockout and rescue: the verdicts"
RESULTS = "results.json"
_GENERATOR, _HEAD = '<meta name="generator" content="mlp.report">', 1_000
_FILE = re.compile(rf'<a href="((?:{FIGURES}/)?[\w.-]+\.(?:svg|csv|json))">')


def write_report(study: Study, folder: Path, against: Changes | None = None) -> Path:
    """Write the page, its figures and its tables into `folder`; the page's path.

    Raises:
        ReportError: the folder cannot be written to.
    """
    with writing("a report must go to a folder that can be written to", folder):
        (folder / FIGURES).mkdir(parents=True, exist_ok=True)
        before = _linked(folder / PAGE)
        tables = write_tables(study, folder)
        if study.rows:
            archive.save(study, folder / RESULTS)
            tables.append(RESULTS)
        text, pictures = render(study, tables, against)
        for picture in pictures:
            (folder / FIGURES / f"{picture.name}.svg").write_bytes(picture.svg)
        (folder / PAGE).write_text(text, encoding="utf-8")
        for name in before - _linked(folder / PAGE):
            (folder / name).unlink(missing_ok=True)
    return folder / PAGE


def others(folder: Path) -> list[Path]:
    """The files in `folder` that `write_report` would replace and did not write."""
    written = (PAGE, RESULTS, *(f"{name}.{kind}" for name in TABLES for kind in ("csv", "json")))
    ours = _linked(folder / PAGE)
    if not holds_other(folder / PAGE, _GENERATOR):
        ours.add(PAGE)
    return [folder / name for name in written if name not in ours and (folder / name).exists()]


def _linked(page: Path) -> set[str]:
    """The files written with a page, to which it links; none if `write_report` did not write it."""
    text = page.read_text(encoding="utf-8", errors="replace") if page.is_file() else ""
    return set(_FILE.findall(text)) if _GENERATOR in text[:_HEAD] else set()


def render(
    study: Study, tables: Sequence[str] = (), against: Changes | None = None
) -> tuple[str, list[Picture]]:
    """The page's text and the pictures in it; `tables` are files beside it to link to."""
    cards, charts = cards_of(study), charts_of(study)
    answer, found = answer_figure(study.rows, study.score), explanation.answers(study.rows)
    by_test = groupby(cards, key=lambda c: (c.row.heading, c.row.words, c.row.sentence))
    text = filled(
        "page.html.j2",
        title=TITLE,
        study=study,
        cards=cards,
        tests=[list(own) for _, own in by_test],
        findings=results.with_findings(study.rows),
        differing=[card for card in cards if card.row.status == results.CHANGED],
        answer=answer,
        answers=found,
        roles=roles(study.rows),
        charts=charts,
        tables=tables,
        against=against,
    )
    first = [answer.file] if answer else []
    curves = [picture for chart in charts for picture in chart.pictures]
    return text, [*first, *curves, *(card.picture for card in cards if card.picture)]


def diagnosis_page(found: GenomeDiagnosis) -> str:
    """The ladder and the text of one diagnosis as a page, for `python -m mlp.diagnose --html`."""
    picture = ladder_figure(found.detail(), "ladder", found.setting.unit or "score")
    return filled("diagnosis.html.j2", found=found, picture=picture)
