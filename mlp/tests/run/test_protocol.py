"""Protocols of a user's species: a name, and plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from mlp.run import Protocol, ProtocolError


@dataclass(frozen=True)
class Budget(Protocol):
    """How long runs train, and anything."""

    epochs: Any = 3


@pytest.mark.parametrize("name", [None, "", 3, b"own"])
def test_a_protocol_must_have_a_name(name):
    with pytest.raises(ProtocolError, match="must have a name; got") as told:
        Budget(name=name)
    assert repr(name) in str(told.value)


def test_a_protocol_holds_values_of_which_its_name_is_none():
    assert Budget(name="short").values == {"epochs": 3}
    assert str(Budget(name="short")) == "short = epochs 3"
    assert str(Protocol(name="bare")) == "bare"


def test_whoever_changes_the_values_that_were_given_changes_no_protocol():
    short = Budget(name="short")
    short.values.pop("epochs")

    assert short.values == {"epochs": 3}


@pytest.mark.parametrize("value", [3, 0.5, "three", True, None])
def test_plain_values_can_be_held_equal(value):
    Budget(name="short", epochs=value).check()


def test_a_number_of_numpy_is_a_plain_one():
    (value,) = Budget(name="short", epochs=np.int64(3)).values.values()

    assert (value, type(value)) == (3, int)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), (1, 2), [3], np.arange(2), object()])
def test_what_no_key_can_hold_is_refused(value):
    with pytest.raises(ProtocolError, match=r"must be texts, finite numbers.*; 'epochs' is"):
        Budget(name="short", epochs=value).check()


def test_what_is_no_field_is_refused():
    """Two of these would have one key."""

    class Own(Protocol):
        def __init__(self, name, epochs):
            super().__init__(name)
            object.__setattr__(self, "epochs", epochs)

    with pytest.raises(ProtocolError, match=r"Own has an __init__ of its own: write @dataclass"):
        Own("short", 3).check()
