"""What pytest has to do with reports: the hooks that gather claims, and have them written."""

from __future__ import annotations

import textwrap
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from mlp.errors import UserError
from mlp.lab.seeds import FIRST_SEED
from mlp.lab.times import SPENT, Spent, Times, learn, spent_here
from mlp.report import changes as differences
from mlp.report import outputs, terminal
from mlp.report.archive import Saved
from mlp.report.explanation import explain
from mlp.report.export import properties
from mlp.report.provenance import provenance, seen_from
from mlp.report.results import Row
from mlp.report.study import ReportError, Study
from mlp.run import Protocol
from mlp.store import Store
from mlp.suite.imports import import_species
from mlp.suite.spending import describe

DAMAGED = "mlp_damaged"
"""What a worker's output calls the number of damaged runs it came upon in the store."""

TIMES = "mlp_times"
"""What a worker's output calls its `Spent`."""

_COSTS = "mlp/seconds_a_unit_of_work"
"""Under what pytest's cache keeps what training costs on this machine, or on a cluster."""

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


def junit_properties(config: pytest.Config, rows: Sequence[Row]) -> list[tuple[str, str]]:
    """What a JUnit file says of a test's claims: nothing in the family whose schema forbids it."""
    junit = config.pluginmanager.has_plugin("junitxml")
    return properties(rows) if junit and config.getini("junit_family") != "xunit2" else []


def recall_costs(config: pytest.Config) -> None:
    """Have runs cost what they cost when they were last trained on this machine."""
    SPENT.reset()
    cache = getattr(config, "cache", None)
    learn(cache.get(_costs(config), None) or {} if cache is not None else {})


def _costs(config: pytest.Config) -> str:
    return _COSTS if config.option.mlp_cluster is None else f"{_COSTS}_on_a_cluster"


