"""The strains are the original programs in distribution, at the protocol these were recorded at.

Three recorded seeds can be no cohort: that they and ours are draws from one distribution is tested
by the exact permutation test of the difference in mean, strain by strain and dataset by dataset, at
5% over all twelve (Bonferroni). Their spread decides what shift it could have seen: it is shown as
the interval around the difference.
"""

from __future__ import annotations

import pytest

from mlp.genome import STRAINS
from mlp.lab import Lab

SEEDS = 16
CELLS = 12


@pytest.mark.parametrize("strain", STRAINS)
@pytest.mark.parametrize("dataset", ["digits", "iris", "wine"])
def test_final_accuracy_agrees_with_the_recorded_runs(lab: Lab, strain: str, dataset: str) -> None:
    """Final validation accuracy, as published, agrees with the runs recorded under TF 1.4.1."""
    if lab.protocol.name != "published":
        pytest.skip("recorded at the published protocol: --mlp-protocol=published")
    lab.compare_recorded(strain, dataset, seeds=SEEDS, error=0.05 / CELLS).assert_agrees()
