"""Code in the key: what could change a run changes the digest, and nothing else does."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time

import pytest

from mlp.lab.code import closure, digest_of, outside, root_of, tree_without_docstrings
from mlp.store import StoreError

FILES = {
    "pipeline.py": '"""Mine."""\nimport numpy\nfrom helpers import first\n\nRATE = 1\n',
    "helpers/__init__.py": "",
    "helpers/first.py": "from .second import STEPS  # why\n",
    "helpers/second.py": 'def steps():\n    """Of a run."""\n    return 10\n\n\nSTEPS = steps()\n',
    "helpers/unused.py": "OTHER = 1\n",
    "other.py": "OTHER = 1\n",
}


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


class TestImports:
    """Each way of importing, and the files that it means."""

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("import pkg.mod", ["pkg/__init__.py", "pkg/mod.py"]),
            ("import pkg.mod as m", ["pkg/__init__.py", "pkg/mod.py"]),
            ("from pkg import mod", ["pkg/__init__.py", "pkg/mod.py"]),
            ("from pkg.mod import f", ["pkg/__init__.py", "pkg/mod.py"]),
            ("from pkg import name_in_init", ["pkg/__init__.py"]),
            ("def f():\n    import solo", ["solo.py"]),
            ("if True:\n    try:\n        import solo\n    except ImportError: pass", ["solo.py"]),
            ("import importlib\nimportlib.import_module('solo')", ["solo.py"]),
            ("import_module(name='solo')", ["solo.py"]),
            ("__import__('solo')", ["solo.py"]),
            ("from space.inner import mod", ["space/inner/mod.py"]),
            ("import space.inner.mod", ["space/inner/mod.py"]),
            ("from every import *", ["every/__init__.py", "every/one.py"]),
            ("import_module(f'pkg.{x}')\nimport_module('')\nimport_module(3)", []),
            ("import tall", ["tall.py"]),
            ("import os, nowhere, numpy", []),
        ],
    )
    def test_from_a_file_outside_a_package(self, project, text, found):
        project.write(
            {
                "pipeline.py": text,
                "pkg/__init__.py": "name_in_init = 1",
                "pkg/mod.py": "",
                "solo.py": "",
                "space/inner/mod.py": "",
                "every/__init__.py": "__all__ = ['one', 'function']",
                "every/one.py": "",
                "every/two.py": "",
                "tall.py": "\ufeff# a byte order mark",
            }
        )
        assert project.names() == sorted([*found, "pipeline.py"])

    @pytest.mark.parametrize(
        "text",
        [
            "from ..mod import f",
            "from .. import mod",
            "import pkg.mod",
            "import_module('..mod', __package__)",
        ],
    )
    def test_from_a_file_in_a_package(self, project, text):
        project.write(
            {
                "pkg/__init__.py": "",
                "pkg/mod.py": "import last",
                "pkg/deep/__init__.py": "",
                "pkg/deep/species.py": text,
                "last.py": "",
            }
        )
        assert root_of(project.folder / "pkg/deep/species.py") == project.folder
        assert project.names("pkg/deep/species.py") == [
            "last.py",
            "pkg/__init__.py",
            "pkg/deep/__init__.py",
            "pkg/deep/species.py",
            "pkg/mod.py",
        ]

    def test_modules_beside_the_root_count_where_python_finds_them(self, project):
        """Tests in one folder and the code that they test in another, as pytest has it."""
        project.write(
            {
                "tests/test_mine.py": "import mine.train",
                "src/mine/__init__.py": "",
                "src/mine/train.py": "RATE = 1",
            }
        )
        assert project.names("tests/test_mine.py") == ["tests/test_mine.py"]

        sys.path.insert(0, str(project.folder / "src"))
        before = project.closure("tests/test_mine.py").digest
        project.write({"src/mine/train.py": "RATE = 2"})

        assert "src/mine/train.py" in project.names("tests/test_mine.py")
        assert project.closure("tests/test_mine.py").digest != before

    def test_an_environment_in_the_root_is_installed_and_a_root_in_one_is_not(self, project):
        installed = ".venv/lib/python3.11/site-packages"
        project.write(
            {
                "pyvenv.cfg": "",
                f"{installed}/library/__init__.py": "",
                "pipeline.py": "import library, other",
            }
        )
        sys.path.append(str(project.folder / installed))

        assert project.names() == ["other.py", "pipeline.py"]

    def test_this_package_counts_only_where_it_trains(self, project):
        project.write({"pipeline.py": "from mlp import Genome, Lab, gene\nimport mlp.lab.lab"})
        assert project.names() == ["pipeline.py"]
        assert project.closure().distributions == {}

        project.write({"pipeline.py": "from mlp.species.post.genome import Mlp"})
        found = [file.as_posix() for file in project.closure().files]
        assert any(file.endswith("mlp/species/post/genome.py") for file in found)
        assert not any(file.endswith(("mlp/__init__.py", "lab/lab.py")) for file in found)


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


class TestDistributions:
    def test_they_are_named_by_what_is_installed_with_those_that_compute_for_them(self, project):
        project.write({"pipeline.py": "import json, numpy, sklearn.svm\nimport other"})
        found = project.closure().distributions

        assert {"numpy", "scikit-learn", "scipy"} <= set(found)
        assert found["numpy"] == importlib.import_module("numpy").__version__
        assert not {"json", "sklearn", "other", "joblib"} & set(found)

    def test_they_are_found_in_helpers_too(self, project):
        project.write({"helpers/second.py": "def f():\n    import pytest"})

        assert project.closure().distributions["pytest"] == pytest.__version__

    def test_a_name_that_nothing_installs_has_none(self, project):
        project.write({"pipeline.py": "import nowhere_to_be_found"})

        assert project.closure().distributions == {}


class TestBackend:
    @pytest.mark.parametrize(
        ("variable", "settings", "backend"),
        [
            ("jax", '{"backend": "torch"}', "jax"),
            ("", '{"backend": "torch"}', "torch"),
            ("", "{", "tensorflow"),
            ("", '{"epsilon": 1}', "tensorflow"),
            ("", None, "tensorflow"),
        ],
    )
    def test_keras_backend_is_named(self, tmp_path, monkeypatch, variable, settings, backend):
        from mlp.lab.packages import backend_of

        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        monkeypatch.setenv("KERAS_BACKEND", variable)
        if settings is not None:
            (tmp_path / "keras.json").write_text(settings, encoding="utf-8")

        assert backend_of(["keras", "numpy"])["KERAS_BACKEND"] == backend
        assert backend_of(["numpy"]) == {}

    def test_its_version_and_the_settings_of_what_computes_are_part_of_it(self, project):
        """In a process of its own: the environment of its start counts."""
        if importlib.util.find_spec("tensorflow") is None:
            pytest.skip("TensorFlow is not installed")
        project.write({"pipeline.py": "import keras"})
        code = (
            "from pathlib import Path; from mlp.lab.code import closure\n"
            "print(sorted(closure(Path('pipeline.py')).distributions.items()))"
        )
        environment = {
            **os.environ,
            "KERAS_BACKEND": "tensorflow",
            "TF_DETERMINISTIC_OPS": "1",
            "PYTHONPATH": os.pathsep.join(sys.path),
        }

        said = subprocess.run(
            [sys.executable, "-c", code],
            cwd=project.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

        assert "('KERAS_BACKEND', 'tensorflow')" in said
        assert "('TF_DETERMINISTIC_OPS', '1')" in said
        assert "('tensorflow', '" in said


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 1  # why"),
        ("def f():\n    '''Doc.'''\n    return 1", "def f():\n    return 1"),
        ("class A:\n    '''Doc.'''\n    x = 1\n    '''Of x.'''", "class A:\n    x = 1"),
        ("'''Module.'''\nx = (1,\n     2)", "x = (1, 2)"),
    ],
)
def test_what_does_the_same_has_one_tree(one, other):
    assert tree_without_docstrings(one) == tree_without_docstrings(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 2"),
        ("x = 1", "x = 1.0"),
        ("x = 0", "x = None"),
        ("x = 0", "x = False"),
        ("f('a')", "f('b')"),
        ("f(*a)", "f(**a)"),
        ("def f():\n    return 'a'", "def f():\n    return 'b'"),
        ("if x:\n    y()", "if not x:\n    y()"),
    ],
)
def test_what_does_another_thing_has_another_tree(one, other):
    assert tree_without_docstrings(one) != tree_without_docstrings(other)


def test_the_tree_has_one_text_under_every_python():
    """As written down under 3.11; `ast.dump` differs between versions."""
    text = "def f(a, *, b=None) -> int:\n    return [a, None, -1.5]\n\n\nclass A[T]: ..."
    text = text.rpartition("\n\n\n")[0]

    assert tree_without_docstrings(text) == (
        "Module(body=[FunctionDef(name='f',args=arguments(args=[arg(arg='a')],"
        "kwonlyargs=[arg(arg='b')],kw_defaults=[Constant()]),body=[Return(value=List(elts=["
        "Name(id='a',ctx=Load()),Constant(),UnaryOp(op=USub(),operand=Constant(value=1.5))],"
        "ctx=Load()))],returns=Name(id='int',ctx=Load()))])"
    )


def test_the_digest_of_data_is_that_of_its_bytes(tmp_path):
    (tmp_path / "a.npy").write_bytes(b"\x00\xff")
    before = digest_of([tmp_path / "a.npy"], tmp_path)
    (tmp_path / "a.npy").write_bytes(b"\x00\xfe")

    assert digest_of([tmp_path / "a.npy"], tmp_path) != before
