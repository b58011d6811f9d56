"""A passport tells in words what makes a worker differ."""

import sys

import pytest

from mlp.cluster import ClusterError, Standard
from mlp.cluster.passport import difference, function_of, name_of
from mlp.proof.cluster import trivial


def test_equal_processes_have_equal_passports():
    standard = Standard(modules=("mlp.proof.cluster.trivial",))
    assert difference(standard.passport(), standard.passport()) == ""


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("numpy", "numpy is '1.0' there and "),
        ("code digest", "code digest is '1.0' there and "),
        ("processor", "processor is '1.0' there and "),
        ("Python", "Python is '1.0' there and "),
        ("mlp's own code", "mlp's own code is '1.0' there and "),
    ],
)
def test_what_differs_is_named(name, told):
    own = Standard().passport()
    assert difference({**own, name: "1.0"}, own).startswith(told)


def test_a_module_that_cannot_be_imported_is_named():
    there = Standard(modules=("no_such_species",)).passport()
    told = difference(there, Standard().passport())
    assert told.startswith("no_such_species cannot be imported (ModuleNotFoundError: ")


def test_the_digest_follows_the_source(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "own_species.py"
    file.write_text("a = 1\n")
    standard = Standard(modules=("own_species",))
    before = standard.passport()
    file.write_bytes(b"a = 1\r\n")
    assert standard.passport() == before
    file.write_text("a = 2\n")
    assert difference(standard.passport(), before).startswith("code digest is ")
    del sys.modules["own_species"]


def test_functions_go_by_name():
    assert function_of(name_of(trivial.train)) is trivial.train


@pytest.mark.parametrize("function", [lambda _: {}, "".join])
def test_a_function_that_workers_cannot_name_is_refused(function):
    with pytest.raises(ClusterError, match="define it at the top level of a file"):
        name_of(function)


def test_what_stands_in_a_script_is_refused(monkeypatch):
    def train(_):
        return {}

    monkeypatch.setattr(train, "__module__", "__main__")
    with pytest.raises(ClusterError, match="script or a notebook"):
        name_of(train)
    with pytest.raises(ClusterError, match="put it into a file of its own"):
        Standard(modules=("__main__",))
