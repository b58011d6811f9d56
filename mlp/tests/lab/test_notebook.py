"""The code of a species that no file holds: what makes a notebook's lab train again."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import types

import pytest

from mlp.lab import Lab
from mlp.tests.conftest import ROOT
from mlp.tests.lab.loops import TRAINED
from mlp.tests.lab.runs import stored

ABOVE = """
import threading
from functools import lru_cache, partial
import numpy as np
import helper
from mlp import Genome, gene

def scaled(k, seed, by=0.1):
    try:
        return by * k + 0.001 * (seed % 7)
    except TypeError:
        return 0.0

def adding(amount):
    return lambda score: score + amount

class Rule:
    factor = 1.0
    def __init__(self, power):
        self.power = power
    def __call__(self, score):
        return self.factor * score ** self.power

@lru_cache
def cached(score):
    return score * 0.9

class Table:
    def __init__(self, rows, names):
        self.rows, self.names, self.none = rows, names, rows[:0]
    def __array__(self, dtype=None, copy=None):
        return self.rows

SHIFTS, RATES, KINDS = np.arange(3) / 1000, {"low": [0.1, 0.2]}, {"b", "a"}
add, rule, halved, unused = adding(0.01), Rule(1), partial(pow, 0.5), 1
table, OBJECTS = Table(np.zeros(3), np.array(["a", "b"])), np.array(["a", None])
"""
SPECIES = """
class Mine(Genome):
    k: int = gene("a number", at_least=0, default=1)
{names}
    def train(self, seed):
        from mlp.tests.lab.loops import TRAINED
        TRAINED.append(seed)
        score = rule(add(scaled(self.k, seed) + SHIFTS[1] * RATES["low"][0]))
        score += 0.001 * (table.names[0] == OBJECTS[0])
        return cached(score) * halved(1) + 0.001 * ("a" in KINDS) + helper.extra()
