"""The schedule of strikes, and the command line, whose trials are made up here."""

from __future__ import annotations

import signal
from itertools import islice, pairwise
from pathlib import Path

import pytest

from mlp.proof.trials import __main__ as command
from mlp.proof.trials.study import Left
from mlp.proof.trials.trial import VICTIMS, Trial, schedule
from mlp.store import StoreError

WHOLE = Left(status=0, said="said", claims={"t": "x"}, kept=["aa"], runs={"aa": b"1"}, seconds=9.0)
GOOD = Trial("good", " at once", 3, 4, [])


def strikes(number, seed, count=300):
    return list(islice(schedule(number, seed), count))


class TestSchedule:
    @pytest.mark.parametrize("number", VICTIMS)
    def test_each_victim_in_turn_at_moments_over_the_whole_study(self, number):
        found = strikes(number, 0)

        victims = VICTIMS[number]
        assert [s.victim for s in found[: len(victims)]] == list(victims)
        assert all(s.number is number for s in found)
        for victim in victims:
            moments = sorted(s.moment for s in found if s.victim == victim)
            assert 0 <= moments[0] < 0.1
            assert 0.9 < moments[-1] < 1
            assert max(b - a for a, b in pairwise(moments)) < 0.1

    def test_a_seed_repeats_and_another_differs(self):
        kill = signal.SIGKILL
        assert strikes(kill, 1) == strikes(kill, 1)
        assert strikes(kill, 1) != strikes(kill, 2)
        moments = [s.moment for s in strikes(kill, 1)]
        assert moments != [s.moment for s in strikes(signal.SIGINT, 1)]


class TestCommand:
    @pytest.fixture
    def run(self, monkeypatch, tmp_path, capsys):
        """Runs the command with made-up trials; gives its status, its output, and what it kept."""

        def run(made_up, *arguments, whole=WHOLE):
            made_up = iter(made_up)

            def attempt(_words, _what, folder, given):
                assert given is whole
                (folder / "file").touch()
                trial = next(made_up)
                if isinstance(trial, BaseException):
                    raise trial
                return trial

            monkeypatch.setattr(command, "struck", attempt)
            monkeypatch.setattr(command, "crowd", attempt)
            monkeypatch.setattr(command, "at_once", lambda *_: [whole])
            monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
            status = command.main(arguments)
            return status, capsys.readouterr().out, list(tmp_path.iterdir())

        return run

    @pytest.mark.parametrize("name", command.COMMANDS)
    def test_good_trials_are_counted_and_leave_nothing(self, run, name):
        status, out, kept = run([GOOD, GOOD], name, "--trials", "2")

        assert status == 0
        assert out.count("3 runs finished, 4 trained after, ok") == 2
        assert "2 trials in 0 min (2 good): 8 runs trained, those finished" in out
        assert "before left alone (6); 0 trials broken\n" in out
        assert kept == []

    @pytest.mark.parametrize("name", command.COMMANDS)
    def test_no_trials_are_refused_before_any_study(self, run, name, capsys):
        with pytest.raises(SystemExit) as stop:
            run([], name, "--trials", "0")

        assert stop.value.code == 2
        assert "--trials must be at least 1; got 0: give more" in capsys.readouterr().err

    def test_a_broken_trial_is_told_and_its_files_are_kept(self, run):
        bad = Trial("bad", "", 0, 0, ["a promise"])

        status, out, (kept,) = run([GOOD, bad, GOOD], "kill", "--trials", "3")

        assert status == 1
        said = f"bad: 0 runs trained, BROKEN: a promise; its files are in {kept}"
        assert said in out
        assert "1 trials broken" in out
        assert Path(kept, "file").exists()

    def test_a_store_that_cannot_be_read_is_a_broken_promise(self, run):
        status, out, kept = run([StoreError("A store must be intact.")], "kill", "--trials", "1")

        assert status == 1
        assert "BROKEN: A store must be intact." in out
        assert len(kept) == 1

    def test_a_study_that_ended_too_soon_is_no_trial(self, run):
        status, out, kept = run([None, GOOD, None, GOOD], "kill", "--trials", "2")

        assert (status, kept) == (0, [])
        assert "2 trials" in out
        assert "2 studies more ended too soon" in out

    def test_interrupted_it_says_what_was_done(self, run):
        status, out, kept = run([GOOD, KeyboardInterrupt()], "kill")

        assert (status, kept) == (130, [])
        assert "1 trials in 0 min (1 good)" in out

    @pytest.mark.parametrize(
        "whole",
        [
            Left(status=4, said="no such option", claims={}, kept=[], runs={}),
            Left(status=None, said="", claims={"t": "x"}, kept=["aa"], runs={"aa": b"1"}),
            Left(status=1, said="", claims={}, kept=["aa"], runs={"aa": b"1"}),
            Left(status=1, said="", claims={"t": "x"}, kept=["aa", "aa"], runs={"aa": b"1"}),
        ],
        ids=["refused", "hangs", "settles nothing", "trains twice"],
    )
    def test_a_study_that_is_broken_undisturbed_is_refused(self, run, whole):
        with pytest.raises(SystemExit, match="give another --study") as caught:
            run([GOOD], "kill", whole=whole)

        assert whole.said in str(caught.value)
