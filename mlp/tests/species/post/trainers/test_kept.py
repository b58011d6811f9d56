"""Graphs kept for their next use: few at a time, and in little memory."""

from __future__ import annotations

import math
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

from mlp.machine import anonymous_memory
from mlp.species.post.trainers import kept
from mlp.species.post.trainers.kept import Kept, make_room
from mlp.tests.conftest import ROOT


@pytest.fixture(autouse=True)
def without_limit(monkeypatch):
    """The graphs that other tests left are put aside, and memory does not matter."""
    monkeypatch.setattr(kept, "_held", {})
    monkeypatch.setattr(kept, "MEMORY", math.inf)


class Graph:
    """Something that refers to itself, as a graph does."""

    def __init__(self, name):
        self.name, self.itself = name, self


def test_what_was_used_last_is_kept_and_what_was_not_is_built_again():
    built = []
    of = Kept(lambda name: built.append(name) or Graph(name), most=2)

    a, b = of("a"), of("b")
    assert of("a") is a
    of("c")

    assert of("a") is a
    assert of("b") is not b
    assert built == ["a", "b", "c", "b"]


def test_each_kind_has_its_own_number():
    few, many = Kept(Graph, most=1), Kept(Graph, most=2)

    a, b = many("a"), many("b")
    few("a"), few("b")

    assert (many("a"), many("b")) == (a, b)


@pytest.mark.skipif(not anonymous_memory(), reason="the system does not tell a process's memory")
def test_a_process_that_takes_much_memory_keeps_one_graph_of_all_kinds(monkeypatch):
    few, many = Kept(Graph, most=1), Kept(Graph, most=3)
    monkeypatch.setattr(kept, "MEMORY", 0)

    a = many("a")
    assert many("a") is a
    b = few("b")
    assert many("a") is not a
    assert few("b") is not b


@pytest.mark.skipif(not anonymous_memory(), reason="the system does not tell a process's memory")
def test_room_is_made_where_no_graph_is_kept_for_what_is_trained_next(monkeypatch):
    of = Kept(Graph, most=3)
    a = weakref.ref(of("a"))

    make_room()
    assert a() is not None
    monkeypatch.setattr(kept, "MEMORY", 0)
    make_room()
    assert a() is None


def test_what_is_forgotten_is_freed_before_another_is_built():
    alive = []

    def build(name):
        alive.append([seen() is not None for seen in watched])
        return Graph(name)

    watched = []
    of = Kept(build, most=1)
    for name in "abc":
        watched.append(weakref.ref(of(name)))

    assert alive == [[], [False], [False, False]]


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux tells it")
def test_a_process_that_trains_many_kinds_of_runs_keeps_to_its_memory():
    """With the engine's graphs of ten shapes, each of which would take 13 to 40 MB."""
    code = """
from mlp.proof.bench.memory import anonymous
from mlp.species.post.genome import LAYERS
from mlp.species.post.protocol import Protocol
from mlp.species.post.trainers import train
tiny = Protocol(name="tiny", learning_rate=1e-3, steps=4, sample_every=2)
def grow(sizes):
    for size in sizes:
        genomes = [LAYERS.with_alleles(batch_size=size)] * 16
        train(genomes, "iris", tiny, list(range(16)), "cohort")
    return anonymous()
print(grow(range(20, 26)), grow(range(26, 30)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    six, ten = (int(found) for found in done.stdout.split())

    assert ten < 500e6
    assert ten - six < 40e6
