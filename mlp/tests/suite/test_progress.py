"""Progress: a line that renews itself on a terminal, plain lines in a log, neither told twice."""

import io
import os
import re
import time

import pytest

from mlp.store import Progress
from mlp.suite.progress import Ticker, announce, describe

BUSY = Progress(queued=6, running=2, finished=8, cost_left=80.0, cost_done=40.0)
IDLE = Progress(queued=0, running=0, finished=16, cost_left=0.0, cost_done=120.0)


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_runs_and_the_time_left_are_told():
    assert describe(BUSY, 40) == "mlp: 8 of 16 runs, about 80 s left"
    assert describe(IDLE, 10) == ""


def test_at_first_the_time_left_is_what_the_runs_cost_earlier():
    first = Progress(queued=6, running=2, finished=0, cost_left=80.0, cost_done=0.0)
    assert describe(first, 0) == "mlp: 0 of 8 runs, about 80 s left"


@pytest.mark.parametrize(("seconds", "left"), [(40, 80), (4000, 4605), (10, 46)])
def test_the_time_left_is_corrected_by_the_time_that_was_taken(seconds, left):
    """40 s of cost are done; what they took corrects what is left, by and by."""
    told = describe(BUSY, seconds)
    assert f"about {left} s left" in told or f"about {left / 60:.0f} min left" in told


def test_workers_share_what_is_left():
    assert "about 40 s left" in describe(BUSY, 20, workers=2)


def test_what_the_tests_will_ask_for_later_counts_too():
    assert "about 3 min left" in describe(BUSY, 40, later=100.0)


def test_tests_are_told_once_they_are_counted():
    assert describe(BUSY, 40, tests=(23, 192)) == (
        "mlp: 23 of 192 tests, 8 of 16 runs, about 80 s left"
    )
    assert describe(IDLE, 40, tests=(23, 192)) == "mlp: 23 of 192 tests"
    assert len(describe(Progress(16, 300, 13540, 9e4, 6.0), 99990, tests=(1123, 1192))) < 80


def test_once_all_tests_have_ended_nothing_is_told():
    assert describe(BUSY, 10, tests=(192, 192)) == ""


def test_the_time_left_counts_down_between_jobs():
    assert "about 73 s" in describe(BUSY, 40, since=7)
    assert "about 1 s" in describe(BUSY, 40, since=700)


def test_what_is_to_be_done_is_told_before_any_of_it_is():
    first = Progress(queued=3136, running=0, finished=0, cost_left=1674.0, cost_done=0.0)
    assert announce(first, 226, 2) == (
        "226 tests selected; 3,136 runs to train for their first look, about 14 min"
    )
    assert announce(IDLE, 1, 2) == (
        "1 test selected; the runs for their first look are in the store"
    )


def test_looks_that_tests_asked_for_later_are_expected_of_the_tests_to_come():
    """After 1 of 3 tests, 120 more of cost were asked for: 240 more are to be expected."""
    log = io.StringIO()
    states = [
        Progress(8, 0, 0, 80.0, 0.0),
        Progress(8, 0, 8, 100.0, 100.0),
    ]
    ended = [0, 1]
    ticker = Ticker(
        lambda: states.pop(0) if len(states) > 1 else states[0],
        log,
        lambda: (ended.pop(0) if len(ended) > 1 else ended[0], 3),
        every=0.01,
    )
    ticker.start()
    until(lambda: log.getvalue().count("mlp:") == 2)
    ticker.stop()
    first, second = log.getvalue().splitlines()
    assert first.endswith("0 of 8 runs, about 80 s left")
    assert second.startswith("mlp: 1 of 3 tests, 8 of 16 runs, about ")
    assert float(re.search(r"about (\d+) s", second)[1]) == pytest.approx(340 * 30 / 130, abs=2)


def test_a_log_is_told_a_state_once():
    log, asked = io.StringIO(), []

    def progress():
        asked.append(1)
        return BUSY

    ticker = Ticker(progress, log, every=0.01)
    ticker.start()
    until(lambda: len(asked) > 5)
    ticker.stop()
    assert log.getvalue().count("mlp:") == 1
    assert "\x1b" not in log.getvalue()


def test_a_log_is_told_every_change():
    log = io.StringIO()
    states = [BUSY, BUSY, Progress(2, 2, 12, 20.0, 100.0), IDLE]
    ticker = Ticker(lambda: states.pop(0) if len(states) > 1 else states[0], log, every=0.01)
    ticker.start()
    until(lambda: len(states) == 1)
    ticker.stop()
    told = log.getvalue().splitlines()
    assert [line.split(" runs")[0] for line in told] == ["mlp: 8 of 16", "mlp: 12 of 16"]


def test_within_a_with_it_prints_and_no_more_however_that_ends():
    log, asked = io.StringIO(), []

    def broken():
        with Ticker(lambda: asked.append(1) or BUSY, log, every=0.01):
            until(lambda: "mlp: 8 of 16" in log.getvalue())
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    after = len(asked)
    time.sleep(0.05)
    assert len(asked) == after


def test_a_log_is_told_of_ended_tests():
    log, ended = io.StringIO(), []

    def tests():
        ended.append(1)
        return min(len(ended), 3), 3

    ticker = Ticker(lambda: BUSY, log, tests, every=0.01)
    ticker.start()
    until(lambda: len(ended) > 5)
    ticker.stop()
    told = log.getvalue().splitlines()
    assert [line.split(",")[0] for line in told] == [f"mlp: {n} of 3 tests" for n in (1, 2)]


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminal")
    master, slave = pty.openpty()
    stream = os.fdopen(slave, "w", encoding="utf-8")
    yield master, stream
    stream.close()
    os.close(master)


def test_a_terminal_gets_a_line_that_is_taken_away_again(terminal):
    master, stream = terminal
    ticker = Ticker(lambda: BUSY, stream)
    ticker.start()
    seen = os.read(master, 4096).decode()
    assert "mlp: 8 of 16 runs" in seen
    assert "\n" not in seen, "what pytest prints must stay where it is"
    ticker.clear()
    ticker.stop()
    rest = os.read(master, 4096).decode()
    assert rest.endswith("\x1b[J")


def test_what_is_said_stands_in_place_of_the_state(terminal):
    master, stream = terminal
    ticker = Ticker(lambda: BUSY, stream)
    ticker.start()
    os.read(master, 4096)
    ticker.say("stopping")
    seen = os.read(master, 4096).decode()
    assert "stopping" in seen
    assert "mlp:" not in seen
    assert "stopping" in os.read(master, 4096).decode(), "at the next tick too"
    ticker.stop()


def test_a_log_is_told_at_once_what_is_said():
    log = io.StringIO()
    ticker = Ticker(lambda: BUSY, log, every=60)
    ticker.start()
    ticker.say("stopping")
    ticker.stop()
    assert log.getvalue() == "stopping\n"


def test_a_line_in_a_log_begins_where_another_ended():
    log = io.StringIO()
    ticker = Ticker(lambda: BUSY, log, midline=lambda: True, every=60)
    ticker.start()
    ticker.say("stopping")
    ticker.stop()
    assert log.getvalue() == "\nstopping\n"


def test_a_stream_that_goes_away_ends_the_printing():
    stream = io.StringIO()
    ticker = Ticker(lambda: BUSY, stream, every=0.01)
    stream.close()
    ticker.start()
    ticker._thread.join(timeout=10)
    assert not ticker._thread.is_alive()
