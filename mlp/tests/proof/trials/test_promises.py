"""Each way to break a promise is seen, on studies made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlp.proof.trials.promises import PROMPT_S, broken, ending
from mlp.proof.trials.study import ROOT, Left

RUNS = {"aa": b"1", "bb": b"2", "cc": b"3"}
CLAIMS = {"t": "x", "u": "y"}
WHOLE = Left(status=1, said="", claims=CLAIMS, kept=["aa", "bb", "cc"], runs=RUNS)
BEFORE = {"aa": b"1"}
NEXT = replace(WHOLE, kept=["cc", "bb"])


def test_an_undisturbed_study_keeps_all_promises():
    assert broken(WHOLE, WHOLE, {}) == []


def test_the_next_study_trains_what_was_unfinished():
    assert broken(WHOLE, NEXT, BEFORE) == []


def test_what_others_train_meanwhile_is_not_the_next_studys_to_train():
    assert broken(WHOLE, replace(NEXT, kept=["cc"]), BEFORE, others=["aa", "bb"]) == []


@pytest.mark.parametrize(
    ("now", "complaint"),
    [
        (replace(NEXT, status=None), "did not end in time"),
        (replace(NEXT, status=3), "exit status 3, not 1"),
        (replace(NEXT, claims={"t": "x"}), "1 claims are missing (first: u)"),
        (replace(NEXT, claims={}), "2 claims are missing"),
        (replace(NEXT, claims=CLAIMS | {"v": "z"}), "1 claims are new (first: v)"),
        (replace(NEXT, claims=CLAIMS | {"t": "z"}), "1 claims differ (first: t)"),
        (replace(NEXT, runs={"aa": b"1", "bb": b"2"}), "1 runs are missing (first: cc)"),
        (replace(NEXT, runs=RUNS | {"dd": b"4"}), "1 runs are new (first: dd)"),
        (replace(NEXT, runs=RUNS | {"cc": b"0"}), "1 runs differ (first: cc)"),
        (replace(NEXT, kept=["aa", "bb", "cc"]), "1 runs were trained again (first: aa)"),
        (replace(NEXT, kept=["bb", "bb", "cc"]), "1 runs were trained again (first: bb)"),
        (replace(NEXT, kept=["bb"]), "1 runs nobody is known to have trained (first: cc)"),
        (replace(NEXT, said="database is locked"), "is locked"),
    ],
)
def test_a_promise_broken_by_the_next_study_is_seen(now, complaint):
    found = broken(WHOLE, now, BEFORE)

    assert len(found) == 1
    assert complaint in found[0]


@pytest.mark.parametrize("now", [{"aa": b"0"}, {}])
def test_a_finished_run_that_was_changed_or_lost_is_seen(now):
    left = replace(NEXT, runs=RUNS | {"aa": b"0"} if now else {"bb": b"2", "cc": b"3"})

    assert any("1 finished runs were changed (first: aa)" in b for b in broken(WHOLE, left, BEFORE))


def test_a_run_trained_by_two_studies_at_once_is_seen():
    one, other = replace(WHOLE, kept=["aa", "bb"]), replace(WHOLE, kept=["bb", "cc"])

    for left, rest in ((one, other), (other, one)):
        assert "1 runs were trained again (first: bb)" in broken(WHOLE, left, {}, rest.kept)


def ended(**how):
    return replace(WHOLE, **{"status": 2, "said": "KeyboardInterrupt"} | how)


@pytest.mark.parametrize("status", [2, 130, -2])
def test_an_interruption_may_end_in_these_ways(status):
    assert ending(ended(status=status), 1.0, interrupted=True) == []


TRACEBACK = f'File "{ROOT}/conftest.py", line 1'


@pytest.mark.parametrize(
    ("left", "seconds", "complaint"),
    [
        (ended(status=None), 1.0, "it went on"),
        (ended(), PROMPT_S + 1, "it went on"),
        (ended(status=1), 1.0, "it ended with 1"),
        (ended(said=TRACEBACK), 1.0, "traceback"),
        (ended(said="INTERNALERROR> x"), 1.0, "traceback"),
        (ended(said="database is locked"), 1.0, "locked"),
    ],
)
def test_an_interruption_must_not_end_in_these(left, seconds, complaint):
    (found,) = ending(left, seconds, interrupted=True)

    assert complaint in found


def test_what_is_printed_before_the_suite_is_loaded_is_not_its_own():
    before = (
        'File "pytest/__init__.py"',
        f'in import_plugin\n File "{ROOT}/mlp/proof/trials/witness.py"',
    )
    assert not any(ending(ended(said=said), 1.0, interrupted=True) for said in before)


def test_a_study_that_was_killed_may_end_in_any_way_but_must_end_and_not_be_locked_out():
    killed = ended(status=1, said=TRACEBACK)
    assert ending(killed, PROMPT_S + 1, interrupted=False) == []
    assert ending(replace(killed, status=None), 1.0, interrupted=False) != []
    assert ending(replace(killed, said="database is locked"), 1.0, interrupted=False) != []
