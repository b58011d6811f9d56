"""Options, the `lab` and `dataset` fixtures, and hooks: thin glue between pytest and `mlp`."""

from __future__ import annotations

import os
import uuid
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import pytest

from mlp import interrupt
from mlp.species.post import installation

interrupt.tell_interruption_in_one_line()  # before the imports that take seconds

from mlp import collection, marks, options
from mlp.collection import USER_ERRORS, datasets
from mlp.lab import (
    DEFAULT_STORE,
    ClaimError,
    Lab,
    check_seeds,
    first_seed_under,
    train_waiting_jobs,
)
from mlp.lab.forecast import first_jobs
from mlp.lab.times import SPENT
from mlp.report.claimed import judge, row_of, tell
from mlp.report.display import Display
from mlp.report.plugin import DAMAGED, TIMES, Reporting, junit_properties, recall_costs
from mlp.report.spending import spent_here
from mlp.species.post.data import DataError
from mlp.species.post.protocol import protocol
from mlp.store import Store

ROOT = Path(__file__).parent

MOST_IN_ADVANCE = 4
"""Most tests handed to a worker at once, unless --maxschedchunk says otherwise: claims
take from milliseconds to minutes, and none should wait behind a long one while others idle."""

STORE = pytest.StashKey[Store]()
REPORTING = pytest.StashKey[Reporting]()
LAB = pytest.StashKey[Lab]()


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser.getgroup("mlp", "mlp: knockout and rescue of training pipelines"))


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _study(config: pytest.Config) -> str:
    if _is_worker(config):
        return str(config.workerinput["testrunuid"])  # type: ignore[attr-defined]
    return str(config.option.testrunuid)


def _open_store(config: pytest.Config, fresh: bool = False) -> Store:
    given = config.option.mlp_store
    path = config.rootpath / DEFAULT_STORE if given is None else given
    return Store(path, study=_study(config), fresh=fresh)


def _store_of(config: pytest.Config) -> Store:
    """The process's store, opened when it is first asked for."""
    if STORE not in config.stash:
        config.stash[STORE] = _open_store(config)
    return config.stash[STORE]


def _only_unit_tests(config: pytest.Config) -> bool:
    paths = [Path(config.invocation_params.dir, a.split("::")[0]).resolve() for a in config.args]
    return all(path.is_relative_to(ROOT / "mlp") for path in paths)


