"""The executor of a species' own `train`: what is in the key of its runs, and what it refuses."""

from __future__ import annotations

import importlib
import sys
import time
import types

import pytest

from mlp.errors import UserError
from mlp.lab import Lab
from mlp.lab.forecast import first_jobs
from mlp.lab.known import trainers_of
from mlp.lab.method import SETTINGS
from mlp.lab.patience import TimedOutError
from mlp.tests.lab.runs import stored

SPECIES = """
from mlp import Genome, Result, gene
from steps import step
{above}

class Mine(Genome):
    k: int = gene("a number", at_least=0)
{names}

    def train(self, seed):
        {body}
        return step(self.k, seed)
"""
STEPS = "from sums import total\n\ndef step(k, seed):\n    return total(k, seed)\n"
SUMS = "def total(k, seed):\n    return 0.1 * k + 0.001 * (seed % 7)\n"


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """Declares a species in a module of its own, with two helpers, and gives the species.

    Declared again, it is as in another process: its modules are imported anew.
    """
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(SETTINGS, "timeout_s", None)
    before = set(sys.modules)

    def forget():
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
                del sys.modules[name]
        importlib.invalidate_caches()

    def declare(names="", body="pass", above="", **files):
        forget()
        files = {"steps": STEPS, "sums": SUMS, **files}
        files["my_loop"] = SPECIES.format(names=names, body=body, above=above)
        for name, text in files.items():
            path = tmp_path / f"{name}.py"
            if not path.is_file() or path.read_text("utf-8") != text:
                path.write_text(text, encoding="utf-8")
        time.sleep(0.03)  # a file may be no newer than the species
        return importlib.import_module("my_loop").Mine

    declare.folder = tmp_path
    yield declare
    forget()


def trained(store, species, seeds=2, k=1):
    """How many runs a store holds after a cohort was asked for."""
    Lab(store, seeds=16).cohort(species(k=k), seeds=seeds)
    return len(stored(store))


def identity(species):
    return dict(trainers_of(species).all[0].identity(species(k=1), ""))