"""
HELPER = "def extra():\n    return 0.001\n"


class Notebook:
    """A module without a file, in which cells run, and a lab that stays."""

    def __init__(self, store, name):
        self.lab = Lab(store, seeds=16)
        self.module = types.ModuleType(name)
        self.run(ABOVE)
        self.run(SPECIES.format(names=""))

    def run(self, cell):
        exec(cell, self.module.__dict__)

    def trains(self):
        """How many runs are trained for a cohort of two."""
        TRAINED.clear()
        assert len(self.lab.cohort(self.module.Mine(), seeds=2)) == 2
        return len(TRAINED)


@pytest.fixture(autouse=True)
def helper(tmp_path, monkeypatch):
    (tmp_path / "helper.py").write_text(HELPER, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path / "helper.py"
    sys.modules.pop("helper", None)


@pytest.fixture(params=["__main__", "no_file"])
def notebook(store, monkeypatch, request):
    made = Notebook(store, request.param)
    monkeypatch.setitem(sys.modules, request.param, made.module)
    assert (made.trains(), made.trains()) == (2, 0)
    return made


def part(start, old, new):
    """The definition in `ABOVE` that starts so, and all below it, with `old` replaced."""
    cell = ABOVE[ABOVE.index(start) :]
    assert old in cell
    return cell.replace(old, new, 1)


@pytest.mark.parametrize(
    "cell",
    [
        part("def scaled", "0.001", "0.002"),
        part("def scaled", "by=0.1", "by=0.2"),
        part("def scaled", "TypeError", "ValueError"),
        part("def adding", "score + amount", "score - amount"),
        part("class Rule", "self.factor * score", "score"),
        part("class Rule", "factor = 1.0", "factor = 0.5"),
        part("@lru_cache", "0.9", "0.8"),
        "add = adding(0.02)",
        "rule = Rule(2)",
        "halved = partial(pow, 0.25)",
        "SHIFTS = np.arange(3) / 500",
        "SHIFTS[1] = 0.5",
        "RATES['low'][0] = 0.3",
        "KINDS = {'b'}",
        "table.rows[0] = 1",
        "table.names[0] = 'c'",
        "OBJECTS[0] = 'c'",
        "rule = lambda score: score",
        "scaled = lambda k, seed: 0.5",
    ],
)
def test_it_trains_again_after_what_its_code_names_has_changed(notebook, cell):
    notebook.run(cell)
    assert (notebook.trains(), notebook.trains()) == (2, 0)


@pytest.mark.parametrize(
    "cell",
    [
        ABOVE,
        part("def scaled", "    try:", "    # why\n\n    try:"),
        SPECIES.format(names="    # a comment"),
        "SHIFTS = np.array([0.0, 0.001, 0.002])",
        "RATES = {'low': [0.1, 0.2]}",
        "KINDS = {'a', 'b'}",
        "table = Table(np.zeros(3), np.array(['a', 'b']))",
        "OBJECTS = np.array(['a', None])",
        "unused = 2",
    ],
)
def test_it_trains_nothing_after_other_changes(notebook, cell):
    notebook.run(cell)
    assert notebook.trains() == 0


def test_a_module_of_the_users_that_is_loaded_again_counts_by_what_it_holds(notebook, helper):
    importlib.reload(notebook.module.helper)
    assert notebook.trains() == 0
    helper.write_text(HELPER.replace("0.001", "0.00002"), encoding="utf-8")
    importlib.reload(notebook.module.helper)
    assert notebook.trains() == 2


def test_an_object_that_cannot_be_read_counts_by_being_that_object(notebook):
    notebook.run("rule.lock = threading.Lock()")
    assert (notebook.trains(), notebook.trains()) == (2, 0)
    notebook.run("rule.lock = threading.Lock()")
    assert (notebook.trains(), notebook.trains()) == (2, 0)


def test_what_an_object_works_out_once_and_remembers_is_no_change(notebook):
    notebook.run(
        "class Other(Genome):\n    k: int = gene('a number')\n"
        "other, was = Other(k=1), scaled\nscaled = lambda k, seed: was(other.k, seed)"
    )
    assert notebook.trains() == 2
    notebook.run("assert other.expressed() == other.as_compared()")
    assert "_expressed" in vars(notebook.module.other)
    assert notebook.trains() == 0


def test_runs_are_kept_on_disk_where_code_names_its_helpers(notebook, store):
    notebook.run(SPECIES.format(names="    code = ('helper.py',)"))
    notebook.trains()
    assert len(stored(store)) == 2
    notebook.run("scaled = lambda k, seed: 0.5")
    notebook.trains()
    assert len(stored(store)) == 4


def test_they_are_not_kept_where_an_object_counts_in_this_process_alone(notebook, store):
    notebook.run(
        SPECIES.format(names="    code = ('helper.py',)") + "\nrule.lock = threading.Lock()"
    )
    assert notebook.trains() == 2
    assert stored(store) == {}


def test_what_was_trained_before_ctrl_c_is_kept(notebook, helper):
    stop = helper.with_name("stop")
    stop.touch()
    notebook.run(
        "import os\nwas = scaled\ndef scaled(k, seed):\n"
        "    if seed == 100001 and os.path.exists('stop'):\n        raise KeyboardInterrupt\n"
        "    return was(k, seed)"
    )
    with pytest.raises(KeyboardInterrupt):
        notebook.trains()
    stop.unlink()
    assert notebook.trains() == 1


CELLS = """
import sys
from mlp.lab.known import trainers_of
exec({above!r})
exec({species!r})
print(trainers_of(Mine).all[0].identity(Mine(), "")["live"])
"""


def test_another_process_finds_the_runs_that_are_kept(tmp_path):
    """Text hashes, and so the order of sets, differ between processes."""
    text = CELLS.format(above=ABOVE, species=SPECIES.format(names="    code = ('helper.py',)"))
    told = {
        subprocess.run(
            [sys.executable, "-c", text],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT}"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
