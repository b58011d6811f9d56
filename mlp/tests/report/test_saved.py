"""Saved results: read back whole, refused when damaged, compared claim by claim."""

import html
import json

import pytest

from mlp.report import saved
from mlp.report.page import render
from mlp.report.study import ReportError
from mlp.report.summary import markdown
from mlp.tests.report.helpers import PROVENANCE, row, rows, study


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


def compared(before, now):
    kept = saved.Saved(saved.FOLDER / "x.json", tuple(before), {}, "")
    return saved.against(study(rows=now), kept)


def test_the_same_results_change_nothing():
    changes = compared(rows(), rows())
    assert not changes.any
    assert len(changes.both) == len(rows())
    assert saved.summary(changes).startswith("0 verdicts changed, 0 effects moved")


def test_a_changed_verdict_is_told():
    changes = compared([row()], [row(verdict="undecided")])
    assert changes.any
    assert "    verdict was supported, is undecided" in [t for t, _ in saved.describe(changes)]


def test_counts_agree_with_their_nouns():
    changes = compared([row(), row(dataset="iris")], [row(verdict="refuted"), row(dataset="iris")])
    assert saved.changed(changes) == "1 verdict changed"
    assert saved.summary(changes) == (
        "1 verdict changed, 0 effects moved beyond their intervals, 1 claim unchanged"
    )
    moved = compared([row()], [row(verdict="refuted", effect=-0.5, low=-0.8, high=-0.2)])
    assert saved.changed(moved) == "1 verdict changed, 1 effect moved"
    assert "1 effect moved beyond its interval, 0 claims unchanged" in saved.summary(moved)


def test_claims_that_are_unchanged_are_listed_by_finding():
    others = [row(), row(dataset="iris"), row("test_same", finding="C")]
    lines = [t for t, _ in saved.describe(compared(others, others))]
    after = lines[lines.index("unchanged:") + 1 :]
    assert after[:2] == [
        "  Finding 3: estimator rescues matmul (digits, iris)",
        "  Conclusion: same (digits)",
    ]


def test_identical_arms_have_no_effect_to_move_from():
    same = row(identical=True, effect=0.0, low=-0.1, high=0.1)
    lines = [t for t, _ in saved.describe(compared([same], [row()]))]
    assert "    effect was identical weights, is +0.500 [+0.20, +0.80]" in lines


@pytest.mark.parametrize("gained", [True, False])
def test_to_gain_or_lose_identical_weights_is_to_move(gained):
    same = row(identical=True, effect=0.0, low=-1.0, high=1.0)
    other = row(effect=0.0, low=-0.1, high=0.1)
    changes = compared(*([[other], [same]] if gained else [[same], [other]]))
    assert saved.changed(changes) == "1 effect moved"
    assert not compared([same], [same]).any


def test_a_claim_of_another_margin_or_outcome_is_told_but_fails_nothing():
    changes = compared([row()], [row(margin=0.2, expected="worse")])
    assert not changes.any
    assert not changes.same
    told = [t for t, _ in saved.describe(changes)]
    assert "    claimed better, now worse; margin was 0.1, is 0.2" in told
    assert "1 claim of another margin or outcome, 0 claims unchanged" in saved.summary(changes)
    assert "margin was 0.1, is 0.2" in markdown(study(rows=[row()]), changes)
    assert "margin was 0.1, is 0.2" in render(study(rows=[row()], runs=[]), changes=changes)[0]


def test_a_study_of_another_protocol_or_other_seeds_is_told_apart():
    there = {"protocol": {"name": "published"}, "seeds": {"first": 7, "most": 16}}
    now = study(rows=[row()], runs=[])
    changes = saved.against(now, saved.Saved(saved.FOLDER / "x.json", (row(),), there, ""))
    told = [
        "saved at another protocol (published, here quick): differences may be the protocol's",
        "saved on other seeds (from 7, here from 0): differences may be the seeds'",
        "saved with another number of seeds (at most 16, here 8): verdicts may differ by it",
    ]
    assert list(changes.otherwise) == told
    shown = " ".join(t.strip() for t, _ in saved.describe(changes))
    page = html.unescape(render(now, changes=changes)[0])
    for text in told:
        assert text in shown
        assert text in page
    assert "saved on other seeds" in markdown(now, changes)
    alike = saved.Saved(saved.FOLDER / "x.json", (row(),), PROVENANCE, "")
    assert saved.against(now, alike).otherwise == ()


def test_what_of_a_protocol_differs_is_named_and_claims_tell_it_where_nothing_else_does():
    there = {"protocol": {"name": "quick", "steps": 3}}
    other = saved.Saved(saved.FOLDER / "x.json", (), there, "")
    told = saved.other_protocol(other, {"name": "quick", "steps": 2})
    assert told == "quick, but steps 3, here 2"
    old = saved.Saved(saved.FOLDER / "x.json", (row(protocol="published"),), {}, "")
    assert saved.other_protocol(old, {"name": "quick"}) == "published, here quick"


def test_claims_that_would_be_lost_are_counted(kept, tmp_path):
    assert saved.not_in(study(), kept) == 0
    assert saved.not_in(study(rows=[row()]), kept) == len(rows()) - 1
    assert saved.not_in(study(rows=[]), tmp_path / "none.json") == 0


def test_no_line_is_wider_than_80_columns():
    before = [*rows(), row("test_" + "a_very_long_name_" * 9)]
    now = [row("test_" + "a_very_long_name_" * 9, verdict="refuted"), *rows()]
    kept = saved.Saved(saved.FOLDER / ("x" * 100), tuple(before), {}, "interrupted " * 9)
    for text, _ in saved.describe(saved.against(study(rows=now), kept)):
        assert len(text) <= 80, text


@pytest.mark.parametrize(
    ("before", "now", "moved"),
    [
        ((0.5, 0.4, 0.6), (0.55, 0.45, 0.65), False),
        ((0.5, 0.4, 0.6), (0.8, 0.7, 0.9), True),
        ((0.5, 0.4, 0.6), (0.8, 0.3, 1.0), False),
        ((0.5, 0.1, 0.9), (0.8, 0.75, 0.85), False),
        ((0.5, 0.4, 0.7), (0.8, 0.65, 0.9), True),
    ],
)
def test_an_effect_moves_when_neither_interval_holds_the_other_effect(before, now, moved):
    names = ("effect", "low", "high")
    old = row(**dict(zip(names, before, strict=True)))
    new = row(**dict(zip(names, now, strict=True)))
    assert compared([old], [new]).any is moved


def test_claims_of_one_study_only_are_counted_but_are_no_change():
    changes = compared([row()], [row("test_other")])
    assert not changes.any
    assert saved.summary(changes).endswith("1 new, 1 not run now")


def test_several_claims_of_one_test_are_kept_apart():
    first, second = row(), row(verdict="refuted", effect=-0.5, low=-0.8, high=-0.2)
    assert not compared([first, second], [first, second]).any
