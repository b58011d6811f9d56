"""The four pipelines run as they stand, copied into an empty folder."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

import pytest

from mlp.lab.code import closure
from mlp.tests.conftest import ROOT

pytest_plugins = ("pytester",)

PIPELINES = ROOT / "mlp" / "species" / "pipelines"
LINES = 59
NEEDS = {"keras": "keras", "torch": "torch", "jax": "jax", "sklearn": "sklearn"}
QUICK = {"keras": "does_worse", "torch": "last_batch", "jax": "zeros", "sklearn": "same"}
"""A claim of each that few runs decide."""


@pytest.mark.parametrize("name", NEEDS)
def test_a_pipeline_fits_on_a_screen(name):
    lines = (PIPELINES / f"test_{name}.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LINES


@pytest.mark.parametrize("name", NEEDS)
def test_the_framework_of_a_pipeline_is_part_of_its_runs_keys(name):
    if find_spec(NEEDS[name]) is None:
        pytest.skip(f"{NEEDS[name]} is not installed")
    found = closure(PIPELINES / f"test_{name}.py").distributions
    assert {"sklearn": "scikit-learn"}.get(name, name) in found


@pytest.mark.parametrize("name", NEEDS)
def test_a_pipeline_makes_its_claim_in_an_empty_folder(name, pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    shutil.copy(PIPELINES / f"test_{name}.py", pytester.path)

    result = pytester.runpytest_subprocess(
        "-p", "mlp.suite.plugin", "-k", QUICK[name], "-W", "ignore::UserWarning", "-rs"
    )

    if find_spec(NEEDS[name]) is None:
        result.assert_outcomes(skipped=1)
        result.stdout.fnmatch_lines(["SKIPPED*pip install *"])
        pytest.skip(f"{NEEDS[name]} is not installed")
    result.assert_outcomes(passed=1, deselected=1)
    result.stdout.fnmatch_lines(["1 claim: 1 supported*"])
