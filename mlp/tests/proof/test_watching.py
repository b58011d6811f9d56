"""What watching costs is measured on real updates."""

import pytest

from mlp.proof import watching


def test_the_cost_of_watching_is_measured():
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    measured = watching.ratios(watching.pytorch(), repeats=1)
    assert list(measured) == list(watching.PHASES)
    assert all(len(found) == 1 and found[0] > 0 for found in measured.values())
