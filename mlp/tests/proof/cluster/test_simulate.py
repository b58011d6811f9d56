"""The simulation of studies, by cases computed by hand and by laws."""

import json

import pytest

from mlp.proof.cluster.simulate import Cohort, Constants, Simulation, claims_of
from mlp.tests.conftest import ROOT

NOTHING = Constants(attempt=0, collect=0, schedule=0, gap=0, start=0)


def took(claims, workers, constants=NOTHING):
    return Simulation(claims, workers, constants).run()


def test_tasks_of_one_claim_share_the_workers():
    claim = [[Cohort("a", 6, 2.0)]]
    assert took([claim], 1) == 12
    assert took([claim], 2) == 6
    assert took([claim], 4) == 4


def test_looks_follow_one_another():
    claim = [[Cohort("a", 2, 1.0)], [Cohort("a", 5, 1.0)]]
    assert took([claim], 8) == 2


def test_claims_share_their_runs():
    claim = [[Cohort("a", 4, 1.0)]]
    assert took([claim, claim], 1) == 4


def test_cohorts_are_split_where_workers_would_be_idle():
    claim = [[Cohort("a", 64, 1.0, most=64)]]
    assert took([claim], 1) == 64
    assert took([claim], 16) == 4


def test_what_the_session_does_adds_up():
    constants = Constants(attempt=2, collect=1, schedule=0, gap=0, start=0)
    claim = [[Cohort("a", 1, 10.0)]]
    assert took([claim], 1, constants) == 2 + 10 + 1 + 2 + 2


@pytest.mark.parametrize("workers", [1, 16, 1024])
def test_no_study_is_faster_than_its_bounds(workers):
    study = json.loads((ROOT / "hypotheses" / "quick.json").read_text("utf-8"))
    simulation = Simulation(claims_of(study, Constants()), workers, Constants())
    assert simulation.run() >= max(simulation.bounds().values())
