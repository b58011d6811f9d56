"""Rows: the effect in words, numbers without a negative zero, JUnit's properties."""

from dataclasses import replace

import pytest

from mlp.report.results import Row, properties, signed
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
    ("finding", "sentence", "states"),
    [
        ("3", "Finding 3: it rescues.", True),
        ("5", "Finding 5: more layers help.", True),
        ("C", "Conclusion: it is Estimator.", True),
        ("3", "Its share exceeds the rest.", False),
        ("3", "Finding 2 asks the same.", False),
        ("", "Beyond the post: it is so.", False),
        ("", "Finding 3 and what it leaves open.", False),
    ],
)
def test_a_claim_states_the_finding_that_its_sentence_begins_with(finding, sentence, states):
    assert replace(row(), finding=finding, sentence=sentence).states_finding == states


@pytest.mark.parametrize(
    ("sentence", "asks"),
    [
        ("Is the gene sufficient? It rescues.", ("sufficient", "")),
        ("Is the gene necessary under Estimator.fit? x", ("necessary", " under Estimator.fit")),
        ("Is the gene responsible? x", None),
        ("", None),
    ],
)
def test_a_claim_asks_about_the_role_that_its_sentence_begins_with(sentence, asks):
    assert replace(row(), sentence=sentence).asks == asks


def test_the_datasets_compared_are_no_parameters_of_a_test():
    two = comparison_detail(dataset="wine")
    two["arms"][1]["dataset"] = "wine_scaled"
    across = row(dataset="wine-wine_scaled", detail=two)

    for node, parameters in (("wine", ""), ("init-wine", "init"), ("wine-wine_scaled", "")):
        named = replace(across, nodeid=f"hypotheses/test_x.py::test_y[{node}]")
        assert named.parameters == parameters
    assert across.datasets == ("wine", "wine_scaled")
    assert row(dataset="my-data").datasets == ("my-data",)
