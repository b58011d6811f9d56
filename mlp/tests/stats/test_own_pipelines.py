"""The README's recipe for other people's pipelines, run as it stands on pipelines made up here."""

from __future__ import annotations

import re
import sys
from types import ModuleType

import numpy as np
import pytest

from mlp.stats import look_alpha, paired_interval, sequential
from mlp.tests.conftest import ROOT


def recipe() -> str:
    """The code block below its marker in the README."""
    text = (ROOT / "README.md").read_text("utf-8")
    found = re.search(r"<!-- code: own -->\n```python\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def follow(monkeypatch, capsys):
    """Runs the recipe on pipelines of this accuracy(parts, seed); gives the lines it prints."""

    def follow(accuracy):
        monkeypatch.setitem(sys.modules, "my_pipelines", ModuleType("my_pipelines"))
        monkeypatch.setattr(sys.modules["my_pipelines"], "accuracy", accuracy, raising=False)
        exec(recipe(), {})
        return capsys.readouterr().out.splitlines()

    return follow


def test_the_recipe_finds_the_part_that_makes_the_difference(follow):
    def accuracy(parts, seed):
        noise = np.random.default_rng([seed, len(parts)]).normal(0, 0.02)
        return 0.5 + 0.4 * ("shuffle" in parts) + noise

    outcome, *shares = follow(accuracy)
    assert re.match(r"better \+0\.[34]\d+ .* more seeds wanted: None", outcome)
    effects = {part: float(effect) for part, effect, *_ in map(str.split, shares)}
    assert abs(effects["shuffle"] - 0.4) < 0.05
    assert abs(effects["logits"]) < 0.05


@pytest.mark.parametrize(("gain", "outcome"), [(0.0, "equivalent"), (0.1, "better")])
def test_the_recipe_s_seeds_decide_what_is_reproducible(follow, gain, outcome):
    told, *_ = follow(lambda parts, _: 0.5 + gain * ("shuffle" in parts))
    assert told.startswith(f"{outcome} ")
    assert told.endswith("more seeds wanted: None")


def test_the_floor_is_as_the_readme_says():
    """What the interval keeps with no scatter at all, and what that costs."""
    text = " ".join((ROOT / "README.md").read_text("utf-8").split())
    alpha = look_alpha(0.05)
    reach = {n: paired_interval(np.zeros(n), alpha).high for n in (32, 64, 128, 256)}
    assert (
        f"{reach[32]:.3f} to either side at 32 seeds, {reach[64]:.3f} at 64, "
        f"{reach[128]:.3f} at 128 and {reach[256]:.3f} at 256"
    ) in text

    def takes(gain, margin):
        return sequential(np.full(512, gain), margin, cap=512, claim_error=0.05).n

    assert (
        f"one of 0.1 takes {takes(0.1, 0.05)} seeds at a margin of 0.05, "
        f"one of 0.05 takes {takes(0.05, 0.02)} at 0.02, "
        f"and one of 0.02 takes {takes(0.02, 0.01)} at 0.01"
    ) in text
