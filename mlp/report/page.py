"""The report: one self-contained page, its figures as files, and its tables."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from mlp.lab import DEFAULT_SEEDS
from mlp.report import archive, changes, error_rates
from mlp.report.cards import by_test, cards_of
from mlp.report.changes import Changes
from mlp.report.charts import charts_of
from mlp.report.explanation import answers, datasets_of, simultaneous
from mlp.report.export import write_tables
from mlp.report.figures import Picture, answer_figure
from mlp.report.figures.style import outcome_colour, signed
from mlp.report.results import (
    CHANGED,
    DESIGN,
    counts,
    notes,
    refuted_by_design,
    screen_rows,
    units,
    with_findings,
)
from mlp.report.roles import roles
from mlp.report.study import ReportError, Study

PAGE = "index.html"
FIGURES = "figures"
TITLE = "Knockout and rescue: the verdicts"
RESULTS = "results.json"
_INTERVAL = re.compile(r"\[[−+.\d]+, [−+.\d]+\]")
_GENERATOR, _HEAD = '<meta name="generator" content="mlp.report">', 1_000
_FILE = re.compile(rf'<a href="((?:{FIGURES}/)?[\w.-]+\.(?:svg|csv|json))">')


def write_report(study: Study, folder: Path, against: Changes | None = None) -> Path:
    """Write the page, its figures and its tables into `folder`; the page's path.

    Raises:
        ReportError: the folder cannot be written to.
    """
    try:
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
    except OSError as error:
        raise ReportError(
            f"a report must go to a folder that can be written to; {folder} cannot be "
            f"({error.strerror or error}): name another"
        ) from None
    return folder / PAGE


def _linked(page: Path) -> set[str]:
    """The files written with a page, to which it links; none if `write_report` did not write it."""
    text = page.read_text(encoding="utf-8", errors="replace") if page.is_file() else ""
    return set(_FILE.findall(text)) if _GENERATOR in text[:_HEAD] else set()


def render(
    study: Study, tables: Sequence[str] = (), against: Changes | None = None
) -> tuple[str, list[Picture]]:
    """The page's text and the pictures in it; `tables` are files beside it to link to."""
    cards, charts = cards_of(study), charts_of(study)
    answer = answer_figure(study.rows, study.score)
    text = (
        _environment()
        .get_template("page.html.j2")
        .render(
            title=TITLE,
            study=study,
            cards=cards,
            tests=by_test(cards),
            findings=with_findings(study.rows),
            differing=[card for card in cards if card.row.status == CHANGED],
            answer=answer,
            charts=charts,
            tables=tables,
            against=against,
            **_told(study, against),
        )
    )
    first = [answer.file] if answer else []
    curves = [picture for chart in charts for picture in chart.pictures]
    return text, [*first, *curves, *(card.picture for card in cards if card.picture)]


def _told(study: Study, against: Changes | None) -> dict[str, Any]:
    """What the page tells in words and numbers of the claims together."""
    stated, found = answers(study.rows), roles(study.rows)
    most = study.provenance.get("seeds", {}).get("most")
    return {
        "counts": counts(study.rows),
        "by_design": refuted_by_design(study.rows) and f"{refuted_by_design(study.rows)}: {DESIGN}",
        "answers": stated,
        "answered": datasets_of(stated),
        "simultaneous": simultaneous(len(screen_rows(study.rows))),
        "roles": found,
        "role_datasets": sorted({name for one in found for name in one.told}),
        "level": error_rates.level(study.rows),
        "units": units(study.rows),
        "notes": notes(study.rows),
        "ends": {row.claim.scale for row in study.rows} <= {1.0},
        "stated": error_rates.stated(study.rows, most or DEFAULT_SEEDS),
        "measured": error_rates.measured(),
        "calibrate": error_rates.COMMAND,
        "facts": _facts(study),
        "changed": changes.told(against) if against else [],
        "changes_summary": changes.summary(against) if against else "",
        "changes_origin": changes.origin(against.saved) if against else "",
    }


def _environment() -> Any:
    """What the page's template is rendered with: strict, escaping, with the report's filters."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["typeset"] = _typeset
    environment.filters["signed"] = lambda value, places=3: signed(value, places)
    environment.filters["colour"] = outcome_colour
    environment.filters["general"] = lambda value: "–" if value is None else f"{value:.3g}"
    environment.globals["script_hash"] = _hash(_template("filter.js.j2").removesuffix("\n"))
    return environment


def _typeset(text: object) -> str:
    """`text` with minus signs as typeset, and with each interval on one line."""
    signs = re.sub(r"(?<![\w.)])-(?=\d)", "−", str(text))
    return _INTERVAL.sub(lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), signs)


def _template(name: str) -> str:
    return files("mlp.report").joinpath(name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    """A script's digest in the form a content security policy asks for."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _facts(study: Study) -> list[tuple[str, str]]:
    """The provenance as (name, value) in words."""
    found = study.provenance
    facts: list[tuple[str, str]] = []
    commit, protocol = found.get("commit", {}), found.get("protocol")
    facts.append(("Made", str(found.get("made", "at an unknown time"))))
    if commit.get("id"):
        local = " with uncommitted changes" if commit.get("dirty") else ", clean"
        facts.append(("Commit", f"{commit['id']}{local}"))
    if protocol:
        held = {name.replace("_", " "): v for name, v in protocol.items() if name != "name"}
        values = ", ".join(f"{name} {_grouped(value)}" for name, value in held.items())
        facts.append(("Protocol", ": ".join(filter(None, (protocol["name"], values)))))
    if "seeds" in found:
        seeds = found["seeds"]
        facts.append(("Seeds", f"from {seeds['first']}, at most {seeds['most']} a comparison"))
    if datasets := found.get("datasets", study.datasets):
        facts.append(("Datasets", ", ".join(datasets)))
    by = dict.fromkeys(sorted({run.executor for run in study.runs}), 0)
    for run in study.runs:
        by[run.executor] += 1
    told = ", ".join(f"{n:,} by {name}" for name, n in by.items())
    facts.append(("Runs", told or "none in the store"))
    facts.append(("Options", " ".join(found.get("options", ())) or "none"))
    machine = found.get("machine", {})
    if machine:
        facts.append(
            ("Machine", f"{machine['processor']}, {machine['cores']} cores, {machine['system']}")
        )
    versions = found.get("versions", {})
    facts.append(("Versions", ", ".join(f"{name} {v}" for name, v in versions.items())))
    return facts


def _grouped(value: object) -> str:
    """A value, the thousands of a number set apart."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{value:,}" if number else str(value)
