"""Controls: what must be equivalent is, and a planted effect of known size is found."""

from __future__ import annotations

from mlp.lab import Lab
from mlp.species.post.genome import LAYERS_ESTIMATOR_FLOAT32

PLANTED = 0.4
PROMISED_SEEDS = 48
"""Seeds by which the looks find an effect of 0.3 with a spread of 0.15, 19 times in 20.

`python -m mlp.proof.calibration measure` prints this number. Two fifths of what the model gets
right are more than 0.3."""


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
    """Positive control: two fifths of right answers spoiled are found, on seeds of their own.

    If the arms shared their seeds, a spoiled run would be the run it spoils, with no noise between.
    """
    spoiled = LAYERS_ESTIMATOR_FLOAT32.with_alleles(handicap=PLANTED)
    comparison = lab.compare_seeds(LAYERS_ESTIMATOR_FLOAT32, dataset, other=spoiled)
    comparison.assert_worse()
    assert comparison.result.n <= PROMISED_SEEDS
