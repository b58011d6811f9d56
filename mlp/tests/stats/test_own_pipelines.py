"""The README's recipe for other people's pipelines, run as it stands on pipelines made up here."""

from __future__ import annotations

import re
import sys
from types import ModuleType

import numpy as np

from mlp.tests.conftest import ROOT


def recipe() -> str:
    """The code block below its marker in the README."""
    text = (ROOT / "README.md").read_text("utf-8")
    found = re.search(r"<!-- code: own -->\n```python\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1]


def test_the_recipe_finds_the_part_that_makes_the_difference(monkeypatch, capsys):
    def accuracy(parts, seed):
        noise = np.random.default_rng([seed, len(parts)]).normal(0, 0.02)
        return 0.5 + 0.4 * ("shuffle" in parts) + noise

    monkeypatch.setitem(sys.modules, "my_pipelines", ModuleType("my_pipelines"))
    monkeypatch.setattr(sys.modules["my_pipelines"], "accuracy", accuracy, raising=False)

    exec(recipe(), {})

    outcome, *shares = capsys.readouterr().out.splitlines()
    assert re.match(r"better \+0\.[34]\d+ .* more seeds wanted: None", outcome)
    effects = {part: float(effect) for part, effect, *_ in map(str.split, shares)}
    assert abs(effects["shuffle"] - 0.4) < 0.05
    assert abs(effects["logits"]) < 0.05
