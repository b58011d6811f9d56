"""What is this repository's own: its species is known, and installed, before tests are collected."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlp.suite import interrupt

interrupt.tell_interruption_in_one_line()  # before the imports that take seconds

from mlp.species.post import Mlp, installation

__all__ = ["Mlp"]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say in one sentence that a package is missing, if claims of the study are to be tested."""
    config = session.config
    here = config.invocation_params.dir
    paths = [Path(here, arg.split("::")[0]).resolve() for arg in config.args]
    unit_tests = Path(__file__).parent / "mlp"
    if config.option.collectonly or all(path.is_relative_to(unit_tests) for path in paths):
        return
    try:
        installation.check()
    except installation.InstallationError as error:
        raise pytest.UsageError(str(error)) from None
