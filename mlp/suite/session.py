"""A session of claims: the store, the lab, and the hooks that gather what tests claim."""

from __future__ import annotations

import gc
import uuid
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mlp.errors import UserError
from mlp.genome.species import all_species
from mlp.lab import ClaimError, Lab, LabError, check_seeds, train_waiting_jobs
from mlp.lab.blame import leave_out_ours
from mlp.lab.forecast import first_jobs, make_ready
from mlp.lab.known import protocol_of
from mlp.lab.method import SETTINGS
from mlp.lab.seeds import FIRST_SEED
from mlp.lab.times import SPENT, spent_here
from mlp.run import Protocol
from mlp.store import Store, StoreError
from mlp.suite import interrupt, marks
from mlp.suite.collection import check_number, claims_of
from mlp.suite.display import Display, will_run
from mlp.suite.fixtures import LAB, takes_lab
from mlp.suite.options import STORE as DEFAULT_STORE
from mlp.suite.reporting import DAMAGED, TIMES, Reporting, junit_properties, recall_costs
from mlp.suite.subject import asked_datasets, check_asked, check_protocol
from mlp.suite.verdict import judge, row_of, tell

STORE = pytest.StashKey[Store]()
REPORTING = pytest.StashKey[Reporting]()
STUDY = pytest.StashKey[str]()
_IN_CALL = pytest.StashKey[bool]()


def begin(session: pytest.Session) -> None:
    """Refuse options that cannot be honoured, before anything is trained.

    Raises:
        UserError: the rule, the value seen, the remedy.
    """
    config = session.config
    option = config.option
    asked_datasets(config)
    if option.collectonly:
        return
    check_seeds(option.mlp_seeds, option.mlp_first_seed or FIRST_SEED)
    claims_of(config)
    limit: Any = option.mlp_timeout
    if limit is not None and not (isinstance(limit, (int, float)) and 0 < limit < float("inf")):
        raise LabError(f"--mlp-timeout takes a number of seconds above 0; got {limit!r}: try 600")
    if option.mlp_cluster is not None and config.pluginmanager.has_plugin("dsession"):
        raise LabError(
            "a cluster has workers of its own; got --mlp-cluster and -n together: leave out -n"
        )
    if option.mlp_other_processor and option.mlp_cluster is None:
        raise LabError(
            "workers of another processor are those of a cluster; got --mlp-other-processor "
            "without --mlp-cluster: give --mlp-cluster=ADDRESS"
        )
    check_protocol(config)
    _reporting(config).check()
    if option.mlp_fresh or option.mlp_store is not None:
        config.stash[STORE] = _open_store(config, fresh=option.mlp_fresh)


def has_claims(config: pytest.Config) -> bool:
    """Whether a worker of this session works with the store, as it does if it takes the lab."""
    with suppress(StoreError):
        return store_of(config).others() > 0
    return False


def activated(session: pytest.Session, seen: Sequence[pytest.TestReport]) -> None:
    """Register what gathers and shows the claims of this process; `seen` are the reports so far."""
    config = session.config
    recall_costs(config)
    plugins = config.pluginmanager
    plugins.register(Claims(config), "mlp-claims")
    SETTINGS.timeout_s = config.option.mlp_timeout
    SETTINGS.check_repeat = config.option.mlp_check_repeat
    SETTINGS.replaced = hasattr(config, "workerinput")
    if config.option.mlp_cluster is not None:
        from mlp.cluster.attempts import Attempts

        store: Any = store_of(config)
        attempts: Any = Attempts(store, takes_lab)
        plugins.register(attempts, "mlp-attempts")
    if hasattr(config, "workerinput") or _only_shows(config):
        return
    reporting = _reporting(config)
    plugins.register(reporting, "mlp-reporting")
    for report in seen:
        reporting.pytest_runtest_logreport(report)
    with suppress(UserError):  # the fixture `lab` says what is wrong
        display = Display(session, store_of(config))
        plugins.register(display, "mlp-display")
        workers = plugins.has_plugin("dsession")
        answer = interrupt.Answer(display.ticker.say if workers else lambda _: None)
        plugins.register(answer, "mlp-interrupt")
        if workers and session.testscollected:  # the first test has begun, and is why we are here
            display.pytest_runtest_logstart()


def ask_first_questions(session: pytest.Session) -> None:
    """Make this worker known to the study, and ask for what the claims will ask for first.

    Every worker is known before any can run out of tests: one that does helps the others for as
    long as they have some. One process asks for all claims. So the session knows how long their
    first looks take, and no worker lacks a job meanwhile. No test begins before all is asked for.
    The other workers make ready until then.
    """
    config = session.config
    _end_search_for_garbage(config)
    sent = getattr(config, "workerinput", {})
    worker = sent.get("workerid", "")
    if _only_shows(config) or not will_run(session):
        return
    with suppress(UserError):  # the fixture `lab` says what is wrong
        store = store_of(config)
        if worker:
            store.sign_in()
        if worker in ("", "gw0"):
            workers = max(sent.get("workercount", 1), getattr(store, "connected", 1))
            asks = [claim for item in session.items if (claim := marks.asking(item))]
            store.request(first_jobs(lab_of(config), asks, workers))
        else:
            make_ready()


