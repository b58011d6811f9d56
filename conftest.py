"""Options, the `lab` and `dataset` fixtures, and hooks: thin glue between pytest and `mlp`."""

from __future__ import annotations

import os
import uuid
from collections.abc import Generator
from pathlib import Path

import pytest

from mlp import interrupt

interrupt.be_brief()  # before the imports that take seconds

from mlp import data, installed, marks
from mlp.data import DataError
from mlp.genome import GenomeError
from mlp.lab import (
    DEFAULT_SEEDS,
    DEFAULT_STORE,
    FIRST_SEED,
    FIRST_SEEDS,
    ClaimError,
    Lab,
    LabError,
    ManipulationError,
    Refuted,
    first_seed_under,
    help_out,
)
from mlp.report.claimed import RECORD_IT, command_of, complaint, row_of
from mlp.report.plugin import DAMAGED, Reporting, add_options, junit_properties
from mlp.report.progress import Ticker, duplicate_stdout
from mlp.report.results import CHANGED, Row
from mlp.report.study import ReportError
from mlp.report.terminal import wrapped
from mlp.run import PROTOCOLS, ProtocolError, protocol
from mlp.store import RunFailedError, Store, StoreError

ROOT = Path(__file__).parent
USER_ERRORS = (
    DataError,
    GenomeError,
    LabError,
    ManipulationError,
    marks.MarkError,
    ProtocolError,
    ReportError,
    RunFailedError,
    StoreError,
    installed.InstallationError,
)
"""What a user is told in one sentence, without a traceback."""

MOST_IN_ADVANCE = 4
"""Most tests handed to a worker at once, unless --maxschedchunk says otherwise: claims
take from milliseconds to minutes, and none should wait behind a long one while others idle."""

STORE = pytest.StashKey[Store]()
TICKER = pytest.StashKey[Ticker]()
REPORTING = pytest.StashKey[Reporting]()
LAB = pytest.StashKey[Lab]()


def _whole(text: str) -> int | str:
    """A whole number; anything else as it stands, for `Lab.check_seeds` to refuse."""
    try:
        return int(text)
    except ValueError:
        return text


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mlp", "mlp: knockout and rescue of training pipelines")
    group.addoption(
        "--mlp-protocol",
        default="quick",
        metavar="NAME",
        help="what is held equal: "
        + "; ".join(
            f"{p.name} (rate {p.learning_rate:g}, {p.steps:,} steps)" for p in PROTOCOLS.values()
        )
        + ". Default: quick",
    )
    group.addoption(
        "--mlp-dataset",
        action="append",
        metavar="NAME[,NAME]",
        help=f"only these datasets, of {', '.join(data.names())}. Default: all",
    )
    group.addoption(
        "--mlp-first-seed",
        type=_whole,
        metavar="N",
        help="first seed of every comparison: rerun the study on seeds it has never seen. "
        f"Default: {FIRST_SEED}; "
        + "; ".join(f"under {name}, {first}" for name, first in FIRST_SEEDS.items()),
    )
    group.addoption(
        "--mlp-seeds",
        type=_whole,
        default=DEFAULT_SEEDS,
        metavar="N",
        help="most seeds a comparison may use; looks are at 8, 16, 32, ... up to N. "
        f"Default: {DEFAULT_SEEDS}",
    )
    group.addoption(
        "--mlp-store",
        type=Path,
        metavar="FILE",
        help=f"where runs are kept. Default: {DEFAULT_STORE} in the root folder",
    )
    group.addoption(
        "--mlp-fresh", action="store_true", help="discard the runs the store holds, and train anew"
    )
    group.addoption(
        "--mlp-real",
        action="store_true",
        help="train everything on the real TensorFlow API, never on the cohort engine (slow)",
    )
    add_options(group)


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


