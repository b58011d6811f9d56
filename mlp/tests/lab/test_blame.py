"""What a user is shown of an error in their own code."""

from __future__ import annotations

import importlib
import sys
from contextlib import ExitStack

import pytest

from mlp.lab.blame import MOST_FRAMES, own_frames

PIPELINE = """
import json

class Loop:
    def train(self, seed):
        return self.fit(seed)

    def fit(self, seed):
        raise ValueError(f"seed {seed} is bad")

    def read(self):
        return json.loads("{")

    def chained(self):
        try:
            self.fit(1)
        except ValueError as error:
            raise RuntimeError("no model") from error

    def hidden(self):
        try:
            self.fit(1)
        except ValueError:
            raise RuntimeError("no model") from None

    def endless(self, other=True):
        return self.endless_too()

    def endless_too(self):
        return self.endless()
"""


@pytest.fixture
def loop(tmp_path, monkeypatch):
    """A species as a user writes one, in a folder whose name begins like that of this package."""
    folder = tmp_path / "mlp_study"
    folder.mkdir()
    (folder / "mine.py").write_text(PIPELINE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    yield importlib.import_module("mine").Loop()
    del sys.modules["mine"]


def told(function, *given):
    """The text of what `function` raises when a library calls it, as an executor does."""
    try:
        with ExitStack() as stack:
            stack.callback(function, *given)
    except Exception as error:
        return own_frames(error.with_traceback(error.__traceback__.tb_next))
    raise AssertionError("nothing was raised")


def test_the_users_frames_are_shown_with_their_lines_and_the_message(loop):
    lines = told(loop.train, 3).splitlines()

    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].endswith("in train")
    assert "mine.py" in lines[1]
    assert lines[2].strip() == "return self.fit(seed)"
    assert 'raise ValueError(f"seed {seed} is bad")' in map(str.strip, lines)
    assert lines[-1] == "ValueError: seed 3 is bad"
    assert not any("contextlib" in line for line in lines)


def test_frames_of_libraries_that_the_user_calls_are_shown(loop):
    text = told(loop.read)

    assert "in read" in text
    assert "decoder.py" in text
    assert text.splitlines()[-1].startswith("json.decoder.JSONDecodeError: Expecting property")


def test_what_caused_it_is_told_unless_the_user_hides_it(loop):
    text = told(loop.chained)

    assert text.index("ValueError: seed 1 is bad") < text.index("RuntimeError: no model")
    assert "direct cause" in text
    assert "ValueError" not in told(loop.hidden)


def test_a_recursion_without_end_is_told_in_a_page(loop):
    text = told(loop.endless)

    assert text.count("mine.py") <= MOST_FRAMES
    assert "RecursionError: maximum recursion depth" in text


def test_an_error_that_no_code_of_the_user_is_part_of_is_shown_whole():
    from mlp.lab.code import closure

    try:
        closure(3)
    except AttributeError as error:
        text = own_frames(error.with_traceback(error.__traceback__.tb_next))

    assert "code.py" in text
    assert text.splitlines()[-1].startswith("AttributeError: ")
