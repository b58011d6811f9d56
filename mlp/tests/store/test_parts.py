"""Jobs that a process cannot train, and jobs whose runs are kept as they end."""

import threading

import pytest

from mlp.store import RunFailedError, Store, StoreError
from mlp.store import store as store_module
from mlp.tests.store.helpers import job_of, train


def one_by_one(job):
    """Each run's record as it ends."""
    for key, record in train(job).items():
        yield {key: record}


def of(genome):
    return lambda job: job.spec["genome"] == genome


def test_a_job_that_cannot_be_trained_here_is_left_to_others(open_store):
    here, there = open_store(study="s"), open_store(study="s")
    here.request([job_of(1, spec={"genome": "a"}), job_of(2, spec={"genome": "b"})])

    assert here.take(can=of("b")).keys == ("0002",)
    assert here.take(can=of("b")) is None
    assert here.progress().queued == 1
    assert there.take(can=of("a")).keys == ("0001",)


def test_a_preferred_job_that_cannot_be_trained_here_is_left_too(open_store):
    store = open_store()
    store.request([job_of(1, spec={"genome": "a"}), job_of(2, spec={"genome": "b"})])

    assert store.take(prefer=["0001"], can=of("b")).keys == ("0002",)
    assert store.take(prefer=["0001"], can=of("b")) is None


def test_it_is_asked_once_for_a_spec_and_while_nobody_waits_for_the_file(open_store, path):
    """It may load data, for minutes."""
    store, asked = open_store(study="s"), []
    store.request([job_of(1, spec={"genome": "a"}), job_of(2, spec={"genome": "a"})])
    store.request([job_of(3, spec={"genome": "b"})])

    def can(job):
        asked.append(job.spec["genome"])
        with Store(path) as other:
            other.put(train(job_of(10 + len(asked))))
        return job.spec["genome"] == "b"

    assert store.take(can=can).keys == ("0003",)
    assert asked == ["a", "b"]


def test_an_error_in_asking_leases_nothing(open_store):
    store = open_store()
    store.request([job_of(1)])

    with pytest.raises(ZeroDivisionError):
        store.take(can=lambda job: 1 / 0)
    assert store.progress().running == 0
    assert store.take().keys == ("0001",)


def test_obtain_waits_for_one_who_can(open_store):
    here, there = open_store(study="s"), open_store(study="s")
    jobs = [job_of(1, spec={"genome": "a"}), job_of(2, spec={"genome": "b"})]
    here.request(jobs)

    def help_out():
        there.perform(there.take(can=of("a")), train)

    helper = threading.Timer(0.2, help_out)
    helper.start()
    trained = []
    found = here.obtain(jobs, lambda job: trained.extend(job.keys) or train(job), of("b"))
    helper.join()

    assert found == train(job_of(1, 2))
    assert trained == ["0002"]


def test_records_that_come_one_by_one_make_the_job(open_store):
    store = open_store()

    assert store.obtain([job_of(1, 2, 3)], one_by_one) == train(job_of(1, 2, 3))
    assert store.progress().finished == 3
    assert store.take() is None


def test_records_are_kept_as_they_come(open_store, monkeypatch):
    """Another process may have a run before the job it is in has ended."""
    monkeypatch.setattr(store_module, "_KEEP_S", 0.0)
    here, there = open_store(study="s"), open_store(study="s")
    seen = []

    def trained(job):
        for records in one_by_one(job):
            yield records
            seen.append(sorted(there.get(job.keys)))

    here.obtain([job_of(1, 2, 3)], trained)

    assert seen == [["0001"], ["0001", "0002"], ["0001", "0002"]]


def test_many_quick_runs_are_kept_together(open_store, monkeypatch):
    store, puts = open_store(), []
    put = store.put
    monkeypatch.setattr(store, "put", lambda records: puts.append(len(records)) or put(records))

    store.obtain([job_of(*range(200))], one_by_one)

    assert puts == []


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_what_ended_before_an_error_or_an_interruption_is_kept(open_store, error):
    store = open_store(study="s")

    def trained(job):
        yield from list(one_by_one(job))[:2]
        raise error

    with pytest.raises(error):
        store.obtain([job_of(1, 2, 3)], trained)

    assert store.get(["0001", "0002", "0003"]) == train(job_of(1, 2))
    assert store.progress().running == 0
    if error is KeyboardInterrupt:
        assert store.take().keys == ("0003",), "the rest is given back"
    else:
        with pytest.raises(RunFailedError, match="ZeroDivisionError"):
            store.obtain([job_of(1, 2, 3)], train)
        assert store.obtain([job_of(1, 2)], train) == train(job_of(1, 2))


def test_an_interruption_is_one_whatever_becomes_of_the_store(open_store, monkeypatch):
    store = open_store()

    def full(*_):
        raise StoreError("the disk is full")

    def trained(job):
        yield from list(one_by_one(job))[:1]
        monkeypatch.setattr(store, "put", full)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.obtain([job_of(1, 2)], trained)


def test_what_is_told_of_an_error_is_what_it_says_of_itself(open_store):
    here, there = open_store(study="s"), open_store(study="s")
    here.request([job_of(1)])

    def failing(_job):
        error = ValueError("short")
        error.told = "File pipeline.py, line 3: short"
        raise error

    there.perform(there.take(), failing)

    with pytest.raises(RunFailedError, match=r"File pipeline\.py, line 3: short"):
        here.obtain([job_of(1)], train)


@pytest.mark.parametrize("records", [[], [{"0001": {"x": 1}}], [{"0001": {}}, {"0009": {}}]])
def test_a_job_is_finished_by_all_its_runs_and_no_others(open_store, records):
    store = open_store()

    with pytest.raises((ValueError, StoreError)):
        store.obtain([job_of(1, 2)], lambda job: iter(records))
    assert store.progress().running == 0