class Reporting:
    """Gathers the claims of all workers; prints the verdict table and writes what is asked for.

    Args:
        config: the session's, on the controller.
        protocol: the one that claims are made under; None where that is not known yet.
        store: the session's store; None until there is one, and where nothing is to be claimed.
    """

    def __init__(
        self,
        config: pytest.Config,
        protocol: Callable[[], Protocol | None],
        store: Callable[[], Store | None],
    ) -> None:
        self._config, self._protocol, self._store = config, protocol, store
        self._root = Path(seen_from(config.rootpath, config.invocation_params.dir))
        self._rows: dict[str, list[Row]] = {}
        self._unsettled: dict[str, str] = {}
        self.ended = 0
        self._damaged = 0
        self._partial = ""
        self._failed: list[str] = []
        self._saved: Saved | None = None
        self._sentences: list[str] = []
        self._lines: list[terminal.Line] = []
        self._began = time.monotonic()
        self._spent: list[Spent] = []
        self._took: defaultdict[str, float] = defaultdict(float)

    def check(self) -> None:
        """Refuse options that cannot be honoured, before anything is trained.

        Raises:
            ReportError: the rule, the value seen, the remedy.
        """
        self._saved = outputs.check(self._config.option, self._root, self._protocol())

    @property
    def rows(self) -> list[Row]:
        """The claims of all tests so far, by test in the order in which they ended."""
        return list(chain.from_iterable(self._rows.values()))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if hasattr(report, "mlp_rows"):  # of a test that is run again, the last report counts
            self._rows[report.nodeid] = [Row.from_dict(raw) for raw in report.mlp_rows]
        self.ended += report.when == "teardown"
        self._took[report.nodeid] += report.duration
        if report.failed and not getattr(report, "mlp_by_claim", False):
            said = str(getattr(report.longrepr, "reprcrash", None) or report.longrepr or "")
            self._unsettled[report.nodeid] = textwrap.shorten(said, 300) or "it failed"

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        output = getattr(node, "workeroutput", {})
        self._damaged += output.get(DAMAGED, 0)
        if TIMES in output:
            self._spent.append(Spent(**output[TIMES]))

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        store = self._store()
        if store is None:
            return
        option = self._config.option
        if not self._config.pluginmanager.has_plugin("dsession"):
            self._spent += [*getattr(store, "spent", ()), spent_here()]
        self._learn()
        self._partial = self._why_partial(session, exitstatus)
        study = Study(
            rows=self.rows,
            provenance=self._provenance(),
            sentences=self._explain(session),
            partial=self._partial,
            unsettled=sorted(self._unsettled.items()),
        )
        self._check_protocol(session, study)
        changes = differences.against(study, self._saved) if self._saved else None
        if changes is not None:
            self._lines += differences.describe(changes)
            found = [text for text in (differences.changed(changes), self._failures()) if text]
            if option.mlp_fail_on_change and found:
                self._fail(session, f"--mlp-fail-on-change, {', '.join(found)}")
        if option.mlp_report is not None or option.mlp_tensorboard is not None:
            import_species(self.rows, self._config.rootpath)
        for name, write in outputs.writers(study, changes, option, self._root, store):
            try:
                self._lines.append((write(), ""))
            except (UserError, OSError) as error:
                self._refuse(session, str(error))
            except Exception as error:  # a defect in a figure must not cost the verdicts
                self._refuse(session, f"{name}: {type(error).__name__}: {error}")

    def _check_protocol(self, session: pytest.Session, study: Study) -> None:
        """Refuse saved results of another protocol, where it was not known before the claims."""
        if self._saved is not None:
            protocol = study.provenance.get("protocol", {})
            try:
                outputs.check_protocol(
                    self._saved, protocol, fail=self._config.option.mlp_fail_on_change
                )
            except ReportError as error:
                self._saved = None
                self._refuse(session, str(error))

    def _learn(self) -> None:
        """Keep what training cost, for the next session's estimate."""
        total = Times()
        for spent in self._spent:
            total.add(spent.times)
        cache = getattr(self._config, "cache", None)
        if cache is not None and total.costs():
            known = cache.get(_costs(self._config), None) or {}
            cache.set(_costs(self._config), {**known, **total.costs()})

    def _explain(self, session: pytest.Session) -> list[str]:
        try:
            part = bool(self._partial or self._selection())
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
        claims = [row.claim for row in self.rows]
        known = None
        with suppress(UserError):  # each test has said what is wrong with the one asked for
            known = self._protocol()
        protocol: dict[str, object] = {"name": known.name, **known.values} if known else {}
        for claim in claims:
            protocol = {"name": claim.protocol, **claim.protocol_values}
        firsts = [claim.first_seed for claim in claims]
        return provenance(
            self._config.rootpath,
            protocol=protocol,
            datasets=list(dict.fromkeys(name for row in self.rows for name in row.datasets)),
            first_seed=min(firsts, default=self._config.option.mlp_first_seed or FIRST_SEED),
            seeds=self._config.option.mlp_seeds,
            options=[str(word) for word in self._config.invocation_params.args],
            selection=[
                *self._selection(),
                *(f"--mlp-dataset={n}" for n in self._config.option.mlp_dataset or ()),
            ],
            here=self._config.invocation_params.dir,
        )

    def _why_partial(self, session: pytest.Session, exitstatus: int) -> str:
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

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.rows:
            if len(self.rows) > 1 and (answer := terminal.answer(self.rows)):
                terminalreporter.section("answer")
                _print(terminalreporter, answer)
            terminalreporter.section("verdicts")
            _print(terminalreporter, terminal.table(self.rows, self._partial))
            if self._sentences:
                terminalreporter.section("in words")
                _print(terminalreporter, terminal.paragraphs(self._sentences))
        if self._lines:
            terminalreporter.section("written" if self._saved is None else "compared and written")
            _print(terminalreporter, self._lines)
        if self._config.option.mlp_times and self._spent:
            terminalreporter.section("where the time went")
            wall = time.monotonic() - self._began
            _print(terminalreporter, [(t, "") for t in describe(self._spent, self._took, wall)])
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
