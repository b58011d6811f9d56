"""What is of this repository alone: its species is known before tests are collected."""

from __future__ import annotations

from pathlib import Path

import pytest

import mlp
from mlp.suite import interrupt

interrupt.tell_interruption_in_one_line()  # before the imports that take seconds

from mlp.species.post import Mlp, installation

ROOT = Path(__file__).parent

if str(ROOT / "mlp") not in mlp.__path__:  # a wheel is tested, and it holds no tests
    mlp.__path__.append(str(ROOT / "mlp"))

__all__ = ["Mlp"]

CLAIMS = "hypotheses"
"""The folder of the claims; without a folder pytest runs the unit tests."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say in one sentence that a package is missing, if claims of the study are to be tested."""
    config = session.config
    here = config.invocation_params.dir
    paths = [Path(here, arg.split("::")[0]).resolve() for arg in config.args]
    unit_tests = ROOT / "mlp"
    if config.option.collectonly or all(path.is_relative_to(unit_tests) for path in paths):
        return
    try:
        installation.check()
    except installation.InstallationError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Say how claims are selected, where `-k` selected none."""
    word = config.option.keyword
    if not word or not (config.rootpath / CLAIMS).is_dir():
        return
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        told = f'Without a folder, -k selects unit tests. For claims: pytest {CLAIMS} -k "{word}"'
    elif exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        told = f'No test matches -k "{word}". For all names: pytest {CLAIMS} --collect-only -q'
    else:
        return
    terminalreporter.write_line(told, yellow=True)