def _only_unit_tests(config: pytest.Config) -> bool:
    paths = [Path(config.invocation_params.dir, a.split("::")[0]).resolve() for a in config.args]
    return all(path.is_relative_to(ROOT / "mlp") for path in paths)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", marks.FINDING)
    config.addinivalue_line("markers", marks.REFUTED)
    if getattr(config.option, "maxschedchunk", MOST_IN_ADVANCE) is None:
        config.option.maxschedchunk = MOST_IN_ADVANCE
    if config.option.mlp_first_seed is None:
        config.option.mlp_first_seed = first_seed_under(config.option.mlp_protocol)
    if not _is_worker(config):
        config.stash[REPORTING] = Reporting(
            config,
            datasets=lambda: _datasets(config),
            store=lambda: config.stash.get(STORE, None),
            ticker=lambda: config.stash.get(TICKER, None),
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


def _datasets(config: pytest.Config) -> list[str]:
    """The datasets of the session.

    Raises:
        DataError: an unknown one is asked for, or --mlp-dataset names none.
    """
    found: list[str] = []
    for given in config.option.mlp_dataset or ():
        names = [name.strip() for name in given.split(",") if name.strip()]
        if not names:
            raise DataError(f"--mlp-dataset names a dataset; got {given!r}: try iris")
        found += names
    for name in found:
        data.check_name(name)
    return list(dict.fromkeys(found)) or list(data.names())


def _check_options(config: pytest.Config) -> None:
    option = config.option
    protocol(option.mlp_protocol)
    Lab.check_seeds(option.mlp_seeds, option.mlp_first_seed)
    installed.check()


def pytest_sessionstart(session: pytest.Session) -> None:
    config = session.config
    if _is_worker(config):
        return
    try:
        _datasets(config)
        if config.option.collectonly or _only_unit_tests(config):
            return
        _check_options(config)
        config.stash[REPORTING].check()
        store = _open_store(config, fresh=config.option.mlp_fresh)
    except USER_ERRORS as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[STORE] = store
    stream = duplicate_stdout()
    config.add_cleanup(stream.close)
    reporting = config.stash[REPORTING]
    config.stash[TICKER] = Ticker(
        store.progress, stream, lambda: (reporting.ended, session.testscollected)
    )
    workers = config.pluginmanager.has_plugin("dsession")
    answer = interrupt.Answer(config.stash[TICKER].say if workers else lambda _: None)
    config.pluginmanager.register(answer, "mlp-interrupt")
    config.stash[TICKER].start()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    config = session.config
    going_on = not session.shouldstop and exitstatus != pytest.ExitCode.INTERRUPTED
    if _is_worker(config) and STORE in config.stash:
        if going_on:
            help_out(config.stash[STORE])
        config.workeroutput[DAMAGED] = config.stash[STORE].damaged  # type: ignore[attr-defined]
    if TICKER in config.stash:
        config.stash[TICKER].stop()


def pytest_unconfigure(config: pytest.Config) -> None:
    if STORE in config.stash:
        config.stash[STORE].close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if not {"lab", "dataset"} <= set(metafunc.fixturenames):
        return
    given = [
        mark.args[0] if mark.args else mark.kwargs.get("argnames", "")
        for mark in metafunc.definition.iter_markers("parametrize")
    ]
    names = {
        name.strip()
        for some in given
        for name in (some.split(",") if isinstance(some, str) else some)
    }
    if "dataset" not in names:
        metafunc.parametrize("dataset", _datasets(metafunc.config))


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
            if isinstance(item, pytest.Item):
                marks.check(item)
                _check_dataset(item)
    except USER_ERRORS as wrong:
        error, report.outcome, report.result = wrong, "failed", []
    if isinstance(error, USER_ERRORS):
        report.longrepr = f"{collector.nodeid}: {error}"
    return report


def _check_dataset(item: pytest.Item) -> None:
    """Refuse a claim on a dataset that does not exist, though another may be asked for.

    What a fixture of the test's own makes of an indirect parameter is not known yet.
    """
    name = marks.dataset_of(item)
    own = any(mark.kwargs.get("indirect") for mark in item.iter_markers("parametrize"))
    if isinstance(name, str) and "lab" in getattr(item, "fixturenames", ()) and not own:
        data.check_name(name)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Have `-k finding_2` select every claim of finding 2, in whichever file it is."""
    for mark in item.iter_markers("finding"):
        name = marks.read_finding(mark.args, dict(mark.kwargs))
        item.extra_keyword_matches |= {f"finding_{name}", *(["conclusion"] if name == "C" else [])}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.mlp_dataset:
        kept = (None, *_datasets(config))
        others = [item for item in items if marks.dataset_of(item) not in kept]
        items[:] = [item for item in items if item not in others]
        config.hook.pytest_deselected(items=others)
    for item in items:
        reason = marks.recorded_refutation(item, config.option.mlp_protocol)
        if reason is not None:
            item.add_marker(pytest.mark.xfail(raises=Refuted, strict=True, reason=reason))


@pytest.fixture(scope="session")
def _lab(request: pytest.FixtureRequest) -> Lab:
    config = request.config
    if STORE not in config.stash:
        config.stash[STORE] = _open_store(config)
    option = config.option
    return Lab(
        config.stash[STORE],
        protocol=option.mlp_protocol,
        seeds=option.mlp_seeds,
        first_seed=option.mlp_first_seed,
        real=option.mlp_real,
    )


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
    report = yield
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, (ClaimError, *USER_ERRORS)) and report.failed:
        told = wrapped(str(error)) if isinstance(error, ClaimError) else [str(error)]
        if isinstance(error, Refuted):
            told.append(RECORD_IT)
        report.longrepr = "\n".join([*told, f"rerun: {command_of(item)}"])
        report.sections = [part for part in report.sections if "stderr" not in part[0]]
    if asked:
        report.mlp_by_claim = _judge(report, rows, error)  # type: ignore[attr-defined]
        report.mlp_rows = [row.to_dict() for row in rows]  # type: ignore[attr-defined]
    return report


def _judge(report: pytest.TestReport, rows: list[Row], error: BaseException | None) -> bool:
    """Fail a test that hides its verdict or breaks a rule; whether its verdict alone fails it."""
    if report.failed and error is not None and not isinstance(error, ClaimError):
        return False
    told = complaint(rows, report)
    if told:
        report.outcome, report.longrepr = "failed", told
        vars(report).pop("wasxfail", None)
    return report.failed and [row.status for row in rows] == [CHANGED]
