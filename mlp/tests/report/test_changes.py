"""A study against saved results: claim by claim, and in what else the two differ."""

import html

import pytest

from mlp.report import archive, changes
from mlp.report.page import render
from mlp.report.summary import markdown
from mlp.tests.report.helpers import PROVENANCE, row, rows, study


def held(before, now):
    kept = archive.Saved(archive.FOLDER / "x.json", tuple(before), {}, "")
    return changes.against(study(rows=now), kept)


def test_the_same_results_change_nothing():
    found = held(rows(), rows())
    assert not found.any
    assert len(found.both) == len(rows())
    assert changes.summary(found).startswith("0 verdicts changed, 0 effects moved")


def test_a_changed_verdict_is_told():
    found = held([row()], [row(verdict="undecided")])
    assert found.any
    assert "    verdict was supported, is undecided" in [t for t, _ in changes.describe(found)]


def test_counts_agree_with_their_nouns():
    found = held([row(), row(dataset="iris")], [row(verdict="refuted"), row(dataset="iris")])
    assert changes.changed(found) == "1 verdict changed"
    assert changes.summary(found) == (
        "1 verdict changed, 0 effects moved beyond their intervals, 1 claim unchanged"
    )
    moved = held([row()], [row(verdict="refuted", effect=-0.5, low=-0.8, high=-0.2)])
    assert changes.changed(moved) == "1 verdict changed, 1 effect moved"
    assert "1 effect moved beyond its interval, 0 claims unchanged" in changes.summary(moved)


def test_claims_that_are_unchanged_are_listed_by_finding():
    others = [row(), row(dataset="iris"), row("test_same", finding="Conclusion")]
    lines = [t for t, _ in changes.describe(held(others, others))]
    after = lines[lines.index("unchanged:") + 1 :]
    assert after[:2] == [
        "  Finding 3: estimator rescues matmul (digits, iris)",
        "  Conclusion: same (digits)",
    ]


def test_identical_arms_have_no_effect_to_move_from():
    same = row(identical=True, effect=0.0, low=-0.1, high=0.1)
    lines = [t for t, _ in changes.describe(held([same], [row()]))]
    assert "    effect was identical weights, is +0.500 [+0.20, +0.80]" in lines


SAME = row(identical=True, effect=0.0, low=-1.0, high=1.0)


def test_to_lose_identical_weights_is_to_move():
    found = held([SAME], [row(effect=0.0, low=-0.1, high=0.1)])
    assert changes.changed(found) == "1 effect moved"
    assert not found.where("became_identical")
    assert not held([SAME], [SAME]).any


def test_to_become_identical_within_the_interval_is_told_but_fails_nothing():
    found = held([row(effect=0.05, low=-0.1, high=0.2)], [SAME])
    assert not found.any
    assert not found.same
    told = "became identical: effect was +0.050 [-0.10, +0.20]"
    assert (f"    {told}", "yellow") in changes.describe(found)
    assert changes.summary(found) == (
        "0 verdicts changed, 0 effects moved beyond their intervals, 1 became identical, "
        "0 claims unchanged"
    )
    now = study(rows=[SAME], runs=[])
    assert f": {told}" in markdown(now, found).replace("\\", "")
    page = render(now, against=found)[0].replace("\N{NO-BREAK SPACE}", " ")
    assert f": {told}".replace("-", "−") in page


def test_to_become_identical_beyond_the_interval_is_to_move():
    found = held([row()], [SAME])
    assert changes.changed(found) == "1 effect moved"
    assert not found.where("became_identical")


def test_a_claim_of_another_margin_or_outcome_is_told_but_fails_nothing():
    found = held([row()], [row(margin=0.2, expected="worse")])
    assert not found.any
    assert not found.same
    told = [t for t, _ in changes.describe(found)]
    assert "    claimed better, now worse; margin was 0.1, is 0.2" in told
    assert "1 claim of another margin or outcome, 0 claims unchanged" in changes.summary(found)
    assert "margin was 0.1, is 0.2" in markdown(study(rows=[row()]), found)
    assert "margin was 0.1, is 0.2" in render(study(rows=[row()], runs=[]), against=found)[0]


def test_a_study_of_another_protocol_or_other_seeds_is_told_apart():
    there = {
        "protocol": {"name": "published"},
        "seeds": {"first": 7, "most": 16},
        "machine": {"processor": "a Z80"},
    }
    here = {**PROVENANCE, "machine": {**PROVENANCE["machine"], "processor": "mine"}}
    now = study(rows=[row()], runs=[], provenance=here)
    found = changes.against(now, archive.Saved(archive.FOLDER / "x.json", (row(),), there, ""))
    told = [
        "saved at another protocol (published, here quick): differences may be the protocol's",
        "saved on other seeds (from 7, here from 0): differences may be the seeds'",
        "saved with another number of seeds (at most 16, here 8): differences may be its",
        "saved on another processor (a Z80, here mine): differences may be its rounding's",
    ]
    assert list(found.otherwise) == told
    shown = " ".join(t.strip() for t, _ in changes.describe(found))
    page = html.unescape(render(now, against=found)[0])
    for text in told:
        assert text in shown
        assert text in page
    assert "saved on other seeds" in markdown(now, found)
    alike = archive.Saved(archive.FOLDER / "x.json", (row(),), here, "")
    assert changes.against(now, alike).otherwise == ()


def test_what_of_a_protocol_differs_is_named_and_claims_tell_it_where_nothing_else_does():
    there = {"protocol": {"name": "quick", "steps": 3}}
    other = archive.Saved(archive.FOLDER / "x.json", (), there, "")
    told = changes.other_protocol(other, {"name": "quick", "steps": 2})
    assert told == "quick, but steps 3, here 2"
    old = archive.Saved(archive.FOLDER / "x.json", (row(protocol="published"),), {}, "")
    assert changes.other_protocol(old, {"name": "quick"}) == "published, here quick"


def test_no_line_is_wider_than_80_columns():
    before = [*rows(), row("test_" + "a_very_long_name_" * 9)]
    now = [row("test_" + "a_very_long_name_" * 9, verdict="refuted"), *rows()]
    kept = archive.Saved(archive.FOLDER / ("x" * 100), tuple(before), {}, "interrupted " * 9)
    for text, _ in changes.describe(changes.against(study(rows=now), kept)):
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
    assert held([old], [new]).any is moved


def test_claims_of_one_study_only_are_counted_but_are_no_change():
    found = held([row()], [row("test_other")])
    assert not found.any
    assert changes.summary(found).endswith("1 new, 1 not run now")


def test_several_claims_of_one_test_are_kept_apart():
    first, second = row(), row(verdict="refuted", effect=-0.5, low=-0.8, high=-0.2)
    assert not held([first, second], [first, second]).any


def test_claims_that_would_be_lost_are_counted(tmp_path):
    kept = tmp_path / "kept.json"
    assert changes.not_in(study(rows=[]), kept) == 0
    archive.save(study(), kept)
    assert changes.not_in(study(), kept) == 0
    assert changes.not_in(study(rows=[row()]), kept) == len(rows()) - 1
