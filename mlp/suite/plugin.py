"""The pytest plugin: options, marks, and the fixtures `lab` and `dataset`.

In a session whose tests do not take our `lab` it changes nothing. All that takes time to import is
imported when a test that takes it has been collected.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlp.errors import UserError
from mlp.suite import marks, options
from mlp.suite.fixtures import LAB, is_ours, takes_lab
from mlp.suite.options import STORE

if TYPE_CHECKING:
    from mlp.lab import Lab

MOST_IN_ADVANCE = 4
"""Most tests handed to a worker of a suite at once, unless --maxschedchunk says otherwise: claims
take from milliseconds to minutes, and none should wait behind a long one while others idle."""

_ACTIVE = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Have a suite's processes train with one thread each, before any framework is imported."""
    if options.is_suite(early_config):
        from mlp.lab import threads

        threads.set_environment()


def pytest_configure(config: pytest.Config) -> None:
    for line in marks.LINES:
        config.addinivalue_line("markers", line)
    if not options.is_suite(config):
        return
    from mlp.lab import threads
    from mlp.suite import interrupt

    interrupt.tell_interruption_in_one_line()
    if getattr(config.option, "maxschedchunk", MOST_IN_ADVANCE) is None:
        config.option.maxschedchunk = MOST_IN_ADVANCE
    sent = getattr(config, "workerinput", None)
    if sent is not None:
        threads.share_gpu(int(sent["workerid"].removeprefix("gw")), sent["workercount"])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """One worker a core this process may use, in a suite: each trains with one thread."""
    if not options.is_suite(config):
        return None
    given = os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS", "")
    if given.isdigit():
        return int(given)
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse options that cannot be honoured before anything is collected or trained."""
    config = session.config
    if hasattr(config, "workerinput"):
        return
    given = options.given(config)
    if given or options.is_suite(config):
        from mlp.suite import session as ours

        try:
            ours.begin(session)
            if given:
                activate(session)
        except UserError as error:
            raise pytest.UsageError(str(error)) from None
    if not given and config.pluginmanager.has_plugin("dsession"):
        config.pluginmanager.register(Watching(session), "mlp-watching")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test that takes `lab` and `dataset` of each dataset."""
    found = metafunc._arg2fixturedefs
    if is_ours(found, "lab") and is_ours(found, "dataset"):
        from mlp.suite import collection

        collection.parametrize(metafunc)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A user's error while a file is collected, its markers included, is one sentence too."""
    report = yield
    call = getattr(report, "call", None)
    error = call.excinfo.value if call and call.excinfo else None
    try:
        for item in report.result or ():
            if isinstance(item, pytest.Item) and takes_lab(item):
                from mlp.suite import collection

                collection.check(item)
    except UserError as wrong:
        error, report.outcome, report.result = wrong, "failed", []
    if isinstance(error, UserError):
        report.longrepr = f"{collector.nodeid}: {error}"
    return report


def pytest_itemcollected(item: pytest.Item) -> None:
    """Have `-k finding_2` select every claim of finding 2, in whichever file it is."""
    for mark in item.iter_markers("finding"):
        name = mark.args[0] if mark.args else ""
        if isinstance(name, str):
            item.extra_keyword_matches |= marks.keywords(name)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out other datasets; put first the claims that state a finding; mark the refuted ones.

    What pytest orders by its own options (`--failed-first`, `--new-first`) it orders after this.
    """
    if any(map(takes_lab, items)):
        from mlp.suite import collection

        collection.arrange(config, items)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin a session of ours, if a test takes our lab."""
    if any(map(takes_lab, session.items)):
        from mlp.suite import session as ours

        activate(session)
        ours.ask_first_questions(session)


class Watching:
    """On the controller of workers: looks whether they take our lab, and shows their claims then.

    The controller collects nothing, so it learns that from the store, or from a report with claims.
    """

    def __init__(self, session: pytest.Session) -> None:
        self._session = session
        self._seen: list[pytest.TestReport] = []
        self._looked = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        store = Path(self._session.config.option.mlp_store or self._session.config.rootpath / STORE)
        if not self._looked and store.is_file():
            from mlp.suite import session as ours

            if ours.has_claims(self._session.config):
                self._activate()
        self._looked = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seen.append(report)
        if getattr(report, "mlp_rows", None):
            self._activate()

    def _activate(self) -> None:
        self._session.config.pluginmanager.unregister(self)
        activate(self._session, self._seen)


def activate(session: pytest.Session, seen: Sequence[pytest.TestReport] = ()) -> None:
    """Register, once, what gathers and shows claims; `seen` are the reports so far."""
    if _ACTIVE not in session.config.stash:
        session.config.stash[_ACTIVE] = True
        from mlp.suite import session as ours

        ours.activated(session, seen)


@pytest.fixture(scope="session")
def _lab(request: pytest.FixtureRequest) -> Lab:
    from mlp.suite import session as ours

    return ours.lab_of(request.config)


@pytest.fixture
def lab(request: pytest.FixtureRequest, _lab: Lab) -> Lab:
    """The lab: compares genomes, training what the store has not got."""
    _lab.claims.clear()
    request.node.stash[LAB] = _lab
    return _lab


@pytest.fixture
def dataset(request: pytest.FixtureRequest) -> str:
    """The name of a dataset: a test that takes it next to the lab is made of each dataset."""
    pytest.fail(
        f"`dataset` is given to tests that take `lab` too, of a species that has datasets; got "
        f"{request.node.name}: take both and import the species, or name some with "
        '@pytest.mark.parametrize("dataset", ["digits"])',
        pytrace=False,
    )
