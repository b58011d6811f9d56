"""Each way of importing, and which files of the user it means."""

from __future__ import annotations

import sys

import pytest

from mlp.lab.code import root_of


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
