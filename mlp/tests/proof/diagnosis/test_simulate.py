"""Planted truths are found and nothing else is named: the quick version, and the committed one."""

from __future__ import annotations

import json

import pytest

from mlp.proof.diagnosis.__main__ import main
from mlp.proof.diagnosis.simulate import Scenario, scenarios, simulate, summary
from mlp.proof.diagnosis.truth import NOISES, TRUTHS

QUICK = 8
HIDDEN = [t for t in TRUTHS if t.startswith("one, and ")]


@pytest.mark.parametrize("truth", [t for t in TRUTHS if t not in (*HIDDEN, "many small ones")])
def test_planted_genes_are_named_and_no_others(truth):
    tally = simulate(Scenario(truth, "spread 0.15", 16), QUICK)

    assert tally.wrong == 0
    assert tally.all_named >= QUICK - 1


@pytest.mark.parametrize("k", [11, 16, 19])
def test_genes_that_reverse_each_other_are_not_called_harmless(k):
    tally = simulate(Scenario("one, and two that reverse each other", "spread 0.15", k), QUICK)

    assert tally.wrong == 0
    assert tally.some_named == QUICK


@pytest.mark.parametrize("noise", NOISES)
def test_one_cause_is_named_under_every_noise(noise):
    tally = simulate(Scenario("one", noise, 16), QUICK)

    assert tally.wrong == 0
    assert tally.all_named >= QUICK - 1
    assert sorted(tally.cohorts)[QUICK // 2] <= 24


def test_a_scenario_gives_the_same_worlds_again():
    scenario = Scenario("one", "k/15", 8)

    assert simulate(scenario, 3) == simulate(scenario, 3)
    assert simulate(scenario, 3).runs == simulate(scenario, 5).runs[:3]


def test_groups_whose_causes_cancel_are_missed_by_bifurcation_and_not_here():
    ours, theirs = (
        simulate(Scenario("cancelling", "spread 0.15", 8, method), 10)
        for method in ("diagnose", "CSB")
    )

    assert (ours.all_named, theirs.all_named) == (10, 0)


def test_the_command_goes_on_where_it_stopped_and_simulates_anew_what_changed(tmp_path, capsys):
    kept = tmp_path / "kept.json"
    call = [
        "simulate",
        "--only",
        "masked | spread 0.15 | 16 | diagnose",
        "--diagnoses",
        "6",
        "--json",
        str(kept),
    ]

    assert main(call) == 0
    first = json.loads(kept.read_text(encoding="utf-8"))
    assert main(call) == 0
    assert "1: masked" in capsys.readouterr().err
    (name,) = first
    changed = {name: {**first[name], "first": [1, 2, 3, 4, 5], "false_name": 6}}
    kept.write_text(json.dumps(changed), encoding="utf-8")
    assert main(call) == 0
    assert json.loads(kept.read_text(encoding="utf-8")) == first


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["simulate", "--diagnoses", "0"], "--diagnoses must be at least 1; got 0"),
        (["simulate", "--only", "zzz"], "no scenario has 'zzz'"),
        (["simulate", "--json", "/nowhere/x.json"], "/nowhere does not"),
        ([], "required: COMMAND"),
    ],
)
def test_the_command_refuses_what_it_cannot_do(wrong, told, capsys):
    with pytest.raises(SystemExit):
        main(wrong)
    assert told in capsys.readouterr().err


def test_every_scenario_has_a_name_of_its_own_and_plain_results():
    assert len({str(s) for s in scenarios()}) == len(scenarios())
    assert json.loads(json.dumps(summary(simulate(scenarios()[0], 2))))["diagnoses"] == 2
