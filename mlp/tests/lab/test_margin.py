"""A margin is that of the dataset and the protocol, and is checked when it is declared."""

from __future__ import annotations

import pytest

from mlp.lab import LabError, Margin
from mlp.lab.datasets import DatasetError
from mlp.run import ProtocolError
from mlp.tests.lab.runs import BASE, FAST, stored

LITTLE = Margin(0.2, {"wine": 0.05}, under={"published": {"wine": 0.15, "digits": 0.1}})


@pytest.mark.parametrize(
    ("dataset", "protocol", "margin"),
    [
        ("wine", "quick", 0.05),
        ("wine", "published", 0.15),
        ("digits", "quick", 0.2),
        ("digits", "published", 0.1),
        ("iris", "published", 0.2),
        ("mine", "another", 0.2),
    ],
)
def test_the_nearest_declaration_holds(dataset, protocol, margin):
    assert LITTLE.at(dataset, protocol) == margin


@pytest.mark.parametrize(
    ("wrong", "told", "error"),
    [
        (Margin(0.1, {"iris": 1.5}), "between 0 and 1; got 1.5", LabError),
        (Margin(1.5), "between 0 and 1; got 1.5", LabError),
        (Margin(0.1, {"irsi": 0.2}), "did you mean 'iris'", DatasetError),
        (Margin(0.1, under={"quik": {}}), "did you mean 'quick'", ProtocolError),
        (Margin(0.1, under={"quick": {"wien": 0.2}}), "did you mean 'wine'", DatasetError),
    ],
)
def test_a_margin_that_means_nothing_to_the_species_is_refused_before_training(
    tiny_lab, wrong, told, error
):
    doses = [BASE.with_alleles(coverage=share) for share in (0.5, 0.7, 0.9)]
    for ask in (
        lambda: tiny_lab.compare(FAST, BASE, "iris", margin=wrong),
        lambda: tiny_lab.compare_seeds(BASE, "iris", margin=wrong),
        lambda: tiny_lab.dose_response(doses, [0.5, 0.7, 0.9], "iris", margin=wrong),
    ):
        with pytest.raises(error, match=told):
            ask()
    assert stored(tiny_lab.store) == {}


@pytest.mark.parametrize("margin", [0, -1.0, float("nan"), float("inf"), "0.1", None, True])
def test_a_margin_is_above_zero_where_it_is_declared(margin):
    for declare in (
        lambda: Margin(margin),
        lambda: Margin(0.1, {"iris": margin}),
        lambda: Margin(0.1, under={"quick": {"iris": margin}}),
    ):
        with pytest.raises(LabError, match="a margin must lie") as told:
            declare()
        assert f"got {margin!r}" in str(told.value)


@pytest.mark.parametrize(
    "wrong", [{"on": 0.1}, {"under": ["quick"]}, {"under": {"quick": 0.1}}], ids=str
)
def test_margins_that_differ_are_named_in_a_mapping(wrong):
    with pytest.raises(
        LabError, match=r"in a mapping by name; got .*: try Margin\(0.2, {'wine': 0.1}\)"
    ):
        Margin(0.2, **wrong)


def test_the_lab_takes_it_wherever_it_takes_a_margin(tiny_lab):
    base, other = BASE, BASE.with_alleles(logits="raw")
    margin = Margin(0.3, {"iris": 0.4})
    doses = [base.with_alleles(coverage=share) for share in (0.5, 0.7, 0.9)]

    found = [
        tiny_lab.compare(other, base, "iris", margin=margin).result.margin,
        tiny_lab.compare_seeds(base, "iris", margin=margin).result.margin,
        tiny_lab.dose_response(doses, [0.5, 0.7, 0.9], "iris", margin=margin).result.margin,
    ]

    assert found == [0.4] * 3
