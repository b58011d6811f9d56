"""A small suite of a user's own, to be run under the suite's conftest.py."""

from __future__ import annotations

import re

from mlp.species.post import MATMUL
from mlp.species.post.protocol import Protocol
from mlp.store import Store

BASE = MATMUL.as_compared().with_alleles(layer_size=8)
TINY = Protocol(name="tiny", learning_rate=1e-3, steps=20, sample_every=10)
SETTINGS = (
    "--mlp-protocol=tiny",
    "--mlp-seeds=8",
    "--mlp-store=runs.db",
    "-p",
    "no:cacheprovider",
)
OPTIONS = (*SETTINGS, "test_user.py")
IRIS = (*OPTIONS, "--mlp-dataset=iris")
PREAMBLE = """
import pytest
from mlp.species.post import MATMUL
BASE = MATMUL.as_compared().with_alleles(layer_size=8)
ENDS = BASE.with_alleles(reporting="ends")
FAST = BASE.with_alleles(rate_scale=9.0)
REFUTED = pytest.mark.refuted
"""
SUPPORTED_CLAIM = "lab.compare(ENDS, BASE, dataset).assert_equivalent()"
REFUTED_CLAIM = "lab.compare(ENDS, BASE, dataset).assert_better()"
UNDECIDED_CLAIM = "lab.compare(FAST, BASE, dataset).assert_better()"


def claim(name, body, *marks):
    """A test of that body, under those markers."""
    head = "".join(f"@{mark}\n" for mark in marks)
    body = body.replace("\n", "\n    ")
    return f'{head}def test_{name}(lab, dataset):\n    """About {name}."""\n    {body}\n'


def records(path):
    """All runs of a store."""
    with Store(path) as store:
        return dict(store.items())


def outcomes(result):
    """Each test's outcome, by name, as `-v` tells it."""
    found = re.findall(r"::test_(\S+) (PASSED|FAILED|XFAIL|ERROR|SKIPPED)", result.stdout.str())
    return dict(found)


def table(result):
    """The verdict table's lines."""
    text = result.stdout.str()
    after = text.split("verdicts =", 1)[1].split("\n", 1)[1]
    return [line for line in re.split(r"(?m)^=", after)[0].splitlines() if line.strip()]
