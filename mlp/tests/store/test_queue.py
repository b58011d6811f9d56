"""The queue: who gets which job, and what becomes of it."""

import sqlite3
import threading

import pytest

from mlp.store import Job, RunFailedError, owners
from mlp.tests.store.helpers import job_of, take_and_die, train


def test_a_job_is_taken_once_and_its_spec_comes_back(open_store):
    store, other = open_store(study="s"), open_store(study="s")
    store.request([job_of(1, 2, spec={"deep": {"list": [1.5, None]}}, cost=0.5)])
    job = other.take()
    assert job.spec == {"deep": {"list": [1.5, None]}}
    assert job.runs == {"0001": 1, "0002": 2}
    assert job.cost == 0.5
    assert store.take() is None


def test_a_finished_job_leaves_its_runs_and_no_job(open_store):
    store = open_store()
    store.request([job_of(1, 2)])
    job = store.take()
    store.finish(job, train(job))
    assert store.get(["0001", "0002"]) == train(job)
    assert store.take(["0001"]) is None


def test_requesting_again_adds_nothing(open_store):
    store = open_store()
    for _ in range(3):
        store.request([job_of(1, 2), job_of(2, 3)])
    assert [store.take().keys for _ in range(2)] == [("0001", "0002"), ("0003",)]
    assert store.take() is None


def test_a_request_is_trimmed_by_what_is_finished_and_what_is_queued(open_store):
    one, two = open_store(study="one"), open_store(study="two")
    one.put(train(job_of(1)))
    one.request([job_of(2, 3)])
    two.request([job_of(1, 2, 3, 4, 5)])
    assert two.take().keys == ("0004", "0005")


def test_a_queued_job_is_trimmed_by_what_was_finished_meanwhile(open_store):
    store = open_store()
    store.request([job_of(1, 2), job_of(3)])
    store.put(train(job_of(1, 3)))
    assert store.take().keys == ("0002",)
    assert store.take() is None


def test_preferred_jobs_go_first_then_the_oldest(open_store):
    store = open_store()
    store.request([job_of(1), job_of(2), job_of(3)])
    assert [store.take(prefer=["0003"]).keys[0] for _ in range(3)] == ["0003", "0001", "0002"]


def test_another_study_is_helped_only_with_what_both_want(open_store):
    one, two = open_store(study="one"), open_store(study="two")
    one.request([job_of(1), job_of(2)])
    assert two.take() is None
    assert two.take(prefer=["0002"]).keys == ("0002",)


def test_a_released_job_can_be_taken_again(open_store):
    store, other = open_store(study="s"), open_store(study="s")
    store.request([job_of(1)])
    store.release(store.take())
    assert other.take().keys == ("0001",)


def test_closing_gives_everything_back(open_store):
    store, other = open_store(study="s"), open_store(study="s")
    store.request([job_of(1), job_of(2)])
    store.take()
    store.take()
    store.close()
    assert {other.take().keys, other.take().keys} == {("0001",), ("0002",)}


def test_a_job_must_be_finished_whole(open_store):
    store = open_store()
    store.request([job_of(1, 2)])
    job = store.take()
    with pytest.raises(ValueError, match="all its 2 runs"):
        store.finish(job, {"0001": {}})


@pytest.mark.parametrize(
    ("runs", "cost", "rule"),
    [
        ({}, 1.0, "at least one"),
        ({"x": 1}, 1.0, "hexa"),
        ({"1": 1}, -1.0, "cost"),
        ({"1": 1}, float("nan"), "cost"),
    ],
)
def test_a_job_must_make_sense(runs, cost, rule):
    with pytest.raises(ValueError, match=rule):
        Job({}, runs, cost)


