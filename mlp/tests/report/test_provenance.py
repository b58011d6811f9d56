"""Provenance: the command line, without what only its machine knows."""

import ntpath
from pathlib import PureWindowsPath

import pytest

from mlp.report import provenance as module
from mlp.report.provenance import path_within, portable, provenance, seen_from


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("-k", "-k"),
        ("finding_2 or a/b", "finding_2 or a/b"),
        ("hypotheses/test_x.py::test[a=/b]", "hypotheses/test_x.py::test[a=/b]"),
        ("--mlp-save=mine", "--mlp-save=mine"),
        ("--mlp-store=/elsewhere/me/runs.sqlite", "--mlp-store=…/runs.sqlite"),
        ("--mlp-store={root}/.mlp/runs.sqlite", "--mlp-store=.mlp/runs.sqlite"),
        ("{root}/hypotheses/test_x.py::test[a]", "hypotheses/test_x.py::test[a]"),
        ("/elsewhere/test_x.py::test", "…/test_x.py::test"),
        ("cache_dir=/elsewhere/cache", "cache_dir=…/cache"),
        ("../../elsewhere/me/runs.sqlite", "…/runs.sqlite"),
        ("--junitxml=../j.xml", "--junitxml=j.xml"),
        ("{root}", "."),
    ],
)
def test_no_path_outside_the_root_is_told(tmp_path, word, kept):
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    assert portable(word.format(root=root), root, root / "sub") == kept


@pytest.mark.parametrize(
    ("protocol", "told"),
    [({"name": "-"}, None), (None, None), ({"name": "a", "x": 1}, {"name": "a", "x": 1})],
)
def test_what_a_species_does_not_have_is_not_told(tmp_path, protocol, told):
    found = provenance(
        tmp_path,
        protocol=protocol,
        datasets=["", "iris"],
        first_seed=0,
        seeds=8,
        options=[],
        here=tmp_path,
    )
    assert (found.get("protocol"), found["datasets"]) == (told, ["iris"])


def test_a_path_is_seen_from_the_root(tmp_path):
    assert path_within(tmp_path / "a" / "b", tmp_path, tmp_path).as_posix() == "a/b"
    assert path_within(tmp_path.parent / "b", tmp_path, tmp_path) is None


def test_a_folder_on_another_drive_of_windows_is_told_whole(monkeypatch):
    monkeypatch.setattr(module.os.path, "relpath", ntpath.relpath)

    root, here = PureWindowsPath("D:/mine"), PureWindowsPath("C:/Users/me")
    assert seen_from(root, here) == "D:\\mine"
    assert seen_from(root, PureWindowsPath("D:/")) == "mine"
