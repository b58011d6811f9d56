"""What a session shows while it lasts: how much there is to do, and how far it has come."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from importlib import import_module
from threading import Thread
from typing import Any

import pytest

from mlp.store import Store, StoreError
from mlp.suite.progress import Tests, Ticker, announce, duplicate_stdout


def will_run(session: pytest.Session) -> bool:
    """Whether the tests collected will be run: not after an error while collecting."""
    return not session.testsfailed or session.config.option.continue_on_collection_errors


class Display:
    """A plugin that shows the progress of a session in place of a letter for each test.

    Args:
        session: the session, on the controller.
        store: what its claims are trained into.
    """

    def __init__(self, session: pytest.Session, store: Store) -> None:
        config = session.config
        self._session, self._config, self._store = session, config, store
        self._ended = self._nodes = 0
        self._announced = False
        stream, writer = duplicate_stdout(), config.get_terminal_writer()
        config.add_cleanup(stream.close)
        self.ticker = Ticker(
            store.progress,
            stream,
            tests=lambda: self._tests,
            workers=lambda: self._workers,
            midline=lambda: writer.width_of_current_line != 0,
        )

    @property
    def _tests(self) -> Tests:
        attempts = self._config.pluginmanager.get_plugin("mlp-attempts")
        return max(self._ended, getattr(attempts, "ready", 0)), self._session.testscollected

    @property
    def _workers(self) -> int:
        """How many processes train, or will; of a cluster 0 while none has come."""
        return getattr(self._store, "connected", max(1, self._nodes))

    @property
    def _in_place_of_letters(self) -> bool:
        return self._config.get_verbosity("test_cases") <= 0

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodeready(self) -> None:
        self._nodes += 1

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self) -> None:
        self._nodes -= 1

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        if not self._config.pluginmanager.has_plugin("dsession") and will_run(self._session):
            self._begin()
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        self.ticker.clear()
        self._begin()

    def _begin(self) -> None:
        if not self._announced:
            self._announced = True
            self._announce()
            self.ticker.start()
            if self._config.pluginmanager.has_plugin("dsession"):
                # the end of the session needs it, and it is slow: import it while workers test
                Thread(target=import_module, args=("scipy.special",)).start()

    def _announce(self) -> None:
        """Say what is to be done, once all processes know it."""
        reporter = self._reporter()
        if reporter is None:
            return
        if self._in_place_of_letters:
            reporter.showfspath = False
            reporter._show_progress_info = False  # the percentage that ends a line of letters
        with suppress(StoreError):
            told = announce(self._store.progress(), self._session.testscollected, self._workers)
            reporter.write_line(told)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.ticker.clear()
        self._ended += report.when == "teardown"
        reporter = self._reporter()
        if report.failed and reporter is not None and self._in_place_of_letters:
            reporter.write_line(f"FAILED {report.nodeid}", red=True)

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(
        self,
    ) -> Generator[None, tuple[str, str, Any], tuple[str, str, Any]]:
        category, letter, word = yield
        return category, "" if self._in_place_of_letters else letter, word

    def pytest_sessionfinish(self) -> None:
        self.ticker.stop()

    def _reporter(self) -> pytest.TerminalReporter | None:
        plugins = self._config.pluginmanager
        found: pytest.TerminalReporter | None = plugins.get_plugin("terminalreporter")
        return found
