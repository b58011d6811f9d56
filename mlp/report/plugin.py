"""What pytest has to do with reports: their options, and the hooks that gather and write them."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from mlp.installed import InstallationError
from mlp.report import arms, compared, page, saved, summary, tensorboard, terminal
from mlp.report.compared import Changes
from mlp.report.explain import explain
from mlp.report.progress import Ticker
from mlp.report.provenance import provenance
from mlp.report.results import Row, properties
from mlp.report.saved import Saved
from mlp.report.study import ReportError, Study, current_runs
from mlp.run import protocol
from mlp.store import Store, StoreError

DAMAGED = "mlp_damaged"
"""What a worker's output calls the number of damaged runs it came upon in the store."""

_SELECTING = {
    "keyword": "-k",
    "markexpr": "-m",
    "deselect": "--deselect",
    "ignore": "--ignore",
    "ignore_glob": "--ignore-glob",
    "lf": "--lf",
    "stepwise": "--stepwise",
}
"""pytest's options that leave tests out."""


def _path(text: str) -> Path | str:
    """A path; an empty text as it stands, for `check` to refuse: as a path it is this folder."""
    return Path(text) if text else text


def add_options(group: pytest.OptionGroup) -> None:
    """The options that say what is written at the end."""
    group.addoption(
        "--mlp-report",
        type=_path,
        metavar="DIR",
        help="write a self-contained page (index.html) into DIR, its figures as SVG and PNG, and "
        "its claims and their runs as CSV and JSON, in place of an earlier report's; a warm rerun "
        "rebuilds it without training",
    )
    group.addoption(
        "--mlp-summary",
        type=_path,
        metavar="FILE",
        help="write a Markdown summary fit for a pull request or a job's summary",
    )
    group.addoption(
        "--mlp-save",
        metavar="NAME-or-FILE",
        help=f"save the results, of the study or a selection, as {saved.FOLDER}/NAME.json, or as "
        "FILE; refused if the session broke off, or if results saved there hold claims that were "
        "not made now",
    )
    group.addoption(
        "--mlp-against",
        metavar="NAME-or-FILE",
        help="say which verdicts changed, which effects moved beyond their intervals, which claims "
        "have another margin or claimed outcome and which are unchanged, since results were saved "
        f"as NAME (looked for in {saved.FOLDER}/ and {saved.COMMITTED}/) or FILE",
    )
    group.addoption(
        "--mlp-fail-on-change",
        action="store_true",
        help="with --mlp-against, of the same protocol: exit status 1 if a verdict changed or an "
        "effect moved",
    )
    group.addoption(
        "--mlp-tensorboard",
        type=_path,
        metavar="DIR",
        help="write each run's curves as TensorBoard event files, DIR/GENOME/DATASET/seed-N",
    )


def junit_properties(config: pytest.Config, rows: Sequence[Row]) -> list[tuple[str, str]]:
    """What a JUnit file says of a test's claims: nothing in the family whose schema forbids it."""
    junit = config.pluginmanager.has_plugin("junitxml")
    return properties(rows) if junit and config.getini("junit_family") != "xunit2" else []


