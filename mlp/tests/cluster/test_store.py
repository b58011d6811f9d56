"""Runs trained by a cluster: once, kept as they end, by workers that are the same."""

import os
import threading
import time
from collections import Counter, defaultdict
from contextlib import suppress
from itertools import pairwise
from operator import itemgetter

import pytest

from mlp import machine
from mlp.cluster import ClusterError, ClusterStore, Standard, results
from mlp.proof.cluster import trivial
from mlp.store import RunFailedError, Store

distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")


def pid_digest(_):
    """A digest in which no two processes agree."""
    return str(os.getpid())


@pytest.fixture(scope="module")
def cluster():
    """Two workers of this machine, to be reached at an address as another machine's are."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as found:
        yield found


@pytest.fixture
def open_store(tmp_path, cluster):
    """A function that opens a store on the cluster; all are closed after the test."""
    opened = []

    def start(name="runs.db", at=cluster, **settings):
        address = at if isinstance(at, str) else at.scheduler_address
        settings = {"patience": 30, "say": lambda _: None, **settings}
        opened.append(ClusterStore(tmp_path / name, cluster=address, **settings))
        return opened[-1]

    yield start
    for store in opened:
        store.close()


def trained(journal):
    """How often each run was trained, by key."""
    lines = journal.read_text().splitlines() if journal.exists() else []
    return Counter(line.split()[0] for line in lines)


def test_runs_are_those_of_a_local_store_byte_for_byte(open_store, tmp_path):
    wanted = trivial.jobs("same", range(40), 7)
    with Store(tmp_path / "local.db") as local:
        assert open_store().obtain(wanted, trivial.train) == local.obtain(wanted, trivial.train)
    with Store(tmp_path / "runs.db") as kept, Store(tmp_path / "local.db") as local:
        assert dict(kept.items()) == dict(local.items())


def test_a_run_is_trained_once_however_many_ask(open_store, tmp_path):
    store, journal = open_store(), tmp_path / "journal"
    spec = {"journal": str(journal), "seconds": 0.02}

    def ask(first):
        store.obtain(trivial.jobs("once", range(first, first + 12), 4, **spec), trivial.train)

    askers = [threading.Thread(target=ask, args=(first,)) for first in (0, 2, 5, 0)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert trained(journal) == {trivial.key_of("once", seed): 1 for seed in range(17)}


def test_sessions_that_want_equal_runs_share_their_tasks(open_store, tmp_path):
    journal = tmp_path / "journal"
    wanted = trivial.jobs("shared", range(6), 3, journal=str(journal), seconds=0.3)
    one, two = open_store("one.db"), open_store("two.db")
    other = threading.Thread(target=two.obtain, args=(wanted, trivial.train))
    other.start()
    found = one.obtain(wanted, trivial.train)
    other.join()
    assert set(trained(journal).values()) == {1}
    assert two.get(found) == found


def test_sessions_whose_runs_overlap_train_what_they_share_once_each(open_store, tmp_path):
    journal = tmp_path / "journal"
    how = {"journal": str(journal), "seconds": 0.1}
    one, two = open_store("one.db"), open_store("two.db")
    mine, theirs = (trivial.jobs("both", range(n, n + 6), 3, **how) for n in (0, 1))
    other = threading.Thread(target=two.obtain, args=(theirs, trivial.train))
    other.start()
    found = one.obtain(mine, trivial.train)
    other.join()
    shared = [trivial.key_of("both", seed) for seed in range(1, 6)]
    assert [two.get([key])[key] for key in shared] == [found[key] for key in shared]
    assert max(trained(journal).values()) <= 2
    assert len(trained(journal)) == 7


def test_runs_are_kept_as_tasks_end(open_store, tmp_path):
    store = open_store()
    wanted = [
        *trivial.jobs("quick", range(4)),
        *trivial.jobs("slow", range(2), seconds=2),
    ]
    waiting = threading.Thread(target=_swallow, args=(store, wanted), daemon=True)
    waiting.start()
    quick = [trivial.key_of("quick", seed) for seed in range(4)]
    until = time.monotonic() + 20
    with Store(tmp_path / "runs.db") as reader:
        while len(reader.get(quick)) < 4 and time.monotonic() < until:
            time.sleep(0.05)
        assert len(reader.get(quick)) == 4
    progress = store.progress()
    assert (progress.finished, progress.running, progress.queued) == (4, 2, 0)
    assert store.workers == 2


def test_a_worker_stays_with_a_group_of_jobs(open_store, tmp_path):
    """So it finds the graph kept that it has built, say."""
    journal = tmp_path / "journal"
    lengths = {"one": 0.31, "two": 0.47, "three": 0.4}
    groups = [
        trivial.jobs(name, range(4), 1, group, journal=str(journal), seconds=lengths[name])
        for group, name in enumerate(lengths)
    ]
    name_of = {key: name for name in lengths for key in trivial.jobs(name, range(4), 4)[0].keys}

    open_store().obtain([job for turn in zip(*groups, strict=True) for job in turn], trivial.train)

    by_worker = defaultdict(list)
    for key, _, worker in sorted(
        map(str.split, journal.read_text().splitlines()), key=itemgetter(1)
    ):
        by_worker[worker].append(name_of[key])
    changes = [[a for a, b in pairwise(names) if a != b] for names in by_worker.values()]
    assert sum(map(len, changes)) <= 3, by_worker


def test_what_is_kept_is_not_trained_again_if_its_worker_dies_at_that_moment(tmp_path):
    journal = tmp_path / "journal"

    class Deadly(ClusterStore):
        """A store that ends the workers that trained what it has just kept, the first time."""

        def put(self, records):
            super().put(records)
            if not killed:
                lines = journal.read_text().splitlines()
                killed.update(line.split()[2].partition("-")[0] for line in lines)
                for pid in killed:
                    os.kill(int(pid), machine.KILL)
                time.sleep(1.0)  # so the scheduler hears of it before the session goes on

    killed = set()
    with Deadly(tmp_path / "runs.db", cluster="local:1") as store:
        wanted = trivial.jobs("kept", range(8), 2, journal=str(journal), seconds=0.2)
        found = store.obtain(wanted, trivial.train)
    assert killed
    assert trained(journal) == dict.fromkeys(found, 1)


def _swallow(store, wanted):
    with suppress(ClusterError):
        store.obtain(wanted, trivial.train)


def test_a_run_that_fails_is_told_in_its_own_words(open_store):
    store = open_store()
    with pytest.raises(RunFailedError, match="ValueError: the loss is not finite"):
        store.obtain(trivial.jobs("bad", [1], fails="the loss is not finite"), trivial.train)
    assert len(store.obtain(trivial.jobs("good", [1]), trivial.train)) == 1


def test_a_result_that_no_store_holds_is_refused_where_it_was_made(open_store):
    with pytest.raises(RunFailedError, match="must have at most 67108864 bytes"):
        open_store().obtain(trivial.jobs("large", [1], length=2**26), trivial.train)


def test_a_run_that_kills_its_workers_fails_after_three(tmp_path):
    with ClusterStore(tmp_path / "runs.db", cluster="local:2", say=print) as store:
        began = time.monotonic()
        with pytest.raises(RunFailedError, match="its worker died 3 times while training it"):
            store.obtain(trivial.jobs("deadly", [1], kills=True), trivial.train)
        assert time.monotonic() - began < 30
        wanted = trivial.jobs("others", range(8))
        assert len(store.obtain(wanted, trivial.train)) == 8


@pytest.mark.parametrize(
    ("standard", "told"),
    [
        (Standard(digest="mlp.tests.cluster.test_store:pid_digest"), "code digest is '"),
        (Standard(modules=("only_here",)), "only_here cannot be imported"),
    ],
)
def test_a_worker_that_differs_gets_no_work(open_store, tmp_path, monkeypatch, standard, told):
    (tmp_path / "only_here.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    said, journal = [], tmp_path / "journal"
    store = open_store(standard=standard, patience=4, say=said.append)
    with pytest.raises(ClusterError, match=told):
        store.obtain(trivial.jobs("alien", [1], journal=str(journal)), trivial.train)
    assert len(said) >= 2
    assert all(told in line and "gets no work" in line for line in said)
    assert not journal.exists()


@pytest.fixture
def limited(monkeypatch):
    """Set for this process alone, a limit to its instructions: so its processor is another."""
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    machine.arithmetic.cache_clear()
    yield
    monkeypatch.undo()
    machine.arithmetic.cache_clear()


@pytest.mark.usefixtures("cluster", "limited")
def test_a_worker_of_another_processor_gets_no_work(open_store):
    told = r"processor is '.*' there and '.* \| AVX2' here.* or accept that by --mlp-other"
    with pytest.raises(ClusterError, match=told):
        open_store(patience=10).obtain(trivial.jobs("apart", [1]), trivial.train)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("somewhere", "An address of a cluster is expected, but got 'somewhere': give tcp://"),
        ("local:0", "An address of a cluster is expected, but got 'local:0'"),
        ("tcp://127.0.0.1:9", "A Dask scheduler must answer at tcp://127.0.0.1:9, but none did"),
    ],
)
def test_no_such_address(open_store, address, told):
    with pytest.raises(ClusterError, match=told):
        open_store(at=address, patience=1)


def test_a_scheduler_of_another_version_of_dask(open_store, monkeypatch):
    monkeypatch.setattr(distributed, "__version__", "1.2.3")
    with pytest.raises(ClusterError, match=r"must have one version of Dask, but .* session 1.2.3"):
        open_store()


def test_workers_that_never_come_that_come_late_and_that_go(open_store):
    with distributed.LocalCluster(
        n_workers=0, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        store = open_store("never.db", at=cluster, patience=4)
        with pytest.raises(ClusterError, match=r"no worker came to tcp.* for 4 s"):
            store.obtain(trivial.jobs("never", [1]), trivial.train)
        store = open_store("late.db", at=cluster, patience=20)
        cluster.scale(1)
        assert len(store.obtain(trivial.jobs("late", range(4)), trivial.train)) == 4
        store = open_store("gone.db", at=cluster, patience=4)
        assert len(store.obtain(trivial.jobs("gone", range(4)), trivial.train)) == 4
        cluster.scale(0)
        with pytest.raises(ClusterError, match=r"no worker is left.* The 4 runs .* goes on from"):
            store.obtain(trivial.jobs("gone", range(6)), trivial.train)


def test_the_last_worker_that_goes_with_what_it_has_trained(open_store, monkeypatch):
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        fetch = results.gather

        def late(link, futures):
            if futures:
                cluster.scale(0)
                while cluster.scheduler.workers:
                    time.sleep(0.05)
            return fetch(link, futures)

        monkeypatch.setattr(results, "gather", late)
        store = open_store(at=cluster, patience=4)
        with pytest.raises(ClusterError, match=r"no worker .*The 0 runs .* goes on from"):
            store.obtain(trivial.jobs("late", range(3)), trivial.train)


def test_workers_that_import_for_long_are_waited_for(tmp_path, monkeypatch):
    (tmp_path / "slow_there.py").write_text(
        f"import os, time\ntime.sleep(0 if os.getpid() == {os.getpid()} else 5)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    standard = Standard(modules=("slow_there",))
    with ClusterStore(
        tmp_path / "runs.db", cluster="local:1", standard=standard, patience=3
    ) as store:
        assert len(store.obtain(trivial.jobs("slow", range(4)), trivial.train)) == 4


def test_own_workers_are_neither_profiled_nor_made_to_give_memory_back_at_once(
    tmp_path, monkeypatch
):
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)  # Dask leaves it behind

    def settings():
        profiled = dask.config.get("distributed.worker.profile.enabled")
        return profiled, os.environ.get("MALLOC_TRIM_THRESHOLD_")

    with ClusterStore(tmp_path / "runs.db", cluster="local:1") as store:
        (told,) = store.transport._link.run(settings).values()
    assert told == (False, None)


def test_what_stands_in_a_script_is_not_sent(open_store, monkeypatch):
    def train(_):
        return {}

    monkeypatch.setattr(train, "__module__", "__main__")
    with pytest.raises(ClusterError, match="script or a notebook"):
        open_store().obtain(trivial.jobs("main", [1]), train)
