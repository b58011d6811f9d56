"""A small suite of claims about trivial runs, and a store that is asked by attempts."""

import pytest

from mlp.tests.conftest import ROOT

SUITE = """
import pytest
from mlp.proof.cluster import trivial
from mlp.cluster.attempts import Attempts
from mlp.tests.cluster.door import {door}

class Lab:
    def __init__(self, store):
        self.store = store

    def runs(self, name, seeds=4, **spec):
        return self.store.obtain(trivial.jobs(name, range(seeds), **spec), trivial.train)

def pytest_configure(config):
    config.door = {door}("runs.db")
    config.attempts = Attempts(config.door, lambda item: "lab" in item.fixturenames)
    config.pluginmanager.register(config.attempts)

def pytest_unconfigure(config):
    if hasattr(config, "door"):
        config.door.close()

@pytest.fixture
def lab(request):
    return Lab(request.config.door)
"""


@pytest.fixture
def claims(pytester, monkeypatch):
    """A folder whose tests take `lab`, and ask it for trivial runs that a thread trains."""
    pytest.importorskip("distributed")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest(SUITE.format(door="ThreadStore"))
    return pytester


@pytest.fixture
def on_dask(claims):
    """The same, trained by two Dask workers of this machine."""
    claims.makeconftest(SUITE.format(door="local_cluster"))
    return claims
