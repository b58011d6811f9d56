"""A store for the tests of the study."""

import pytest

from mlp.store import Store


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as opened:
        yield opened
