"""The command that counts and prunes the runs of a store."""

from __future__ import annotations

from mlp.store import Store
from mlp.store.__main__ import main

NEW = {"species": "pipeline:Loop", "executor": "train", "score": 0.5}


def test_runs_are_counted_by_species_and_only_older_ones_are_pruned(tmp_path, capsys):
    path = tmp_path / "runs.sqlite"
    with Store(path) as store:
        store.put({"aa": NEW, "ab": NEW, "ac": {"executor": "cohort", "validation": [1]}})

    assert main([str(path)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split(maxsplit=1) for line in told] == [
        ["1", "of an older format"],
        ["2", "pipeline:Loop by train"],
        ["3", "runs"],
    ]
    assert main([str(path), "--prune"]) == 0
    assert "deleted: 1" in capsys.readouterr().out
    with Store(path) as store:
        assert set(dict(store.items())) == {"aa", "ab"}


def test_what_is_no_store_is_one_sentence(tmp_path, capsys):
    (tmp_path / "text").write_text("no store")

    assert main([str(tmp_path / "nothing")]) == 2
    assert main([str(tmp_path / "text")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
