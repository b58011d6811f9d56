"""Saved results: read back whole, refused when damaged."""

import json

import pytest

from mlp.report import saved
from mlp.report.study import ReportError
from mlp.tests.report.helpers import rows, study


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / "deep" / "results.json"
    saved.save(study(), path)
    return path


def test_what_is_saved_is_read_back(kept):
    found = saved.load(kept)
    assert list(found.rows) == list(study().rows)
    assert found.provenance["commit"]["id"] == "0123456789abcdef"
    assert not list(kept.parent.glob("*.tmp"))


def test_a_claim_takes_a_line(kept):
    lines = kept.read_text("utf-8").splitlines()
    claims = [line for line in lines if line.startswith('{"nodeid"')]
    assert len(claims) == len(rows())
    assert len(lines) == len(claims) + 8


def test_a_name_is_a_file_among_the_results(tmp_path):
    mine = tmp_path / saved.FOLDER / "mine.json"
    assert saved.place_to_save("mine", tmp_path) == mine
    assert str(saved.place_to_save("some/mine.json", tmp_path)) == "some/mine.json"
    committed = tmp_path / "hypotheses" / "mine.json"
    saved.save(study(), committed)
    assert saved.place_to_load("mine", tmp_path) == committed
    saved.save(study(), mine)
    assert saved.place_to_load("mine", tmp_path) == mine


def edit(path, change):
    raw = json.loads(path.read_text("utf-8"))
    change(raw)
    path.write_text(json.dumps(raw), encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda p: p.write_text("{"), "it cannot be read as JSON"),
        (lambda p: p.write_bytes(b"\xff\xfe\x00"), "it cannot be read as JSON"),
        (lambda p: p.write_text("[" * 200_000), "it cannot be read as JSON"),
        (lambda p: p.write_text("[]"), "it holds something else"),
        (lambda p: edit(p, lambda raw: raw.update(format=99)), "its format is 99, not 1"),
        (lambda p: edit(p, lambda raw: raw["claims"].pop()), "its checksum does not match"),
        (lambda p: edit(p, lambda raw: raw.pop("checksum")), "its checksum does not match"),
    ],
)
def test_a_damaged_file_is_refused_in_a_sentence(kept, damage, why):
    damage(kept)
    with pytest.raises(ReportError, match="a results file must be one that --mlp-save wrote") as e:
        saved.load(kept)
    assert why in str(e.value)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda claims: claims.append(7),
        lambda claims: claims[0].pop("nodeid"),
        lambda claims: claims[0]["claim"].pop("effect"),
        lambda claims: claims[0]["claim"].update(effect="large"),
        lambda claims: claims[0]["claim"].update(detail=None),
        lambda claims: claims[0].update(test=3),
    ],
)
def test_claims_in_another_form_are_refused_even_with_a_good_checksum(kept, change):
    def forge(raw):
        change(raw["claims"])
        raw["checksum"] = saved.checksum({k: v for k, v in raw.items() if k != "checksum"})

    edit(kept, forge)
    with pytest.raises(ReportError, match="not in the form of claims"):
        saved.load(kept)


def test_results_that_are_not_there_say_where_they_were_looked_for(tmp_path):
    with pytest.raises(ReportError, match=r"'nobody' is not at .*nobody\.json or .*hypo"):
        saved.place_to_load("nobody", tmp_path)


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="results must be saved where a file can be written"):
        saved.save(study(), tmp_path / "file" / "results.json")
