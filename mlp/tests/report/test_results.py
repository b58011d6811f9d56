"""Rows: the effect in words, numbers without a negative zero, JUnit's properties."""

from dataclasses import replace

import pytest

from mlp.report.export import properties
from mlp.report.results import Row, keyword, notes, ordered, signed
from mlp.tests.report.helpers import comparison_detail, row


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (0.5, 3, "+0.500"),
        (-0.25, 2, "-0.25"),
        (0.0, 3, "+0.000"),
        (-0.0, 3, "+0.000"),
        (-0.004, 2, "+0.00"),
        (-0.006, 2, "-0.01"),
    ],
)
def test_there_is_no_negative_zero(value, places, text):
    assert signed(value, places) == text


def test_the_effect_is_told_with_its_interval():
    assert row(effect=-0.0001, low=-0.8, high=0.25).effect_text() == "+0.000 [-0.80, +0.25]"
    assert row(low=-0.001).effect_text(places=2, bounds=2) == "+0.50 [+0.00, +0.80]"


def test_of_identical_arms_no_effect_is_told():
    assert row(identical=True, effect=0.0, low=-0.9, high=0.9).effect_text() == "identical weights"


def test_a_row_saved_before_commands_were_kept_is_read():
    raw = row().to_dict()
    del raw["command"]
    assert Row.from_dict(raw).command == ""


def test_properties_say_who_vouches():
    found = dict(properties([row(vouched=4), row(vouched=1), row()]))
    told = [found[f"mlp.{n}vouched"] for n in ("", "2.", "3.")]
    assert told == [
        "vouched for by the engine, 4 seeds",
        "vouched for by the engine, 1 seed",
        "",
    ]


def test_properties_say_who_trained_and_whether_the_arms_are_identical():
    found = dict(properties([row(), row(identical=True, executor="cohort engine")]))
    assert (found["mlp.executor"], found["mlp.identical"]) == ("real API", "False")
    assert (found["mlp.2.executor"], found["mlp.2.identical"]) == ("cohort engine", "True")


@pytest.mark.parametrize(
    ("finding", "told", "word"),
    [
        ("3", "Finding 3", "finding_3"),
        ("Conclusion", "Conclusion", "conclusion"),
        ("Main result", "Main result", "main_result"),
        ("", "Other claims", "other_claims"),
    ],
)
def test_a_finding_is_called_by_its_number_or_name(finding, told, word):
    assert (row(finding=finding).heading, keyword(finding)) == (told, word)


def test_findings_are_ordered_by_number_then_by_name_and_other_claims_come_last():
    names = ["10", "2", "Conclusion", ""]
    assert [r.finding for r in ordered(row(finding=n) for n in names[::-1])] == [
        "2",
        *names[:1],
        *names[2:],
    ]


def test_a_unit_of_another_size_has_as_many_digits_as_it_needs():
    assert (
        row(effect=123.4, low=100.0, high=150.0, scale=1000.0).effect_text() == "+123 [+100, +150]"
    )
    assert (
        row(effect=0.0005, low=0.0, high=0.001, scale=0.01).effect_text().startswith("+0.00050 [")
    )
    assert row(scale=2.3).effect_text() == row().effect_text()


def test_notes_are_told_once_with_the_claims_they_are_about():
    made = [row("test_a", notes=("x",)), row("test_b", notes=("x", "y")), row("test_c")]
    assert notes(made) == ["a, b: x", "b: y"]
    assert notes(made[:2])[0] == "all 2 claims: x"


def test_the_datasets_compared_are_no_parameters_of_a_test():
    two = comparison_detail(dataset="wine")
    two["arms"][1]["dataset"] = "wine_scaled"
    across = row(dataset="wine-wine_scaled", detail=two)

    for node, parameters in (("wine", ""), ("init-wine", "init"), ("wine-wine_scaled", "")):
        named = replace(across, nodeid=f"hypotheses/test_x.py::test_y[{node}]")
        assert named.parameters == parameters
    assert across.datasets == ("wine", "wine_scaled")
    assert row(dataset="my-data").datasets == ("my-data",)


def test_a_parameter_keeps_its_sign_where_there_is_no_dataset():
    assert replace(row(dataset=""), nodeid="test_x.py::test_y[-1]").parameters == "-1"
