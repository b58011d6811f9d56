"""Outputs: what is asked for is checked, written and said, each by its option."""

import os
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

import pytest

from mlp.report import archive, outputs
from mlp.report.study import ReportError
from mlp.species.post.protocol import PROTOCOLS
from mlp.store import Store
from mlp.tests.report.helpers import PROVENANCE, row, study


def options(**given):
    """The options of a session that asks for nothing, but for those `given`."""
    names = ("save", "summary", "report", "tensorboard", "against", "fail_on_change")
    values = {"protocol": "quick", "first_seed": 0, "seeds": 8, **dict.fromkeys(names), **given}
    return Namespace(**{f"mlp_{name}": value for name, value in values.items()})


@pytest.fixture
def written(tmp_path):
    """Calls the writers that a session's options ask for; what each said, by its option."""

    def write(made, **given):
        with Store(tmp_path / "runs.sqlite") as store:
            found = outputs.writers(made, None, options(**given), tmp_path, store)
            return {name: writer() for name, writer in found}

    return write


def test_nothing_is_asked_for_by_default(written, tmp_path):
    assert outputs.check(options(), tmp_path) is None
    assert written(study()) == {}


def test_each_output_says_where_it_is(written, tmp_path):
    said = written(
        study(rows=[row(detail={})], runs=[]),
        save=str(tmp_path / "kept.json"),
        summary=tmp_path / "new" / "sum.md",
        report=tmp_path / "out",
        tensorboard=tmp_path / "events",
    )

    assert said == {
        "--mlp-save": f"results saved: {tmp_path / 'kept.json'}",
        "--mlp-summary": f"summary: {tmp_path / 'new' / 'sum.md'}",
        "--mlp-report": f"report: {tmp_path / 'out' / 'index.html'}",
        "--mlp-tensorboard": f"no run has curves: nothing is written to {tmp_path / 'events'}",
    }
    kept = outputs.check(options(against=str(tmp_path / "kept.json")), tmp_path)
    assert [one.nodeid for one in kept.rows] == [row().nodeid]
    assert (tmp_path / "new" / "sum.md").is_file()


def test_results_of_other_steps_under_the_same_name_are_not_compared(tmp_path):
    here = PROTOCOLS["quick"]
    facts = {**PROVENANCE, "protocol": {**asdict(here), "steps": 2 * here.steps}}
    archive.save(study(provenance=facts), tmp_path / "kept.json")
    with pytest.raises(ReportError) as refused:
        outputs.check(options(against=str(tmp_path / "kept.json")), tmp_path, here)
    assert str(refused.value) == (
        f"Results are compared at one protocol. Those in {tmp_path / 'kept.json'} were made at "
        f"quick, but steps {2 * here.steps}, here {here.steps}. Save them again with --mlp-save."
    )


def test_results_of_another_protocol_are_compared_unless_changes_fail(tmp_path):
    facts = {**PROVENANCE, "protocol": asdict(PROTOCOLS["published"])}
    archive.save(study(rows=[row(protocol="published")], provenance=facts), tmp_path / "kept.json")
    asked = {"against": str(tmp_path / "kept.json")}
    here = PROTOCOLS["quick"]
    assert outputs.check(options(**asked), tmp_path, here) is not None
    with pytest.raises(ReportError, match=r"are of another \(published, here quick\)"):
        outputs.check(options(**asked, fail_on_change=True), tmp_path, here)


def test_a_part_is_not_saved(written, tmp_path):
    place = tmp_path / "kept.json"
    with pytest.raises(ReportError, match=r"a session that ran whole; stopped: .* is not written"):
        written(study(partial="stopped"), save=str(place))
    assert not place.exists()


EACH = {
    "save": lambda folder: str(folder / "kept.json"),
    "summary": lambda folder: folder / "sum.md",
    "report": lambda folder: folder,
    "tensorboard": lambda folder: folder,
}


@pytest.mark.parametrize("name", EACH)
def test_no_claim_takes_no_earlier_results_place(written, tmp_path, name):
    folder = tmp_path / "out"
    asked = {name: EACH[name](folder)}
    with pytest.raises(ReportError, match=f"no claim was made: {asked[name]} is not written"):
        written(study(rows=[]), **asked)
    assert not folder.exists()

    written(study(rows=[row(detail={})], runs=[]), **asked)
    folder.mkdir(exist_ok=True)  # with no runs, TensorBoard has not made it
    before = contents(folder)
    with pytest.raises(ReportError, match=f"no claim was made: {asked[name]} is left as it was"):
        written(study(rows=[]), **asked)
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("name", "place"),
    [("save", "mine.py"), ("summary", "mine.py"), ("report", "runs.csv"), ("report", "index.html")],
)
def test_only_what_an_option_wrote_is_replaced(written, tmp_path, name, place):
    mine = tmp_path / place
    mine.write_text("x = 1\n")
    asked = {name: tmp_path if name == "report" else str(mine) if name == "save" else mine}
    with pytest.raises(ReportError, match=f"--mlp-{name} replaces only .*{place} is another file"):
        outputs.check(options(**asked), tmp_path)

    mine.write_text("")  # as CI hands a file over to be filled
    if name != "report":
        outputs.check(options(**asked), tmp_path)
    mine.unlink()
    for _ in range(2):
        outputs.check(options(**asked), tmp_path)
        written(study(rows=[row(detail={})], runs=[]), **asked)


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def locked(tmp_path, monkeypatch):
    """A folder that cannot be written to, by root either."""
    folder = tmp_path / "locked"
    folder.mkdir()
    mine = os.access

    def access(path, mode):
        return mine(path, mode) and not (mode & os.W_OK and path == folder)

    monkeypatch.setattr(os, "access", access)
    return folder


@pytest.mark.parametrize("below", ["", "new/deep"])
@pytest.mark.parametrize("name", EACH)
def test_a_folder_that_cannot_be_written_to_is_refused_at_once(locked, tmp_path, name, below):
    with pytest.raises(ReportError, match=f"--mlp-{name} needs a folder .*; {locked} cannot be: "):
        outputs.check(options(**{name: EACH[name](locked / below)}), tmp_path)


def test_a_place_named_from_here_is_checked_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ReportError, match=r"--mlp-report needs a folder .*; \. cannot be: "):
        outputs.check(options(report=Path("out")), tmp_path)


def test_a_summary_that_is_there_is_written_whatever_its_folder(locked, tmp_path, monkeypatch):
    place = locked / "sum.md"
    place.touch()
    outputs.check(options(summary=place), tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ReportError, match=f"--mlp-summary needs a file .*; {place} cannot be: "):
        outputs.check(options(summary=place), tmp_path)


def test_a_summary_that_cannot_be_written_after_all_is_a_sentence(written, tmp_path):
    (tmp_path / "file").touch()
    place = tmp_path / "file" / "sum.md"
    with pytest.raises(ReportError, match=f"a summary must go to a file .*; {place} cannot be "):
        written(study(), summary=place)