def test_a_failed_job_is_not_tried_again_in_its_study_but_in_another(open_store):
    one, mate, two = open_store(study="one"), open_store(study="one"), open_store(study="two")
    one.request([job_of(1)])
    one.fail(one.take(), "ValueError: no such dataset")
    mate.request([job_of(1)])
    assert mate.take(["0001"]) is None
    assert mate.failures(["0001", "0002"]) == {"0001": "ValueError: no such dataset"}
    assert two.failures(["0001"]) == {}
    two.request([job_of(1)])
    assert mate.take(["0001"]) is None
    job = two.take()
    two.finish(job, train(job))
    assert list(mate.get(["0001"])) == ["0001"]


def test_progress_counts_the_study(open_store):
    store, mate, other = open_store(study="s"), open_store(study="s"), open_store(study="o")
    store.request([job_of(1, 2, cost=2.0), job_of(3), job_of(4, 5, cost=0.5)])
    other.request([job_of(6)])
    job = store.take()
    store.finish(job, train(job))
    mate.take()
    seen = store.progress()
    assert (seen.queued, seen.running, seen.finished) == (2, 1, 2)
    assert (seen.cost_left, seen.cost_done) == (2.0, 4.0)


def test_what_a_killed_worker_held_is_taken_at_once(open_store, path, in_process):
    store = open_store(study="s")
    store.request([job_of(1)])
    assert in_process(take_and_die, path, "s") == -9
    assert store.take().keys == ("0001",)


def test_a_job_that_kills_its_workers_fails(open_store, path, in_process):
    store = open_store(study="s")
    store.request([job_of(1)])
    for _ in range(3):
        assert in_process(take_and_die, path, "s") == -9
    assert store.take() is None
    with pytest.raises(RunFailedError, match="died 3 times"):
        store.obtain([job_of(1)], train)


def test_a_job_nobody_living_wants_is_forgotten(open_store):
    with open_store(study="old") as store:
        store.request([job_of(1, spec={"version": "old"})])
    new = open_store(study="new")
    new.request([job_of(1, spec={"version": "new"})])
    assert new.take().spec == {"version": "new"}


def _set_owner(path, **columns):
    other = sqlite3.connect(path)
    with other:
        for name, value in columns.items():
            other.execute(f"UPDATE owners SET {name}=?", [value])
    other.close()


def test_a_process_number_that_passed_to_another_process_is_dead(open_store, path):
    store = open_store(study="s")
    store.request([job_of(1)])
    store.take()
    _set_owner(path, start="1")
    assert open_store(study="s").take().keys == ("0001",)


@pytest.mark.parametrize("columns", [{"host": "elsewhere"}, {"start": ""}, {"pid": "x"}])
def test_an_owner_that_cannot_be_asked_lives_by_its_beat(open_store, path, monkeypatch, columns):
    monkeypatch.setattr(owners, "BEAT_S", 0.05)
    monkeypatch.setattr(owners, "STALE_S", 0.4)
    store, other = open_store(study="s"), open_store(study="s")
    store.request([job_of(1)])
    store.take()
    _set_owner(path, **columns)
    wait = threading.Event()
    for _ in range(8):
        assert other.take() is None
        wait.wait(0.1)
    store._heart.stop()
    for _ in range(20):
        job = other.take()
        if job is not None:
            break
        wait.wait(0.1)
    assert job.keys == ("0001",)


def test_finishing_after_the_lease_was_lost_keeps_the_runs(open_store, path):
    store, other = open_store(study="s"), open_store(study="s")
    store.request([job_of(1)])
    job = store.take()
    _set_owner(path, start="1")
    again = other.take()
    store.finish(job, train(job))
    other.finish(again, train(again))
    assert dict(store.items()) == train(job)


def test_a_damaged_job_is_asked_for_again(open_store, path):
    store = open_store()
    store.request([job_of(1, 2)])
    other = sqlite3.connect(path)
    with other:
        other.execute("UPDATE jobs SET body=replace(body, '0001', '0009')")
    other.close()
    trained = []
    found = store.obtain([job_of(1, 2)], lambda job: trained.append(job.keys) or train(job))
    assert found == train(job_of(1, 2))
    assert trained == [("0001", "0002")]


