"""Dose-response: the gene that is responsible on digits is not a switch."""

from __future__ import annotations

import pytest

from mlp.lab import Lab
from mlp.species.post.data import load
from mlp.species.post.genome import MATMUL, MATMUL_ESTIMATOR

DOSES: tuple[str | float, ...] = ("first_batch", 0.1, 0.2, 0.4, 0.7, "all")
"""Shares of the training rows ever seen. The first and the last are the published alleles."""

HALFWAY = 0.1
"""A dose in between: 144 of 1,439 rows, less than three batches."""


def _share(dose: str | float) -> float:
    if dose == "first_batch":
        return MATMUL.batch_size / load("digits").training_rows
    return 1.0 if dose == "all" else float(dose)


@pytest.mark.parametrize("dataset", ["digits"])
def test_accuracy_rises_with_the_rows_ever_seen(lab: Lab, dataset: str) -> None:
    """The more rows ever seen, the better: accuracy never falls by 0.2, and rises by more."""
    genomes = [MATMUL.with_alleles(coverage=dose) for dose in DOSES]
    shares = [_share(dose) for dose in DOSES]
    lab.dose_response(genomes, shares, dataset, margin=0.2).assert_rising()


@pytest.mark.parametrize("dataset", ["digits"])
@pytest.mark.parametrize(
    ("more", "less"), [(HALFWAY, "first_batch"), ("all", HALFWAY)], ids=["some", "all"]
)
def test_more_rows_help_at_either_end(
    lab: Lab, more: str | float, less: str | float, dataset: str
) -> None:
    """Not a switch: a tenth of the rows does better than one batch, and all better than a tenth."""
    lab.compare(
        MATMUL.with_alleles(coverage=more), MATMUL.with_alleles(coverage=less), dataset
    ).assert_better()


@pytest.mark.parametrize("order", ["shuffled_once", "reshuffled"])
@pytest.mark.parametrize("dataset", ["digits"])
def test_order_of_the_rows_makes_no_difference(lab: Lab, order: str, dataset: str) -> None:
    """With all rows seen, shuffling them once or each epoch is equivalent to a fixed order."""
    shuffled = MATMUL_ESTIMATOR.with_alleles(order=order)
    fixed = MATMUL_ESTIMATOR.with_alleles(order="fixed")
    lab.compare(shuffled, fixed, dataset, margin=0.2).assert_equivalent()
