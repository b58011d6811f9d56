"""Controls: what must come out equivalent does, and a planted effect of known size is found."""

from __future__ import annotations

from mlp.genome import LAYERS_ESTIMATOR_FLOAT32
from mlp.lab import Lab

PLANTED = 0.4
PROMISED_SEEDS = 32
"""Seeds by which the looks promise an effect of 0.35 against a margin of 0.05 (mlp.stats)."""


def test_two_cohorts_that_differ_in_nothing_but_seeds_are_equivalent(
    lab: Lab, dataset: str
) -> None:
    """Negative control: one genome on seeds it does not share with itself is equivalent."""
    lab.compare_seeds(LAYERS_ESTIMATOR_FLOAT32, dataset, margin=0.2).assert_equivalent()


def test_gene_that_only_affects_reporting_is_equivalent(lab: Lab, dataset: str) -> None:
    """Negative control: recording the curve's ends alone changes nothing."""
    ends = LAYERS_ESTIMATOR_FLOAT32.with_alleles(reporting="ends")
    lab.compare(ends, LAYERS_ESTIMATOR_FLOAT32, dataset).assert_equivalent()


def test_planted_effect_is_found(lab: Lab, dataset: str) -> None:
    """Positive control: two fifths of the right answers spoiled is found, in the seeds promised."""
    spoiled = LAYERS_ESTIMATOR_FLOAT32.with_alleles(handicap=PLANTED)
    comparison = lab.compare(spoiled, LAYERS_ESTIMATOR_FLOAT32, dataset)
    assert comparison.result.n <= PROMISED_SEEDS
    comparison.assert_worse()
