"""A lab small enough to train in a moment."""

import pytest

from mlp.lab import Lab
from mlp.store import Store
from mlp.tests.lab.runs import TINY


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as opened:
        yield opened


@pytest.fixture
def tiny_lab(store):
    return Lab(store, protocol=TINY, seeds=16)
