"""Page and picture say what the committed calibration shows, and its numbers can be made again."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from mlp import stats
from mlp.proof.calibration.differences import committed, of_study, resampled_rates, seeds_taken
from mlp.proof.calibration.methods import IN_USE, all_methods
from mlp.proof.calibration.picture import picture, ratios
from mlp.proof.calibration.promise import MEASURED, sentences
from mlp.proof.calibration.rates import STATED, Rate, worst_of_kinds
from mlp.proof.calibration.reach import Reach, Worst, reach, worst_law
from mlp.proof.calibration.scenarios import SCENARIOS
from mlp.proof.calibration.simulation import exact_rate
from mlp.stats import FAILURE_SPREAD, LOOKS, PSEUDO_SPREAD

HERE = Path(stats.__file__).parent
PAGE = " ".join((HERE / "README.md").read_text("utf-8").split())
METHOD = all_methods()[IN_USE]


@pytest.fixture(scope="module")
def measured():
    return json.loads(MEASURED.read_text("utf-8"))


@pytest.mark.parametrize("name", sentences())
def test_the_page_says_what_was_measured(name):
    assert " ".join(sentences()[name].split()) in PAGE


def test_the_page_has_the_rule_in_use():
    looks = ", ".join(map(str, LOOKS[:-1])) + f" and {LOOKS[-1]} seeds"
    assert looks in PAGE
    assert f"`mean ± max(h({PSEUDO_SPREAD:g}), h({FAILURE_SPREAD:g}) - m)`" in PAGE


def test_every_promised_rate_that_is_committed_holds(measured):
    rates = [Rate(**row) for row in measured["rates"]]
    assert {r.method for r in rates} == {IN_USE}
    assert {s.name for s in SCENARIOS} < {r.scenario for r in rates}
    assert [r for r in rates if r.promised and not r.holds] == []


def test_what_a_report_says_of_each_kind_is_the_worst_of_its_rates(measured):
    kinds = worst_of_kinds(Rate(**row) for row in measured["rates"])
    assert measured["kinds"] == [asdict(kind) for kind in kinds]
    skewed = next(kind for kind in kinds if kind.scenario == "skewed -0.6 at 10%")
    mine = [r for r in measured["rates"] if r["scenario"] == skewed.scenario]
    assert skewed.false_equivalent == max(
        r["rate"] for r in mine if r["mean"] == 2 * r["margin"] and r["stated"] < 0.01
    )


def test_the_picture_is_of_the_committed_calibration(measured):
    table = ratios(
        (Rate(**row) for row in measured["rates"]), (Worst(**row) for row in measured["worst"])
    )
    reaches = [Reach(**{**row, "effects": tuple(row["effects"])}) for row in measured["reach"]]
    drawn = picture(table, reaches, committed())
    assert (HERE / "calibration.svg").read_text("utf-8") == drawn
    assert "wine to chance" in drawn


def test_committed_rates_are_what_the_rule_gives(measured):
    """A part of those worked out exactly: one law declared, one of two values, one reach."""
    row = next(
        row
        for row in measured["rates"]
        if (row["scenario"], row["margin"], row["mean"]) == ("skewed +0.7 at 30%", 0.1, 0.05)
    )
    law = next(s for s in SCENARIOS if s.name == row["scenario"]).law(row["mean"])
    rate = exact_rate(law, METHOD, row["stated"], row["margin"])
    assert row["rate"] == pytest.approx(rate, rel=1e-3)

    row = next(row for row in measured["worst"] if row["rate"] > row["stated"])
    found = worst_law(row["jump"], row["margin"], row["effect"], METHOD)
    assert row["rate"] == pytest.approx(found.rate, rel=1e-3)

    row = next(row for row in measured["reach"] if row["margin"] == 0.05)
    assert row["jump"] == reach(0.05, tuple(row["effects"]), METHOD).jump


def test_the_seeds_that_claims_take_are_those_told(measured):
    told = next(row for row in measured["seeds"] if row["rule"] == IN_USE)
    assert told["seeds"] == seeds_taken(IN_USE, committed(), METHOD).seeds


def test_claims_are_resampled_about_the_effect_asked_for():
    """At no effect false verdicts are rare; at the margin itself half of what is decided is."""
    few = [c for c in committed() if c.dataset == "digits"][:2]
    found = resampled_rates(few, METHOD, sims=200, looks=LOOKS[:3])
    assert {r.scenario for r in found} == {"2 claims on digits, resampled"}
    assert {r.stated for r in found} == set(STATED)
    assert all(r.rate == 0 for r in found if r.effect in (0.0, 2.0))


def test_a_study_s_differences_are_counted():
    comparison = {"differences": [0.25, 0.0, 0.25], "looks": []}
    cells = {(): [0.1, 0.2], ("a",): [0.5, 0.5], ("b",): [0.1, 0.3], ("a", "b"): [0.6, 0.6]}
    screen = {"cells": [{"on": list(on), "accuracies": y} for on, y in cells.items()]}
    common = {"dataset": "iris", "margin": 0.1, "identical": False, "statement": "x against y"}
    told = {"statement": "share of a against all else between x and y"}

    def row(**claim):
        return {"nodeid": "f.py::test_x", "claim": {**common, **claim}}

    rows = [
        row(detail=comparison),
        row(detail=screen, **told),
        row(detail=comparison, identical=True),
        row(detail={"p_value": 1.0}),
    ]
    plain, shares = of_study({"claims": rows})

    assert (plain["values"], plain["counts"]) == ([0.0, 0.25], [1, 2])
    assert (plain["claim"], plain["margin"]) == ("test_x", 0.1)
    by_hand = np.array([0.4 + 0.5, 0.3 + 0.3]) / 2 - np.array([0.0 + 0.1, 0.1 + 0.1]) / 2
    assert np.repeat(shares["values"], shares["counts"]) == pytest.approx(sorted(by_hand))
