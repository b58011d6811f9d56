"""Code in the key: what could change a run changes the digest, and nothing else does."""

from __future__ import annotations

import importlib
import os
import sys
import time

import pytest

from mlp.lab.code import closure, digest_of, outside
from mlp.store import StoreError
from mlp.tests.lab.projects import FILES


class TestDigest:
    def test_it_covers_what_is_imported_two_imports_away_and_nothing_else(self, project):
        assert project.names() == [
            "helpers/__init__.py",
            "helpers/first.py",
            "helpers/second.py",
            "pipeline.py",
        ]

    @pytest.mark.parametrize(
        ("name", "old", "new", "changed"),
        [
            ("pipeline.py", "RATE = 1", "RATE = 2", True),
            ("helpers/second.py", "return 10", "return 11", True),
            ("helpers/__init__.py", "", "X = 1\n", True),
            ("pipeline.py", "RATE = 1", "RATE = (\n    1\n)  # a comment", False),
            ("pipeline.py", '"""Mine."""', '"""Ours."""', False),
            ("helpers/second.py", "Of a run", "Of one run", False),
            ("helpers/first.py", "# why", "# because", False),
            ("helpers/unused.py", "OTHER = 1", "OTHER = 2", False),
            ("other.py", "OTHER = 1", "OTHER = 2", False),
        ],
    )
    def test_an_edit_changes_it_if_it_could_change_a_run(self, project, name, old, new, changed):
        before = project.closure().digest
        project.write({name: FILES[name].replace(old, new, 1)})

        assert (project.closure().digest != before) == changed

    def test_a_file_that_takes_the_place_of_another_changes_it(self, project):
        project.write({"shadowed.py": "", "pipeline.py": "import shadowed\n"})
        before = project.closure()
        project.write({"shadowed/__init__.py": "X = 1\n"})

        assert project.closure().digest != before.digest

    def test_it_is_the_same_wherever_the_project_lies(self, project, tmp_path_factory):
        elsewhere = tmp_path_factory.mktemp("elsewhere")
        for file in project.closure().files:
            copy = elsewhere / file.relative_to(project.folder)
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(file.read_bytes())
        here = project.closure().digest
        sys.path.remove(str(project.folder))

        assert closure(elsewhere / "pipeline.py").digest == here

    def test_nothing_is_imported_to_find_it(self, project):
        project.write({"pipeline.py": "import helpers.second, trap", "trap.py": "raise SystemExit"})
        before = set(sys.modules)

        assert "trap.py" in project.names()
        assert set(sys.modules) == before


class TestNamed:
    """What a user names by `code`."""

    @pytest.mark.parametrize(
        ("extra", "added"),
        [
            ("other.py", ["other.py"]),
            ("other", ["other.py"]),
            ("data/settings.toml", ["data/settings.toml"]),
            ("helpers", ["helpers/unused.py"]),
            ("helpers.unused", ["helpers/unused.py"]),
        ],
    )
    def test_files_folders_and_modules_are_added(self, project, extra, added):
        project.write({"data/settings.toml": "rate = 1"})
        before = project.closure(extra=[extra])
        project.write({added[0]: "rate = 2"})

        assert sorted({*project.names(), *added}) == project.names(extra=[extra])
        assert project.closure(extra=[extra]).digest != before.digest

    @pytest.mark.parametrize("extra", ["nowhere", "helpers.nothing", "nowhere.py"])
    def test_what_is_not_there_is_one_sentence(self, project, extra):
        with pytest.raises(StoreError, match=f"code names files.*'{extra}' is none of them"):
            project.closure(extra=[extra])

    def test_a_missing_file_is_one_sentence(self, project):
        with pytest.raises(StoreError, match=r"nothing\.py is not \(No such file"):
            project.closure("nothing.py")

    @pytest.mark.parametrize("text", ["x = 1\ndef f(:\n", "x = '\0'\n"])
    def test_a_file_that_is_no_python_is_one_sentence(self, project, text):
        project.write({"other.py": text, "pipeline.py": "import other"})

        with pytest.raises(StoreError, match=r"must be Python; other\.py is not \(.*\): fix it"):
            project.closure()


class TestGuards:
    def test_code_that_changed_since_it_was_imported_is_refused(self, project):
        since = time.time_ns()
        time.sleep(0.02)
        project.write({"helpers/second.py": FILES["helpers/second.py"]})

        with pytest.raises(StoreError, match=r"but second.py was changed .* run again"):
            project.closure(since=since)
        assert project.closure(since=time.time_ns())

    def test_a_file_of_a_future_time_is_no_change(self, project):
        since = time.time_ns() + 10**9
        later = time.time() + 3600
        os.utime(project.folder / "pipeline.py", (later, later))

        assert project.closure(since=since)

    def test_an_editors_file_moved_into_place_is_a_change(self, project):
        found = project.closure()
        found.check()
        project.write({"new.py": FILES["pipeline.py"] + "MORE = 1\n"})
        os.utime(project.folder / "new.py", (0, 0))
        os.replace(project.folder / "new.py", project.folder / "pipeline.py")

        with pytest.raises(StoreError, match=r"pipeline.py was changed"):
            found.check()
        (project.folder / "pipeline.py").unlink()
        with pytest.raises(StoreError, match=r"pipeline.py is not"):
            found.check()

    def test_a_comment_written_while_runs_train_is_none(self, project):
        found = project.closure()
        project.write({"pipeline.py": FILES["pipeline.py"] + "# a comment\n"})

        found.check()

    def test_a_module_that_was_edited_and_not_imported_again_is_refused(self, project):
        """A notebook that goes on: it declares its species anew, and has the old helper."""
        second = importlib.import_module("helpers.second")
        project.closure(since=time.time_ns())
        project.write({"helpers/second.py": "STEPS = 11\n"})
        time.sleep(0.02)

        with pytest.raises(StoreError, match=r"second.py was changed"):
            project.closure(since=time.time_ns())

        importlib.invalidate_caches()
        importlib.reload(second)
        assert project.closure(since=time.time_ns())

    def test_what_a_run_imports_beside_the_closure_is_told(self, project):
        found = project.closure()
        before = set(sys.modules)
        assert outside(found, []) == []

        importlib.import_module("helpers.second")
        importlib.import_module("json.tool")
        assert outside(found, set(sys.modules) - before) == []

        importlib.import_module("other")
        assert outside(found, set(sys.modules) - before) == ["other"]
        assert "other" in outside(found, list(sys.modules))


def test_the_digest_of_data_is_that_of_its_bytes(tmp_path):
    (tmp_path / "a.npy").write_bytes(b"\x00\xff")
    before = digest_of([tmp_path / "a.npy"], tmp_path)
    (tmp_path / "a.npy").write_bytes(b"\x00\xfe")

    assert digest_of([tmp_path / "a.npy"], tmp_path) != before
