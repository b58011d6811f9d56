"""Which claims a session makes, and on which datasets: hooks of pytest, registered by conftest."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from mlp import marks
from mlp.genome import GenomeError
from mlp.lab import LabError, ManipulationError, Refuted
from mlp.report.study import ReportError
from mlp.run import ProtocolError
from mlp.species.post import data, installation
from mlp.species.post.data import DataError
from mlp.store import RunFailedError, StoreError

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
    installation.InstallationError,
)
"""What a user is told in one sentence, without a traceback."""


def datasets(config: pytest.Config) -> list[str]:
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
        metafunc.parametrize("dataset", datasets(metafunc.config))


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
    """Leave out other datasets; put first the claims that state a finding; mark the refuted ones.

    What pytest orders by its own options (`--failed-first`, `--new-first`) it orders after this.
    """
    if config.option.mlp_dataset:
        kept = (None, *datasets(config))
        others = [item for item in items if marks.dataset_of(item) not in kept]
        items[:] = [item for item in items if item not in others]
        config.hook.pytest_deselected(items=others)
    items.sort(key=lambda item: not marks.states_finding(item))
    for item in items:
        reason = marks.recorded_refutation(item, config.option.mlp_protocol)
        if reason is not None:
            item.add_marker(pytest.mark.xfail(raises=Refuted, strict=True, reason=reason))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter,
    exitstatus: int,
    config: pytest.Config,
) -> None:
    """Say how claims are selected, where `-k` selected none."""
    word = config.option.keyword
    if not word or not (config.rootpath / "hypotheses").is_dir():
        return
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        told = f'Without a folder, -k selects unit tests. For claims: pytest hypotheses -k "{word}"'
    elif exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        told = f'No test matches -k "{word}". For all names: pytest hypotheses --collect-only -q'
    else:
        return
    terminalreporter.write_line(told, yellow=True)