class Claims:
    """The hooks of a process whose tests claim something."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._settings = dict(vars(SETTINGS))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        with SPENT.spent("claims"):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        item.stash[_IN_CALL] = True
        try:
            return (yield)
        finally:
            item.stash[_IN_CALL] = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        over = call.when == "call" or (call.when == "setup" and call.excinfo is not None)
        over = over and not item.stash.get(_IN_CALL, False)  # the report is not that of a subtest
        asked = over and LAB in item.stash
        rows = [row_of(item, claim) for claim in item.stash[LAB].claims] if asked else []
        item.user_properties += junit_properties(item.config, rows)
        error = call.excinfo.value if call.excinfo else None
        if call.excinfo and isinstance(error, ClaimError):
            call.excinfo.traceback = call.excinfo.traceback[:0]  # it is not shown, and it is slow
        elif error is not None and asked and not self._config.option.fulltrace:
            leave_out_ours(error)
            call.excinfo = pytest.ExceptionInfo.from_exception(error)
        report = yield
        if isinstance(error, (ClaimError, UserError)) and report.failed:
            tell(report, item, error)
        elif isinstance(error, ClaimError):
            report.longrepr = str(error)
        if asked:
            judge(report, rows, error)
        return report

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        config = session.config
        stopped = session.shouldstop or session.shouldfail
        going_on = not stopped and exitstatus != pytest.ExitCode.INTERRUPTED
        if hasattr(config, "workerinput") and STORE in config.stash:
            if going_on:
                train_waiting_jobs(config.stash[STORE])
            else:  # its process lives on, and those who help would wait for it
                config.stash[STORE].close()
            output: dict[str, object] = config.workeroutput  # type: ignore[attr-defined]
            output |= {DAMAGED: config.stash[STORE].damaged, TIMES: vars(spent_here())}
        _end_search_for_garbage(config)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> Generator[None, None, None]:
        """After all else that is printed, why a session whose tests pass fails nevertheless."""
        yield
        if REPORTING in config.stash:
            config.stash[REPORTING].say_why_it_failed(terminalreporter)

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Close the store; the process may go on, as a notebook's does, and train for itself."""
        vars(SETTINGS).clear()
        vars(SETTINGS).update(self._settings)
        if STORE in config.stash:
            config.stash[STORE].close()


def _end_search_for_garbage(config: pytest.Config) -> None:
    """Hide what a worker holds now from its garbage collector: modules and tests never are garbage.

    At the end everything is hidden: pytest collects several times there, and that takes long.
    """
    if hasattr(config, "workerinput"):
        gc.freeze()


def lab_of(config: pytest.Config) -> Lab:
    """A lab as the options have it."""
    option = config.option
    check_number(config)
    check_asked(config)
    return Lab(
        store_of(config),
        protocol=option.mlp_protocol,
        seeds=option.mlp_seeds,
        first_seed=option.mlp_first_seed,
        claims=claims_of(config),
        real=option.mlp_real,
    )


def store_of(config: pytest.Config) -> Store:
    """The process's store, opened when it is first asked for."""
    if STORE not in config.stash:
        config.stash[STORE] = _open_store(config)
    return config.stash[STORE]


def protocol_of_session(config: pytest.Config) -> Protocol | None:
    """The protocol that claims are made under, if one species alone with protocols is known yet.

    Raises:
        ProtocolError: the species does not know the one that is asked for.
    """
    known = [species for species in all_species() if len(species.protocols)]
    return protocol_of(known[0], config.option.mlp_protocol) if len(known) == 1 else None


def _store_path(config: pytest.Config) -> Path:
    given = config.option.mlp_store
    return Path(config.rootpath / DEFAULT_STORE if given is None else given)


def _open_store(config: pytest.Config, fresh: bool = False) -> Store:
    cluster = config.option.mlp_cluster
    if cluster is None:
        return Store(_store_path(config), study=_study(config), fresh=fresh)
    from mlp.cluster import ClusterStore

    store = ClusterStore.for_lab(
        _store_path(config),
        study=_study(config),
        fresh=fresh,
        cluster=cluster,
        processor="workers" if config.option.mlp_other_processor else "session",
    )
    config.get_terminal_writer().line(store.announce())
    return store


def _study(config: pytest.Config) -> str:
    """The name that the processes of this session share."""
    sent = getattr(config, "workerinput", None)
    if sent is not None:
        return str(sent["testrunuid"])
    workers: Any = config.pluginmanager.get_plugin("dsession")
    if workers is None:
        return config.stash.setdefault(STUDY, uuid.uuid4().hex)
    if getattr(workers, "nodemanager", None) is not None:
        return str(workers.nodemanager.testrunuid)
    if not config.option.testrunuid:  # xdist then takes this one
        config.option.testrunuid = uuid.uuid4().hex
    return str(config.option.testrunuid)


def _reporting(config: pytest.Config) -> Reporting:
    if REPORTING not in config.stash:
        config.stash[REPORTING] = Reporting(
            config,
            protocol=lambda: protocol_of_session(config),
            store=lambda: config.stash.get(STORE, None),
        )
    return config.stash[REPORTING]


def _only_shows(config: pytest.Config) -> bool:
    """Whether pytest is asked to show tests or fixtures, and runs no test."""
    showing = ("collectonly", "setuponly", "setupplan", "showfixtures", "show_fixtures_per_test")
    return any(getattr(config.option, name, False) for name in showing)
