"""What claims ask for first, known before any of it is trained."""

from __future__ import annotations

import sys

from mlp.lab.forecast import first_jobs
from mlp.tests.lab.runs import BASE, FAST, stored


def test_the_jobs_of_a_claim_are_those_it_then_asks_for(tiny_lab):
    def claim(lab):
        lab.compare(FAST, BASE, "iris").assert_better()

    jobs = first_jobs(tiny_lab, [claim])

    assert stored(tiny_lab.store) == {}
    tiny_lab.store.request(jobs)
    queued = tiny_lab.store.progress().queued
    tiny_lab.compare(FAST, BASE, "iris")
    done = tiny_lab.store.progress()
    assert (done.finished, done.queued) == (queued, 0)


def test_a_run_that_two_claims_ask_for_is_counted_once(tiny_lab):
    claims = [lambda lab: lab.compare(FAST, BASE, "iris")] * 2
    runs = [key for job in first_jobs(tiny_lab, claims) for key in job.keys]

    assert len(runs) == len(set(runs)) == 2 * tiny_lab.seeds


def test_nothing_happens_after_the_question(tiny_lab):
    reached = []

    def claim(lab):
        try:
            lab.cohort(BASE, "iris", seeds=2)
        except Exception:
            reached.append("handled")
        reached.append("answered")

    assert len(first_jobs(tiny_lab, [claim])) == 1
    assert reached == []
    assert tiny_lab.claims == []


def test_a_claim_that_fails_before_it_asks_has_no_jobs_and_keeps_none_from_the_next(tiny_lab):
    claims = [lambda _: 1 / 0, lambda _: sys.exit(), lambda lab: lab.cohort(BASE, "iris", seeds=2)]

    assert [len(job.runs) for job in first_jobs(tiny_lab, claims)] == [2]


def test_claims_that_take_too_long_are_not_waited_for(tiny_lab, monkeypatch):
    monkeypatch.setattr("mlp.lab.forecast.PATIENCE_S", -1.0)

    assert first_jobs(tiny_lab, [lambda lab: lab.cohort(BASE, "iris", seeds=2)]) == []
