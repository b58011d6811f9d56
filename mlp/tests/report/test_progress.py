"""Progress: a line that renews itself on a terminal, plain lines in a log, neither told twice."""

import io
import os
import pty
import time

import pytest

from mlp.report.progress import Ticker, describe
from mlp.store import Progress

BUSY = Progress(queued=6, running=2, finished=8, cost_left=80.0, cost_done=40.0)
IDLE = Progress(queued=0, running=0, finished=16, cost_left=0.0, cost_done=120.0)


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_the_time_left_follows_from_the_cost_done():
    assert describe(BUSY, 10) == "mlp: 8/16 runs asked for so far trained, ~20 s for these"
    assert describe(BUSY, 600).endswith("~20 min for these")
    assert describe(IDLE, 10) == ""


def test_before_a_run_is_finished_no_more_is_told_than_is_known():
    first = Progress(queued=6, running=2, finished=0, cost_left=80.0, cost_done=0.0)
    assert describe(first, 10) == "mlp: training the first 8 runs asked for"


def test_tests_are_told_once_they_are_counted():
    assert describe(BUSY, 10, tests=(23, 192)) == (
        "mlp: 23/192 tests; 8/16 runs asked for so far trained, ~20 s for these"
    )
    assert len(describe(Progress(16, 300, 3540, 9.0, 6.0), 990, tests=(123, 192))) < 80


def test_once_all_tests_have_ended_nothing_is_told():
    assert describe(BUSY, 10, tests=(192, 192)) == ""


def test_the_time_left_counts_down_between_jobs():
    assert "~13 s" in describe(BUSY, 10, since=7)
    assert "~1 s" in describe(BUSY, 10, since=700)


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
    told = [line for line in log.getvalue().splitlines() if line]
    assert [line[:14] for line in told] == ["mlp: 8/16 runs", "mlp: 12/16 run"]


def test_within_a_with_it_prints_and_no_more_however_that_ends():
    log, asked = io.StringIO(), []

    def broken():
        with Ticker(lambda: asked.append(1) or BUSY, log, every=0.01):
            until(lambda: "mlp: 8/16 runs" in log.getvalue())
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
    told = [line for line in log.getvalue().splitlines() if line]
    assert [line[:15] for line in told] == [f"mlp: {n}/3 tests;" for n in (1, 2)]


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
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
    assert "mlp: 8/16 runs asked for" in seen
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
    assert log.getvalue() == "\nstopping\n"


def test_a_stream_that_goes_away_ends_the_printing():
    stream = io.StringIO()
    ticker = Ticker(lambda: BUSY, stream, every=0.01)
    stream.close()
    ticker.start()
    ticker._thread.join(timeout=10)
    assert not ticker._thread.is_alive()
