"""What is said of a missing or too old package, found without importing it."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys

import pytest

from mlp.species.post import installation
from mlp.species.post.installation import InstallationError
from mlp.tests.conftest import ROOT

STUDY = re.escape('which is not installed: pip install "mlp-genetics[study]"')

WITHOUT = """
import sys
for name in ("tensorflow", "tf_keras", "keras", "sklearn"):
    sys.modules[name] = None  # importing it raises ImportError
"""


def without_the_study(code):
    """What a new process prints that runs `code` where the packages of the study cannot be had."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(autouse=True)
def _forgetful():
    yield
    installation.tensorflow_version.cache_clear()
    installation.tf_keras_version.cache_clear()


@pytest.fixture
def only(tmp_path, monkeypatch):
    """A function after which the packages given are all there are, by their metadata."""

    def install(**packages):
        for name, version in packages.items():
            folder = tmp_path / f"{name}-{version}.dist-info"
            folder.mkdir()
            name = name.replace("_", "-")
            (folder / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            )
        monkeypatch.setattr(sys, "path", [str(tmp_path)])
        monkeypatch.delitem(sys.modules, "sklearn", raising=False)
        importlib.invalidate_caches()
        installation.tensorflow_version.cache_clear()
        installation.tf_keras_version.cache_clear()

    return install


def test_this_installation_passes():
    installation.check()
    assert installation.tensorflow_version() == importlib.metadata.version("tensorflow")
    assert installation.tf_keras_version() == importlib.metadata.version("tf-keras")


def test_a_missing_tensorflow_is_said_with_its_remedy(only):
    only(tf_keras="2.21.0")
    with pytest.raises(InstallationError, match=f"training needs TensorFlow, .*{STUDY}"):
        installation.check()


@pytest.mark.parametrize("version", ["1.15.5", "2.2.0", "2.9.1", "2.15.1"])
def test_a_tensorflow_that_is_too_old_is_said_with_its_version(only, version):
    only(tensorflow=version, tf_keras="2.15.0")
    with pytest.raises(InstallationError, match=rf"2\.16 or later; found {version}: pip install"):
        installation.check()


@pytest.mark.parametrize("version", ["2.16.1", "2.16.0rc0", "2.100.0", "3.0.0"])
def test_a_later_tensorflow_passes(only, version):
    only(tensorflow=version)
    assert installation.tensorflow_version() == version


@pytest.mark.parametrize("name", ["tensorflow_cpu", "tf_nightly"])
def test_other_builds_of_tensorflow_count(only, name):
    only(**{name: "2.20.0"})
    assert installation.tensorflow_version() == "2.20.0"


def test_a_missing_tf_keras_is_said_with_its_remedy(only):
    only(tensorflow="2.21.0")
    with pytest.raises(InstallationError, match=f"needs tf-keras, .*{STUDY}"):
        installation.check()


def test_a_missing_scikit_learn_is_said_with_its_remedy(only):
    only(tensorflow="2.21.0", tf_keras="2.21.0")
    with pytest.raises(InstallationError, match=f"needs scikit-learn, .*{STUDY}"):
        installation.check()


def test_what_does_not_train_is_imported_without_the_study_s_packages():
    code = "import mlp, mlp.stats, mlp.trace, mlp.lab, conftest; print('imported')"
    assert without_the_study(code) == "imported\n"


def test_a_species_of_one_s_own_is_diagnosed_without_the_study_s_packages():
    code = """
import tempfile
from mlp import Genome, Lab, gene
class Loop(Genome):
    rows: bool = gene("whether all rows are fed")
    logits: bool = gene("whether the loss takes logits")
    def train(self, seed):
        return 0.5 + 0.4 * self.rows
good, bad = Loop(rows=True, logits=True), Loop(rows=False, logits=False)
with tempfile.TemporaryDirectory() as folder:
    lab = Lab(f"{folder}/runs.sqlite")
    print(lab.diagnose(good, bad, margin=0.1).causes)
    lab.store.close()
"""
    assert without_the_study(code) == "('rows',)\n"


def test_data_of_the_study_say_what_to_install():
    code = """
from mlp.species.post.data import DataError, load
try:
    load("iris")
except DataError as error:
    print(error)
"""
    said = without_the_study(code)
    assert re.fullmatch(f"dataset 'iris' needs scikit-learn, {STUDY}\n", said)
