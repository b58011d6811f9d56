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
from mlp.report import calibrated, compared, saved
from mlp.report.answers import answers, datasets
from mlp.report.compared import Changes
from mlp.report.evidence import by_test, gather
from mlp.report.explain import simultaneous
from mlp.report.export import write_tables
from mlp.report.figures import RECORDED_PROTOCOL, Picture, answer_figure, curve_figures
from mlp.report.figures.curves import MODELS, MOST_SEEDS, NAMES
from mlp.report.figures.style import outcome_colour, signed
from mlp.report.results import CHANGED, counts, refuted_by_design, screen_rows
from mlp.report.roles import roles
from mlp.report.study import ReportError, Study

PAGE = "index.html"
FIGURES = "figures"
TITLE = "Knockout and rescue: the verdicts"
RESULTS = "results.json"
_INTERVAL = re.compile(r"\[[−+.\d]+, [−+.\d]+\]")
_GENERATOR, _HEAD = '<meta name="generator" content="mlp.report">', 1_000
_FILE = re.compile(rf'<a href="((?:{FIGURES}/)?[\w.-]+\.(?:svg|csv|json))">')


def write_report(study: Study, folder: Path, changes: Changes | None = None) -> Path:
    """Write the page, its figures and its tables into `folder`; the page's path.

    Raises:
        ReportError: the folder cannot be written to.
    """
    try:
        (folder / FIGURES).mkdir(parents=True, exist_ok=True)
        before = _linked(folder / PAGE)
        tables = write_tables(study, folder)
        if study.rows:
            saved.save(study, folder / RESULTS)
            tables.append(RESULTS)
        text, pictures = render(study, tables, changes)
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
    study: Study, tables: Sequence[str] = (), changes: Changes | None = None
) -> tuple[str, list[Picture]]:
    """The page's text and the pictures in it; `tables` are files beside it to link to."""
    evidence, stated = gather(study), answers(study.rows)
    most = study.provenance.get("seeds", {}).get("most")
    answer, curves = answer_figure(study.rows), curve_figures(study)
    text = (
        _environment()
        .get_template("page.html.j2")
        .render(
            title=TITLE,
            study=study,
            counts=counts(study.rows),
            differing=[e for e in evidence if e.row.status == CHANGED],
            by_design=refuted_by_design(study.rows),
            answers=stated,
            answered=datasets(stated),
            answer=answer,
            simultaneous=simultaneous(len(screen_rows(study.rows))),
            roles=(found := roles(study.rows)),
            role_datasets=sorted({name for one in found for name in one.told}),
            level=calibrated.level(study.rows),
            most_seeds=MOST_SEEDS,
            evidence=evidence,
            tests=by_test(evidence),
            charts=_charts(curves),
            overlaid=study.protocol == RECORDED_PROTOCOL,
            stated=calibrated.stated(study.rows, most or DEFAULT_SEEDS),
            measured=calibrated.measured(),
            calibrate=calibrated.COMMAND,
            facts=_facts(study),
            tables=tables,
            changes=changes,
            changed=compared.told(changes) if changes else [],
            changes_summary=compared.summary(changes) if changes else "",
            changes_origin=compared.origin(changes.saved) if changes else "",
        )
    )
    first = [answer.file] if answer else []
    return text, [*first, *curves, *(e.picture for e in evidence if e.picture)]


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


def _charts(curves: Sequence[Picture]) -> list[tuple[str, list[Picture]]]:
    """The pictures of each of the two charts: those of this study, and beside each the recorded."""
    charts = [
        (NAMES[model], [p for p in curves if p.name.split("-")[1] == model]) for model in MODELS
    ]
    return [(name, pictures) for name, pictures in charts if pictures]


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
        facts.append(
            (
                "Protocol",
                f"{protocol['name']}: learning rate {protocol['learning_rate']:g}, "
                f"{protocol['steps']:,} steps, a sample every {protocol['sample_every']:,}",
            )
        )
    if "seeds" in found:
        seeds = found["seeds"]
        facts.append(("Seeds", f"from {seeds['first']}, at most {seeds['most']} a comparison"))
    facts.append(("Datasets", ", ".join(found.get("datasets", study.datasets))))
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