class TestKey:
    def test_a_run_is_trained_again_only_after_what_could_change_it_did(self, mine, store):
        assert trained(store, mine()) == 2
        assert trained(store, mine()) == 2
        assert trained(store, mine(sums="# why\n" + SUMS.replace("0.1 * k", "(0.1*k)"))) == 2
        assert trained(store, mine(unrelated="X = 1\n")) == 2
        assert trained(store, mine(sums=SUMS.replace("0.1", "0.2"))) == 4

    @pytest.mark.parametrize("name", ["code", "files"])
    def test_files_that_a_species_names_are_part_of_it(self, mine, name):
        data = mine.folder / "data.csv"
        data.write_bytes(b"1,2\n")
        names = f"    {name} = ('data.csv',)"
        before = identity(mine(names))
        assert identity(mine(names)) == before
        data.write_bytes(b"1,3\n")

        assert identity(mine(names)) != before

    READS = "import pathlib; return float(pathlib.Path('data.csv').read_text())"

    def test_a_file_that_is_changed_between_two_questions_is_read_again(
        self, mine, store, monkeypatch
    ):
        monkeypatch.chdir(mine.folder)
        data = mine.folder / "data.csv"
        data.write_text("0.5")
        species = mine("    files = ('data.csv',)", body=self.READS)
        lab = Lab(store, seeds=16)

        assert [run.score for run in lab.cohort(species(k=1), seeds=2)] == [0.5] * 2
        data.write_text("0.9")
        assert [run.score for run in lab.cohort(species(k=1), seeds=3)] == [0.9] * 3
        data.write_text("0.5")
        assert [run.score for run in lab.cohort(species(k=1), seeds=2)] == [0.5] * 2
        assert len(stored(store)) == 5

    def test_a_file_that_is_changed_while_it_trains_is_refused(self, mine, store, monkeypatch):
        monkeypatch.chdir(mine.folder)
        (mine.folder / "data.csv").write_text("0.5")
        body = "import pathlib; pathlib.Path('data.csv').write_text(f'0.{seed}')"
        species = mine("    files = ('data.csv',)", body=body)

        with pytest.raises(UserError, match=r"but one of data\.csv was changed: run again"):
            trained(store, species)
        assert stored(store) == {}

    def test_paths_begin_where_the_species_is_declared(self, mine, monkeypatch):
        package = mine.folder / "pack"
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "data.csv").write_text("1")
        text = SPECIES.format(names="    files = ('data.csv',)", body="pass", above="")
        (package / "loop.py").write_text(text)
        mine()
        time.sleep(0.03)

        assert identity(importlib.import_module("pack.loop").Mine)["files"]

    def test_packages_that_a_species_names_count_by_their_version(self, mine):
        found = identity(mine("    packages = ('pluggy',)"))
        assert found["packages"]["pluggy"] == importlib.import_module("pluggy").__version__

    @pytest.mark.parametrize(
        ("names", "told"),
        [
            ("packages = ('no-such-package',)", "'no-such-package' is none: write its name"),
            ("code = ('no_such_module',)", "'no_such_module' is none of them near"),
            ("files = ('no_such.csv',)", r"no_such\.csv is not \(No such file"),
            ("files = ('.',)", r"is not \("),
        ],
    )
    def test_what_is_named_must_be_there(self, mine, store, names, told):
        with pytest.raises(UserError, match=told):
            trained(store, mine(f"    {names}"))

    @pytest.mark.parametrize("name", ["files", "packages", "code"])
    def test_what_is_named_is_a_list_that_can_be_read_twice(self, mine, store, name):
        with pytest.raises(UserError, match=f"the {name} of a species are listed; Mine has <gen"):
            trained(store, mine(f"    {name} = (name for name in ())"))

    def test_the_number_of_threads_is_part_of_it(self, mine, monkeypatch):
        species = mine()
        before = identity(species)
        monkeypatch.setattr(SETTINGS, "threads", 2)
        assert identity(species)["hardware"] != before["hardware"]

    def test_pythons_minor_version_is_unless_the_species_says_otherwise(self, mine):
        assert identity(mine())["python"][1:] == list(sys.version_info[:2])
        assert "python" not in identity(mine("    any_python = True"))


class TestImports:
    LATE = "import importlib; importlib.import_module('late_' + 'part')"

    def test_what_is_first_imported_while_training_must_be_named(self, mine, store):
        species = mine(body=self.LATE, late_part="X = 1\n")

        with pytest.raises(UserError, match=r"imported late_part .* code = \('late_part',\)"):
            trained(store, species)
        assert stored(store) == {}

    def test_once_it_is_named_it_counts(self, mine, store):
        named = "    code = ('late_part',)"
        assert trained(store, mine(named, body=self.LATE, late_part="X = 1\n")) == 2
        assert trained(store, mine(named, body=self.LATE, late_part="X = 2\n")) == 4

    def test_an_import_within_train_counts_without_being_named(self, mine, store):
        late = "import late_part"
        assert trained(store, mine(body=late, late_part="X = 1\n")) == 2
        assert trained(store, mine(body=late, late_part="X = 2\n")) == 4

    def test_libraries_may_be_imported_while_training(self, mine, store):
        assert trained(store, mine(body="import colorsys")) == 2

    def test_code_that_is_edited_while_it_trains_is_refused(self, mine, store):
        species = mine()
        sums = mine.folder / "sums.py"
        Lab(store, seeds=16).cohort(species(k=1), seeds=2)
        sums.write_text(SUMS.replace("0.1", "0.3"), encoding="utf-8")

        with pytest.raises(UserError, match=r"sums\.py was changed .*: run again"):
            trained(store, species, k=2)
        assert len(stored(store)) == 2

    def test_a_helper_that_is_loaded_again_is_not_answered_for_by_the_runs_of_the_old(
        self, mine, store
    ):
        species, lab = mine(), Lab(store, seeds=16)
        lab.cohort(species(k=1), seeds=2)
        importlib.reload(sys.modules["sums"])
        assert len(lab.cohort(species(k=1), seeds=2)) == len(stored(store)) == 2
        (mine.folder / "sums.py").write_text(SUMS.replace("0.1", "0.25"), encoding="utf-8")
        importlib.reload(sys.modules["sums"])

        with pytest.raises(UserError, match=r"sums\.py was changed .*: run again"):
            lab.cohort(species(k=1), seeds=2)