class Reporting:
    """Gathers the claims of all workers; prints the verdict table and writes what is asked for.

    Args:
        config: the session's, on the controller.
        datasets: those of the session.
        store: the session's store; None until there is one, and where nothing is to be claimed.
        ticker: the session's progress display, cleared before pytest prints; None if there is none.
    """

    def __init__(
        self,
        config: pytest.Config,
        datasets: Callable[[], list[str]],
        store: Callable[[], Store | None],
        ticker: Callable[[], Ticker | None],
    ) -> None:
        self._config, self._datasets = config, datasets
        self._store, self._ticker = store, ticker
        self._root = Path(os.path.relpath(config.rootpath, config.invocation_params.dir))
        self.rows: list[Row] = []
        self._unsettled: dict[str, str] = {}
        self.ended = 0
        self._damaged = 0
        self._partially = ""
        self._failed: list[str] = []
        self._saved: Saved | None = None
        self._sentences: list[str] = []
        self._lines: list[terminal.Line] = []

    def check(self) -> None:
        """Refuse options that cannot be honoured, before anything is trained.

        Raises:
            ReportError: the rule, the value seen, the remedy.
        """
        option = self._config.option
        if option.mlp_fail_on_change and option.mlp_against is None:
            raise ReportError(
                "--mlp-fail-on-change needs results to compare with; got no --mlp-against: "
                "name them with it"
            )
        if option.mlp_save is not None:
            _check_file(saved.place_to_save(option.mlp_save, self._root), "--mlp-save")
        if option.mlp_summary is not None:
            _check_file(option.mlp_summary, "--mlp-summary")
        _check_folder(option.mlp_report, "--mlp-report")
        _check_folder(option.mlp_tensorboard, "--mlp-tensorboard")
        if option.mlp_against is not None:
            self._saved = saved.load(saved.place_to_load(option.mlp_against, self._root))
            if option.mlp_fail_on_change:
                self._check_protocol(self._saved)

    def _check_protocol(self, kept: Saved) -> None:
        other = compared.other_protocol(kept, asdict(protocol(self._config.option.mlp_protocol)))
        if other:
            raise ReportError(
                "--mlp-fail-on-change needs results of the same protocol; those in "
                f"{kept.place} are of another ({other}): choose it with --mlp-protocol, or "
                "other results"
            )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        self._clear()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._clear()
        self.rows += [Row.from_dict(raw) for raw in getattr(report, "mlp_rows", ())]
        self.ended += report.when == "teardown"
        if report.failed and not getattr(report, "mlp_by_claim", False):
            said = str(getattr(report.longrepr, "reprcrash", None) or report.longrepr or "")
            self._unsettled[report.nodeid] = textwrap.shorten(said, 300) or "it failed"

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self._damaged += getattr(node, "workeroutput", {}).get(DAMAGED, 0)

    def _clear(self) -> None:
        ticker = self._ticker()
        if ticker is not None:
            ticker.clear()

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self._store() is None:
            return
        self._partially = self._partial(session, exitstatus)
        study = Study(
            rows=self.rows,
            provenance=self._provenance(),
            sentences=self._explain(session),
            partial=self._partially,
            unsettled=sorted(self._unsettled.items()),
        )
        changes = compared.against(study, self._saved) if self._saved else None
        if changes is not None:
            self._lines += compared.describe(changes)
            found = [text for text in (compared.changed(changes), self._failures()) if text]
            if self._config.option.mlp_fail_on_change and found:
                self._fail(session, f"--mlp-fail-on-change, {', '.join(found)}")
        for write in (self._save, self._write_summary, self._write_report, self._write_events):
            try:
                write(study, changes)
            except (InstallationError, ReportError, StoreError, OSError) as error:
                self._refuse(session, str(error))
            except Exception as error:  # a defect in a figure must not cost the verdicts
                self._refuse(session, f"{write.__name__}: {type(error).__name__}: {error}")

    def _explain(self, session: pytest.Session) -> list[str]:
        try:
            part = bool(self._partially or self._selection())
            self._sentences = explain(self.rows, selected=part)
        except Exception as error:  # nor must one in the words
            self._refuse(session, f"explain: {type(error).__name__}: {error}")
        return self._sentences

    def _refuse(self, session: pytest.Session, text: str) -> None:
        self._lines += [(line, "red") for line in terminal.wrapped(text)]
        self._fail(session, "not all that was asked for could be written, as said above")

    def _fail(self, session: pytest.Session, why: str) -> None:
        """Make a session that went well end with exit status 1; any other status stays."""
        self._failed.append(why)
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _selection(self) -> list[str]:
        """The words of the command line that leave claims out, those of other datasets aside."""
        config = self._config
        words = []
        for name, flag in _SELECTING.items():
            value = getattr(config.option, name, None)
            for one in value if isinstance(value, list) else [value] if value else []:
                between = "=" if flag.startswith("--") else " "
                words.append(flag if one is True else f"{flag}{between}{one}")
        here, root = config.invocation_params.dir, config.rootpath
        whole = {root.resolve(), (root / "hypotheses").resolve()}
        return words + [arg for arg in config.args if (here / arg).resolve() not in whole]

    def _provenance(self) -> dict[str, object]:
        option = self._config.option
        claimed = [name for row in self.rows for name in row.datasets]
        return provenance(
            self._config.rootpath,
            protocol=protocol(option.mlp_protocol),
            datasets=list(dict.fromkeys(claimed)) or self._datasets(),
            first_seed=option.mlp_first_seed,
            seeds=option.mlp_seeds,
            options=[str(word) for word in self._config.invocation_params.args],
            selection=[
                *self._selection(),
                *(f"--mlp-dataset={names}" for names in option.mlp_dataset or ()),
            ],
            here=self._config.invocation_params.dir,
        )

    def _partial(self, session: pytest.Session, exitstatus: int) -> str:
        if exitstatus == pytest.ExitCode.INTERRUPTED and not session.shouldfail:
            return f"interrupted after {self.ended} of {session.testscollected} tests"
        if exitstatus == pytest.ExitCode.INTERNAL_ERROR:
            return "pytest met an internal error"
        if self.ended < session.testscollected:
            return f"stopped after {self.ended} of {session.testscollected} tests"
        return self._failures()

    def _failures(self) -> str:
        count = len(self._unsettled)
        tests = "1 test" if count == 1 else f"{count} tests"
        return f"{tests} failed for another reason than a verdict" if count else ""

    def _save(self, study: Study, _: Changes | None) -> None:
        name = self._config.option.mlp_save
        if name is None:
            return
        place = saved.place_to_save(name, self._root)
        if not study.rows or study.partial:
            why = study.partial or "it settled no claim"
            left = "is left as it was" if place.exists() else "is not written"
            raise ReportError(
                f"saved results need a session that ran whole and settled claims; {why}: {place} "
                f"{left}"
            )
        if lost := compared.not_in(study, place):
            raise ReportError(
                "saved results are replaced only by results of all their claims; "
                f"{lost} of those in {place} were not made now: save under another name, or "
                "delete it first"
            )
        saved.save(study, place)
        self._lines.append((f"results saved: {place}", ""))

    def _write_summary(self, study: Study, changes: Changes | None) -> None:
        place = self._config.option.mlp_summary
        if place is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(summary.markdown(study, changes), encoding="utf-8")
            self._lines.append((f"summary: {place}", ""))

    def _write_report(self, study: Study, changes: Changes | None) -> None:
        folder = self._config.option.mlp_report
        if folder is not None:
            place = page.write_report(self._with_runs(study), folder, changes)
            self._lines.append((f"report: {place}", ""))

    def _write_events(self, study: Study, _: Changes | None) -> None:
        folder = self._config.option.mlp_tensorboard
        if folder is not None:
            count = tensorboard.write(self._with_runs(study), folder)
            self._lines.append((f"curves of {count} runs: tensorboard --logdir {folder}", ""))

    def _with_runs(self, study: Study) -> Study:
        """The study with the stored runs of the cohorts that its claims rest on."""
        store, option = self._store(), self._config.option
        assert store is not None
        runs = current_runs(
            store.items(),
            protocol(option.mlp_protocol),
            study.datasets,
            option.mlp_first_seed,
            option.mlp_seeds,
        )
        asked = arms.asked(study.rows)
        return replace(study, runs=[run for run in runs if arms.Cohort.of(run) in asked])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.rows:
            terminalreporter.section("verdicts")
            _print(terminalreporter, terminal.table(self.rows, self._partially))
            if self._sentences:
                terminalreporter.section("in words")
                _print(terminalreporter, terminal.paragraphs(self._sentences))
        if self._lines:
            terminalreporter.section("written" if self._saved is None else "compared and written")
            _print(terminalreporter, self._lines)
        store = self._store()
        damaged = self._damaged + (store.damaged if store else 0)
        if damaged:
            told = f"damaged runs in the store, discarded and trained anew if asked for: {damaged}"
            _print(terminalreporter, [(told, "yellow")])

    def say_why_it_failed(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what else than a test made the session fail."""
        for why in dict.fromkeys(self._failed):
            _print(terminalreporter, [(t, "red") for t in terminal.wrapped(f"failed: {why}")])


def _print(reporter: pytest.TerminalReporter, lines: list[terminal.Line]) -> None:
    for text, colour in lines:
        reporter.write_line(text, **({colour: True} if colour else {}))


def _check_file(place: Path | str, option: str) -> None:
    if isinstance(place, str):
        raise ReportError(f"{option} needs a file; got '': name one")
    if place.is_dir():
        raise ReportError(f"{option} needs a file; {place} is a folder: name a file in it")
    _check_folder(place.parent, option)


def _check_folder(folder: Path | str | None, option: str) -> None:
    if isinstance(folder, str):
        raise ReportError(f"{option} needs a folder; got '': name one")
    while folder is not None and folder != folder.parent:
        if folder.exists():
            if not folder.is_dir():
                raise ReportError(f"{option} needs a folder; {folder} is a file: name another")
            return
        folder = folder.parent
