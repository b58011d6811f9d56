"""Installed packages in a key: their versions, backends and settings."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest


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

    def test_tensorflow_hands_keras_out_as_its_own(self, project, monkeypatch):
        pytest.importorskip("tensorflow")
        project.write({"pipeline.py": "from tensorflow import keras"})
        monkeypatch.setenv("KERAS_BACKEND", "jax")

        assert project.closure().distributions["KERAS_BACKEND"] == "jax"

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
