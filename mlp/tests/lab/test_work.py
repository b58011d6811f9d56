"""From the runs that are asked for to runs in the store, trained once."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from mlp.lab import (
    FIRST_SEED,
    train_waiting_jobs,
)
from mlp.lab import key as key_module
from mlp.lab import work as work_module
from mlp.lab.key import expressed
from mlp.lab.times import seconds_of
from mlp.lab.work import Wanted, obtain
from mlp.run import Run
from mlp.species.post import data
from mlp.species.post.data import load
from mlp.species.post.executors import COHORT, DIRECT
from mlp.species.post.plan import make_plan
from mlp.species.post.protocol import Protocol
from mlp.species.post.trainers import train
from mlp.store import RunFailedError, Store, StoreError
from mlp.tests.lab.runs import BASE, FAST, TINY, stored


def wanted(genome=BASE, seeds=(0,), executor=COHORT, protocol=TINY):
    return Wanted(genome, "iris", protocol, range(seeds[0], seeds[-1] + 1), executor)


KEY = wanted().keys[0]


def jobs_for(*wants):
    """The jobs for all runs of `wants`, for one process."""
    return work_module._jobs(wants, [key for want in wants for key in want.keys])


EXPRESSED = BASE.expressed()


def a_run_of(executor, seed, genome=EXPRESSED):
    """The run that the study's trainer gives, asked for itself."""
    (result,) = train([genome], "iris", TINY, [seed], executor)
    told = {"dataset": "iris", "protocol": TINY, "seed": seed, "executor": executor}
    return Run.of(result, genome=genome, **told)


class Counted:
    """A store that remembers the jobs it was asked for."""

    def __init__(self, store):
        self.jobs = []
        self._store = store
        self.get, self.path, self.spare = store.get, store.path, store.spare

    def obtain(self, jobs, train, can):
        self.jobs += jobs
        return self._store.obtain(jobs, train, can)


