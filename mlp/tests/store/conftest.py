"""Stores for the tests of this room."""

import multiprocessing

import pytest

from mlp.store import Store


@pytest.fixture
def path(tmp_path):
    """Where a test's store lies; not there yet."""
    return tmp_path / "folder" / "runs.db"


@pytest.fixture
def open_store(path):
    """A function that opens the test's store, as often as wanted; all are closed in the end."""
    stores = []

    def open_(**options):
        stores.append(Store(path, **options))
        return stores[-1]

    yield open_
    for store in stores:
        store.close()


@pytest.fixture
def in_process():
    """A function that runs another in a new process and returns its exit status."""
    context = multiprocessing.get_context("spawn")

    def run(function, *args):
        process = context.Process(target=function, args=args)
        process.start()
        process.join(20)
        return process.exitcode

    return run
