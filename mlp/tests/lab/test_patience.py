"""A limit to the time of one run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from mlp.errors import UserError
from mlp.lab import patience
from mlp.lab.patience import TimedOutError, limited
from mlp.tests.conftest import ROOT
from mlp.tests.lab.processes import said_by

SOON = 0.1


def spin(seconds=20.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def in_a_thread(work):
    """What `work` raised or returned in another thread than the main one."""
    told = []

    def run():
        try:
            told.append(work())
        except BaseException as error:
            told.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return told[0]


def here(work):
    try:
        return work()
    except BaseException as error:
        return error


@pytest.fixture(params=[here, in_a_thread])
def done(request):
    """What some work raised or returned, in the main thread and in another."""
    return request.param


def test_what_takes_too_long_is_ended_with_a_sentence(done):
    def work():
        with limited(SOON, "Loop[rate=1]"):
            spin()

    began = time.monotonic()
    error = done(work)

    assert isinstance(error, TimedOutError)
    assert isinstance(error, UserError)
    assert isinstance(error, TimeoutError)
    assert str(error) == (
        "a run must end within 0.1 s, as --mlp-timeout says; Loop[rate=1] did not: allow more, or "
        "make it end"
    )
    assert time.monotonic() - began < 10


def test_a_run_that_catches_it_is_told_again(done, monkeypatch):
    monkeypatch.setattr(patience, "AGAIN_S", 0.1)

    def work():
        with limited(SOON, "it"):
            try:
                spin()
            except Exception:
                spin()

    assert isinstance(done(work), TimedOutError)


def test_what_ends_in_time_is_left_alone(done):
    def work():
        for _ in range(200):
            with limited(5.0, "it"):
                pass
        with limited(SOON, "it"):
            pass
        spin(3 * SOON)
        with limited(None, "it"):
            spin(SOON)
        return "done"

    assert done(work) == "done"


def test_an_error_of_the_run_is_its_own(done):
    def work():
        with limited(5.0, "it"):
            raise ZeroDivisionError

    assert isinstance(done(work), ZeroDivisionError)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows has no such timer")
def test_a_limit_around_it_still_holds():
    """As pytest-timeout sets one to a whole test."""
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    signal.setitimer(signal.ITIMER_REAL, 3 * SOON)
    try:
        with pytest.raises(TimedOutError), limited(SOON, "it"):
            spin()
        assert not rung
        spin(5 * SOON)
        assert rung == [1]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_call_that_does_not_return_ends_a_process_that_others_replace():
    """Here one that lets no other code of Python run meanwhile, and no signal's."""
    code = (
        "import collections, itertools\n"
        "from mlp.lab.patience import limited\n"
        "def a_run():\n"
        "    with limited(0.2, 'it', kill=True):\n"
        "        collections.deque(itertools.repeat(0), maxlen=0)\n"
        "a_run()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Timeout (0:00:00.4")
    assert "in a_run" in done.stderr


def test_nothing_is_needed_that_windows_lacks():
    said = said_by(
        "import signal; del signal.setitimer, signal.SIGALRM, signal.ITIMER_REAL\n"
        "from mlp.lab.patience import limited, TimedOutError\n"
        "try:\n"
        "    with limited(0.1, 'it'):\n"
        "        while True: pass\n"
        "except TimedOutError: print('ended')"
        if hasattr(signal, "setitimer")
        else "print('ended')"
    )
    assert said == "ended"
