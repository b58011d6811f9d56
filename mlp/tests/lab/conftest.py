"""A lab small enough to train in a moment."""

import sys

import pytest

from mlp.lab import Lab
from mlp.lab.code import closure
from mlp.store import Store
from mlp.tests.lab.loops import TRAINED
from mlp.tests.lab.projects import FILES
from mlp.tests.lab.runs import TINY


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.sqlite") as opened:
        yield opened


@pytest.fixture(autouse=True)
def _forget():
    TRAINED.clear()


@pytest.fixture
def lab(store):
    """A lab for species of a user's kind."""
    return Lab(store, seeds=64)


@pytest.fixture
def tiny_lab(store):
    return Lab(store, protocol=TINY, seeds=16)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with a pipeline, where imports are looked for; `write` adds files."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    class Project:
        folder = tmp_path

        @staticmethod
        def write(files):
            for name, text in files.items():
                path = tmp_path / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")

        @staticmethod
        def closure(name="pipeline.py", **given):
            return closure(tmp_path / name, **given)

        @staticmethod
        def names(name="pipeline.py", **given):
            files = closure(tmp_path / name, **given).files
            return [file.relative_to(tmp_path).as_posix() for file in files]

    Project.write(FILES)
    yield Project
    for name in set(sys.modules) - before:
        del sys.modules[name]
