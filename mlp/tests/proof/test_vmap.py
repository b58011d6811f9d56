"""The command that measures a vmapped cohort prints both ways and their ratio."""

from __future__ import annotations

import pytest

from mlp.proof import vmap

pytest.importorskip("jax", reason="needs JAX: pip install jax")


def test_a_line_tells_both_ways_and_their_ratio(capsys):
    vmap.main(["--runs", "2", "3", "--steps", "20", "--rounds", "1"])

    head, _, *lines = capsys.readouterr().out.splitlines()
    assert head.endswith("20 steps")
    for runs, line in zip((2, 3), lines, strict=True):
        told, alone, through, ratio = line.split()
        assert int(told) == runs
        assert float(ratio) == pytest.approx(float(through) / float(alone), abs=2e-3)


def test_what_the_cohort_trains_learns_the_digits():
    untrained, trained = (vmap.train([1, 2], steps, 1e-3) for steps in (1, 200))

    assert max(untrained) < 0.5 < min(trained)
    assert trained[0] != trained[1], "each run draws from its own seed"