class TestObtaining:
    def test_a_run_is_the_one_its_trainer_gives(self, store):
        want = wanted(BASE.expressed(), seeds=[3])

        runs = obtain(store, [want])

        assert runs == [[a_run_of("cohort", 3)]]
        acting = expressed(want.genome, COHORT)
        again = Run.read(stored(store)[want.keys[0]], acting, TINY)
        assert replace(again, genome=want.genome) == runs[0][0]

    def test_a_run_is_trained_once_however_often_it_is_wanted(self, store):
        counted = Counted(store)
        renamed = Protocol(name="renamed", learning_rate=1e-3, steps=20, sample_every=10)
        inert = BASE.with_alleles(dropout_mode="never", dense="layers", trainer="estimator")
        same = [wanted(), wanted(protocol=renamed), wanted(inert)]

        ((first,),) = obtain(counted, [wanted()])
        again = obtain(counted, same)

        assert {key for w in same for key in w.keys} == {KEY}
        assert sum(len(job.runs) for job in counted.jobs) == 1
        assert len(stored(store)) == 1
        assert [run.weights for (run,) in again] == [first.weights] * 3

    def test_a_run_answers_to_the_genome_and_protocol_it_was_asked_for_by(self, store):
        renamed = Protocol(name="renamed", learning_rate=1e-3, steps=20, sample_every=10)
        want = wanted(BASE.with_alleles(dense="layers"), protocol=renamed)

        _, (run,) = obtain(store, [wanted(), want])

        assert run.genome == want.genome
        assert run.protocol.name == "renamed"

    def test_what_shares_a_shape_is_one_job_of_at_most_a_cohort(self, store):
        counted = Counted(store)
        half = range(COHORT.at_once // 2 + 1)

        obtain(counted, [wanted(genome, half) for genome in (BASE, FAST)])

        assert sorted(len(job.runs) for job in counted.jobs) == [2, COHORT.at_once]
        assert {job.cost for job in counted.jobs} == {20 * seconds_of(COHORT, "engine, float32")}

    def test_what_does_not_share_a_shape_is_apart(self, store):
        counted = Counted(store)
        other = BASE.with_alleles(layer_size=4)

        obtain(counted, [wanted(BASE), wanted(other)])

        assert [len(job.runs) for job in counted.jobs] == [1, 1]

    def test_float64_runs_are_jobs_of_one_stack_and_cost_more(self):
        double = BASE.with_alleles(dtype="float64")

        single, *doubles = jobs_for(*(wanted(genome, range(8)) for genome in (BASE, double)))

        assert [len(job.runs) for job in (single, *doubles)] == [8, 4, 4]
        assert all(job.cost > single.cost for job in doubles)

    def test_real_runs_are_jobs_of_one_and_cost_more(self, store):
        counted = Counted(store)

        obtain(counted, [wanted(seeds=[0, 1], executor=DIRECT)])

        assert [len(job.runs) for job in counted.jobs] == [1, 1]
        assert {job.cost for job in counted.jobs} == {20 * seconds_of(DIRECT, "session loop")}

    def test_a_run_that_diverged_is_kept_like_any_other(self, store):
        wild = BASE.with_alleles(rate_scale=1e30)

        ((run,),) = obtain(store, [wanted(wild)])

        assert run.diverged_at == 10
        assert obtain(store, [wanted(wild)]) == [[run]]

    def test_a_stored_run_is_not_trained_again(self, store):
        record = a_run_of("cohort", 0, expressed(BASE, COHORT)).to_dict()
        store.put({KEY: {**record, "weights": "kept"}})

        ((run,),) = obtain(store, [wanted()])
        assert run.weights == "kept"

    @pytest.mark.parametrize(
        "damage",
        [
            {"curves": {"validation": [1]}},
            {"score": 2.0},
            {"protocol": {"name": "tiny", "learning_rate": 1.0, "steps": 20, "sample_every": 10}},
            {"species": "elsewhere:Mlp"},
            {"genome": {}},
            {"seed": 1},
            {"dataset": "wine"},
            {"executor": "direct"},
        ],
        ids=str,
    )
    def test_a_record_that_is_not_the_run_its_key_names_is_refused(self, store, damage):
        record = a_run_of("cohort", 0, expressed(BASE, COHORT)).to_dict()
        store.put({KEY: {**record, **damage}})

        with pytest.raises(StoreError, match="start a fresh store") as told:
            obtain(store, [wanted()])
        assert store.path in str(told.value)

    @pytest.mark.usefixtures("own_registry")
    def test_a_loader_that_gives_each_process_other_arrays_is_refused(self, tmp_path):
        """Two processes share a store: one asks, and the other trains on arrays of its own."""
        draws = iter([0, 1])

        def unseeded():
            x = np.random.RandomState(next(draws)).normal(size=(90, 2))
            return x, np.arange(90) % 2

        data.register("own", unseeded)
        path = tmp_path / "shared.sqlite"
        with Store(path, study="s") as asking, Store(path, study="s") as helping:
            want = Wanted(BASE, "own", TINY, range(1), COHORT)
            asking.request(jobs_for(want))
            data._load.cache_clear()
            key_module.identity.cache_clear()
            with helped(asking, helping):
                until(lambda: asking.failures(want.keys))

            assert stored(asking) == {}
            with pytest.raises(RunFailedError, match=r"same arrays.*'own' does not: seed what it"):
                obtain(asking, [want])

    def test_a_job_that_cannot_be_trained_fails_for_those_who_wait_and_stops_no_helper(
        self, tmp_path
    ):
        impossible = wanted(seeds=[2**32])
        path = tmp_path / "shared.sqlite"
        with Store(path, study="s") as asking, Store(path, study="s") as helping:
            asking.request(jobs_for(impossible))
            with helped(asking, helping):
                until(lambda: asking.failures(impossible.keys))
                asking.request(jobs_for(wanted()))
                until(lambda: list(stored(asking)) == [KEY])

            with pytest.raises(RunFailedError, match="a run's seed must be"):
                obtain(asking, [impossible])


@contextmanager
def helped(asking, helping):
    """`helping` trains for `asking` in a thread of its own, until `asking` is closed."""
    asking.sign_in()
    thread = threading.Thread(target=train_waiting_jobs, args=[helping])
    thread.start()
    try:
        yield
    finally:
        asking.retire()
        thread.join(timeout=60)
    assert not thread.is_alive()


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


class TestHelping:
    def test_a_helper_stays_until_nobody_else_works_for_the_study(self, tmp_path, monkeypatch):
        monkeypatch.setattr(work_module, "_IDLE_S", 0.001)
        path, looked = tmp_path / "shared.sqlite", []
        with Store(path, study="s") as asking, Store(path, study="s") as helping:
            take = helping.take
            monkeypatch.setattr(helping, "take", lambda **given: looked.append(1) or take(**given))
            with helped(asking, helping):
                until(lambda: len(looked) > 5)
                asking.request(jobs_for(wanted()))
                until(lambda: list(stored(asking)) == [KEY])

            assert asking.progress().queued == 0

    def test_helpers_do_not_wait_for_one_another(self, tmp_path):
        path = tmp_path / "shared.sqlite"
        with Store(path, study="s") as one, Store(path, study="s") as other:
            one.sign_in()
            other.retire()
            thread = threading.Thread(target=train_waiting_jobs, args=[one], daemon=True)
            thread.start()
            thread.join(timeout=60)
            assert not thread.is_alive()

    def test_a_job_is_split_for_workers_that_would_find_none(self, tmp_path):
        path = tmp_path / "shared.sqlite"
        with Store(path, study="s") as asking, Store(path, study="s") as helping:
            for store in (asking, helping):
                store.sign_in()
            counted = Counted(asking)
            obtain(counted, [wanted(seeds=range(COHORT.at_once))])
            assert [len(job.runs) for job in counted.jobs] == [COHORT.at_once // 2] * 2

            helping.request(jobs_for(wanted(FAST)))
            counted.jobs.clear()
            obtain(counted, [wanted(seeds=range(COHORT.at_once, 2 * COHORT.at_once))])
            assert [len(job.runs) for job in counted.jobs] == [COHORT.at_once], (
                "the helper has a job"
            )

    @pytest.mark.parametrize(
        ("groups", "hands", "sizes"),
        [
            ([(16, 16)], 1, [16]),
            ([(16, 16)], 2, [8]),
            ([(24, 16)], 3, [8]),
            ([(16, 16), (16, 16)], 2, [16, 16]),
            ([(16, 16), (16, 16)], 3, [8, 16]),
            ([(8, 16)], 16, [4]),
            ([(16, 16)], 5, [4]),
            ([(64, 16)], 9, [7]),
            ([(32, 16), (32, 16)], 32, [4, 4]),
            ([(3, 16)], 2, [16]),
            ([(8, 1)], 16, [1]),
        ],
        ids=str,
    )
    def test_jobs_are_made_smaller_only_as_far_as_workers_lack_one(self, groups, hands, sizes):
        assert work_module._sizes([(*group, 4) for group in groups], hands) == sizes

    @pytest.mark.parametrize(
        ("least", "sizes"), [(1, [2]), (2, [2]), (3, [3]), (8, [8]), (16, [16]), (17, [16])]
    )
    def test_jobs_are_made_no_smaller_than_pays(self, least, sizes):
        assert work_module._sizes([(16, 16, least)], 8) == sizes


def test_a_run_says_the_digest_of_its_plan(tiny_lab):
    run = tiny_lab.cohort(BASE, "iris", seeds=1)[0]

    assert run.saw["init"] == make_plan(BASE, load("iris"), FIRST_SEED).init_digest