def test_obtain_trains_only_what_is_missing_and_then_nothing(open_store):
    store = open_store()
    store.put(train(job_of(1)))
    trained = []

    def note(job):
        trained.extend(job.keys)
        return train(job)

    for _ in range(2):
        found = store.obtain([job_of(1, 2), job_of(3)], note)
        assert list(found) == ["0001", "0002", "0003"]
        assert found == train(job_of(1, 2, 3))
    assert trained == ["0002", "0003"]


def test_obtain_waits_for_a_run_in_progress_and_helps_meanwhile(open_store):
    store, mate = open_store(study="s"), open_store(study="s")
    mate.request([job_of(1)])
    theirs = mate.take()
    mate.request([job_of(2)])
    helped = []

    def help_then_let_finish(job):
        helped.extend(job.keys)
        threading.Timer(0.1, lambda: mate.finish(theirs, train(theirs))).start()
        return train(job)

    assert store.obtain([job_of(1)], help_then_let_finish) == train(job_of(1))
    assert helped == ["0002"]


def test_an_error_in_training_is_raised_here_and_told_to_those_who_wait(open_store):
    store, mate = open_store(study="s"), open_store(study="s")

    def explode(_):
        raise ZeroDivisionError("no rows")

    with pytest.raises(ZeroDivisionError):
        store.obtain([job_of(1)], explode)
    with pytest.raises(RunFailedError, match=r"A run has failed .*: ZeroDivisionError: no rows"):
        mate.obtain([job_of(1)], train)


def test_an_error_in_a_job_of_others_is_left_to_them(open_store):
    store, mate = open_store(study="s"), open_store(study="s")
    mate.request([job_of(1)])
    theirs = mate.take()
    mate.request([job_of(2)])

    def explode(_):
        mate.finish(theirs, train(theirs))
        raise ZeroDivisionError("no rows")

    assert store.obtain([job_of(1)], explode) == train(job_of(1))
    assert list(mate.failures(["0002"])) == ["0002"]


def test_an_interruption_gives_the_job_back(open_store):
    store, mate = open_store(study="s"), open_store(study="s")

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.obtain([job_of(1), job_of(2)], interrupt)
    assert {mate.take().keys, mate.take().keys} == {("0001",), ("0002",)}


def test_threads_share_a_store(open_store):
    store, trained = open_store(), []

    def work():
        store.obtain([job_of(n) for n in range(20)], lambda j: trained.append(j.keys) or train(j))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(trained) == len(set(trained)) == 20


def test_a_study_knows_who_works_for_it_and_who_only_helps(open_store):
    one, two, stranger = open_store(study="s"), open_store(study="s"), open_store(study="t")
    for store in (one, two, stranger):
        store.sign_in()
    assert (one.others(), stranger.others()) == (1, 0)
    two.retire()
    assert (one.others(), two.others()) == (0, 1)
    one.request([job_of(1)])
    assert two.take().keys == ("0001",), "a helper trains all the same"


def test_what_a_helper_had_leased_is_free(open_store):
    one, two = open_store(study="s"), open_store(study="s")
    one.request([job_of(1)])
    one.take()
    one.retire()
    assert two.take().keys == ("0001",)


def test_one_who_closed_the_store_or_died_works_for_nobody(open_store, in_process):
    one, two = open_store(study="s"), open_store(study="s")
    two.sign_in()
    one.request([job_of(1)])
    assert in_process(take_and_die, one.path, "s") == -9
    two.close()
    assert one.others() == 0


def test_workers_are_spare_where_the_queue_holds_no_job_for_them(open_store):
    one, two, helper = (open_store(study="s") for _ in range(3))
    assert one.spare() == 0
    two.sign_in()
    helper.retire()
    assert one.spare() == 2
    one.request([job_of(1)])
    assert one.spare() == 1
    two.take()
    assert one.spare() == 1, "one trains, one would find nothing"
