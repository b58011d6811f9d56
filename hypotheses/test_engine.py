"""The cohort engine, which trains for most claims, does as well as the real API."""

from __future__ import annotations

import pytest

from mlp.lab import Lab
from mlp.species.post.genome import STRAINS


@pytest.mark.parametrize("strain", STRAINS)
def test_cohort_engine_agrees_with_the_real_api(lab: Lab, strain: str, dataset: str) -> None:
    """The engine and the real API, from one plan, end with equivalent accuracies."""
    lab.compare_executors(STRAINS[strain], dataset, margin=0.2).assert_equivalent()