def _only_shows(config: pytest.Config) -> bool:
    """Whether pytest is asked to show tests or fixtures, and runs no test."""
    showing = ("collectonly", "setuponly", "setupplan", "showfixtures", "show_fixtures_per_test")
    return any(getattr(config.option, name, False) for name in showing)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", marks.FINDING)
    config.addinivalue_line("markers", marks.REFUTED)
    config.pluginmanager.register(collection, "mlp-collection")
    recall_costs(config)
    if getattr(config.option, "maxschedchunk", MOST_IN_ADVANCE) is None:
        config.option.maxschedchunk = MOST_IN_ADVANCE
    if config.option.mlp_first_seed is None:
        config.option.mlp_first_seed = first_seed_under(config.option.mlp_protocol)
    if not _is_worker(config):
        config.stash[REPORTING] = Reporting(
            config,
            datasets=lambda: datasets(config),
            store=lambda: config.stash.get(STORE, None),
        )
        config.pluginmanager.register(config.stash[REPORTING], "mlp-reporting")
        if not getattr(config.option, "testrunuid", None):
            config.option.testrunuid = uuid.uuid4().hex


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None, None, None]:
    """After all else that is printed, why a session whose tests pass fails nevertheless."""
    yield
    config.stash[REPORTING].say_why_it_failed(terminalreporter)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker a core this process may use; each trains with one thread."""
    given = os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS", "")
    if given.isdigit():
        return int(given)
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _check_options(config: pytest.Config) -> None:
    option = config.option
    protocol(option.mlp_protocol)
    check_seeds(option.mlp_seeds, option.mlp_first_seed)
    installation.check()


def pytest_sessionstart(session: pytest.Session) -> None:
    config = session.config
    if _is_worker(config):
        return
    try:
        datasets(config)
        if config.option.collectonly or _only_unit_tests(config):
            return
        _check_options(config)
        config.stash[REPORTING].check()
        store = _open_store(config, fresh=config.option.mlp_fresh)
    except USER_ERRORS as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[STORE] = store
    display = Display(session, store)
    config.pluginmanager.register(display, "mlp-display")
    workers = config.pluginmanager.has_plugin("dsession")
    answer = interrupt.Answer(display.ticker.say if workers else lambda _: None)
    config.pluginmanager.register(answer, "mlp-interrupt")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Make a worker known to the study before any worker can run out of tests; ask for what is due.

    A worker that does run out helps the others for as long as one of them has tests. One process
    asks for all that the claims will ask for first: so the session knows how long that takes, and
    no worker lacks a job meanwhile.
    """
    config = session.config
    sent = config.workerinput if _is_worker(config) else {}  # type: ignore[attr-defined]
    worker, workers = sent.get("workerid", ""), sent.get("workercount", 1)
    if _only_shows(config) or not any(marks.takes_lab(item) for item in session.items):
        return
    with suppress(*USER_ERRORS):  # the fixture `lab` says what is wrong
        store = _store_of(config)
        if worker:
            store.sign_in()
        if worker in ("", "gw0"):
            asks = [claim for item in session.items if (claim := marks.asking(item))]
            store.request(first_jobs(_lab_of(config), asks, workers))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    config = session.config
    stopped = session.shouldstop or session.shouldfail
    going_on = not stopped and exitstatus != pytest.ExitCode.INTERRUPTED
    if _is_worker(config) and STORE in config.stash:
        if going_on:
            train_waiting_jobs(config.stash[STORE])
        else:  # its process lives on, and those who help would wait for it
            config.stash[STORE].close()
        output: dict[str, object] = config.workeroutput  # type: ignore[attr-defined]
        output |= {DAMAGED: config.stash[STORE].damaged, TIMES: vars(spent_here())}


def pytest_unconfigure(config: pytest.Config) -> None:
    if STORE in config.stash:
        config.stash[STORE].close()


def _lab_of(config: pytest.Config) -> Lab:
    """A lab as the options have it."""
    option = config.option
    return Lab(
        _store_of(config),
        protocol=option.mlp_protocol,
        seeds=option.mlp_seeds,
        first_seed=option.mlp_first_seed,
        real=option.mlp_real,
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    with SPENT.spent("claims"):
        return (yield)


@pytest.fixture(scope="session")
def _lab(request: pytest.FixtureRequest) -> Lab:
    return _lab_of(request.config)


@pytest.fixture
def lab(request: pytest.FixtureRequest, _lab: Lab) -> Lab:
    """The lab: compares genomes on a dataset, training what the store has not got."""
    _lab.claims.clear()
    request.node.stash[LAB] = _lab
    return _lab


@pytest.fixture
def dataset(request: pytest.FixtureRequest) -> str:
    """The name of a dataset: a test that takes it beside the lab is made of each dataset."""
    raise DataError(
        f"`dataset` is given to tests that take `lab` too; got {request.node.name}, which does "
        'not: take both, or name some with @pytest.mark.parametrize("dataset", ["iris"])'
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    over = call.when == "call" or (call.when == "setup" and call.excinfo is not None)
    asked = over and LAB in item.stash
    rows = [row_of(item, claim) for claim in item.stash[LAB].claims] if asked else []
    item.user_properties += junit_properties(item.config, rows)
    error = call.excinfo.value if call.excinfo else None
    if call.excinfo and isinstance(error, ClaimError):
        call.excinfo.traceback = call.excinfo.traceback[-1:]  # no more is shown, and it takes long
    report = yield
    if isinstance(error, (ClaimError, *USER_ERRORS)) and report.failed:
        tell(report, item, error)
    if asked:
        judge(report, rows, error)
    return report