class TestNotebook:
    """A species whose module has no file."""

    @pytest.fixture
    def cell(self, mine, monkeypatch):
        mine()
        monkeypatch.chdir(mine.folder)

        def declare(names=""):
            module = types.ModuleType("no_file")
            monkeypatch.setitem(sys.modules, "no_file", module)
            text = SPECIES.format(names=names, body="pass", above="")
            exec(text, module.__dict__)
            return module.__dict__["Mine"]

        return declare

    def test_its_runs_stay_in_memory(self, cell, store):
        runs = Lab(store, seeds=16).cohort(cell()(k=1), seeds=2)
        assert len(runs) == 2
        assert stored(store) == {}

    def test_an_estimate_trains_none_of_them(self, cell, store):
        reached = []

        def claim(lab):
            lab.cohort(cell()(k=1), seeds=2)
            reached.append(1)

        assert first_jobs(Lab(store, seeds=16), [claim]) == []
        assert not reached

    def test_a_file_that_it_names_counts_by_its_bytes(self, mine, cell, store):
        data = mine.folder / "data.csv"
        data.write_text("0.5")
        species = cell(f"    files = ({str(data)!r},)")
        lab = Lab(store, seeds=16)
        first = lab.cohort(species(k=1), seeds=2)
        data.write_text("0.9")

        assert lab.cohort(species(k=1), seeds=2)[0] is not first[0]

    @pytest.mark.parametrize("named", ["steps.py", "steps"])
    def test_they_are_kept_under_the_helpers_that_it_names(self, mine, cell, store, named):
        names = f"    code = ({named!r},)"
        assert trained(store, cell(names)) == 2
        mine(sums=SUMS.replace("0.1", "0.4"))
        assert trained(store, cell(names)) == 4


class TestLimits:
    def test_a_hung_run_is_named_with_its_seed(self, mine, store, monkeypatch):
        monkeypatch.setattr(SETTINGS, "timeout_s", 0.2)
        species = mine(body="while seed == 100001: pass")

        with pytest.raises(TimedOutError, match=r"Mine\[k=1\], seed 100001 did not"):
            trained(store, species)
        assert [record["seed"] for record in stored(store).values()] == [100000]

    @pytest.mark.parametrize(
        ("value", "told"),
        [("random.Random().random()", "gave 0.* and then 0"), ("0.5", "")],
    )
    def test_a_cohort_is_trained_twice_too(self, mine, store, monkeypatch, value, told):
        monkeypatch.setattr(SETTINGS, "check_repeat", True)
        cohort = f"lambda self, seeds: [{value} for _ in seeds]"
        species = mine(f"    at_once = 4\n    train_cohort = {cohort}", above="import random")

        if not told:
            assert trained(store, species, seeds=8) == 8
            return
        with pytest.raises(UserError, match=told):
            trained(store, species, seeds=8)

    def test_weights_that_do_not_repeat_are_told(self, mine, store, monkeypatch):
        monkeypatch.setattr(SETTINGS, "check_repeat", True)
        species = mine(
            body="return Result(score=0.5, weights=str(next(COUNT)))",
            above="import itertools\nCOUNT = itertools.count()",
        )
        with pytest.raises(UserError, match="gave other weights the second time: seed all"):
            trained(store, species)
