"""What the unit tests share."""

from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[2]

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


@pytest.fixture
def own_registry(monkeypatch):
    """Datasets registered in a test are forgotten after it."""
    from mlp import data

    monkeypatch.setattr(data, "_LOADERS", dict(data._LOADERS))
    yield
    data._load.cache_clear()
