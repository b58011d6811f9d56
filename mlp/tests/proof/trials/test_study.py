"""What a study leaves is read as it is; nothing is trained here."""

from __future__ import annotations

import json
import os
import signal

import pytest

from mlp.proof.trials import witness
from mlp.proof.trials.study import STORE, Session, stored
from mlp.species.post.protocol import PROTOCOLS
from mlp.store import Job, Store

NOTHING = ("hypotheses", "-k", "no_such_claim")


def test_runs_are_read_from_a_copy(tmp_path):
    path = tmp_path / STORE
    with Store(path) as store:
        store.put({"ab": {"x": 1.5, "a": [1]}})
        before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
        assert f"{STORE}-wal" in before

        assert stored(path) == {"ab": b'{"a":[1],"x":1.5}'}

        assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_where_there_is_no_store_there_are_no_runs_and_none_is_made(tmp_path):
    assert stored(tmp_path / STORE) == {}
    assert list(tmp_path.iterdir()) == []


def test_the_witness_notes_workers_and_runs_once_they_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(Store, "finish", Store.finish)
    monkeypatch.setitem(PROTOCOLS, "brief", witness.BRIEF)
    monkeypatch.setenv(witness.LOG, str(tmp_path / "log"))
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    witness.pytest_configure()

    with Store(tmp_path / STORE) as store:
        store.request([Job({}, {"aa": 1, "bb": 2})])
        job = store.take()
        with pytest.raises(ValueError, match="all its 2 runs"):
            store.finish(job, {})
        store.finish(job, {"aa": {}, "bb": {}})

    assert (tmp_path / "log").read_text() == f"worker {os.getpid()}\nkept aa\nkept bb\n"


def test_a_study_that_ends_leaves_its_status_its_words_and_its_store(tmp_path):
    with Session(tmp_path, "x", NOTHING, workers=0) as study:
        assert study.wait(120)
        assert not study.strike(signal.SIGKILL, "everything", 0.0)
        assert not study.strike(signal.SIGKILL, "worker", 0.0)
        left = study.left()

    assert left.status == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "deselected" in left.said
    assert (left.claims, left.kept, left.runs) == ({}, [], {})
    assert (tmp_path / STORE).exists()
    assert 0 < left.seconds < 120


@pytest.mark.parametrize("victim", ["controller", "everything"])
def test_a_study_can_be_killed(tmp_path, victim):
    with Session(tmp_path, "x", NOTHING, workers=0) as study:
        assert study.strike(signal.SIGKILL, victim, 0.0)
        assert study.wait(60)
        assert study.left().status == -signal.SIGKILL


def test_claims_are_those_saved_by_test(tmp_path):
    rows = [{"nodeid": "t", "x": 1}, {"nodeid": "u"}, {"nodeid": "t", "x": 2}]
    (tmp_path / "x.json").write_text(json.dumps({"claims": rows}))
    with Session(tmp_path, "x", ["--version"], workers=0) as study:
        study.wait(60)

        assert study.left().claims == {
            "t": '{"nodeid": "t", "x": 1}{"nodeid": "t", "x": 2}',
            "u": '{"nodeid": "u"}',
        }
