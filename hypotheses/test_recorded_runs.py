"""In distribution, the strains are the original programs, at the protocol of the recorded runs.

Three recorded seeds are too few for a cohort. The exact permutation test of the difference in mean
tests whether the recorded runs and ours come from one distribution. It is made for each strain and
dataset, at 5% over all twelve (Bonferroni). The interval around a difference shows the smallest
shift that the test could have detected.
"""

from __future__ import annotations

import pytest

from mlp.lab import Lab
from mlp.species.post.genome import STRAINS, Mlp
from mlp.species.post.recorded import compare_recorded

SEEDS = 16
CELLS = 12


@pytest.mark.parametrize("strain", STRAINS)
@pytest.mark.parametrize("dataset", ["digits", "iris", "wine"])
def test_final_accuracy_agrees_with_the_recorded_runs(lab: Lab, strain: str, dataset: str) -> None:
    """Final validation accuracy, as published, agrees with the runs recorded under TF 1.4.1."""
    if lab.protocol_of(Mlp).name != "published":
        pytest.skip("recorded at the published protocol: --mlp-protocol=published")
    compare_recorded(lab, strain, dataset, seeds=SEEDS, error=0.05 / CELLS).assert_agrees()
