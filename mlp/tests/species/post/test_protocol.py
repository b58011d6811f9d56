"""The study's protocols: what is accepted, and the two there are."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from mlp.run import ProtocolError
from mlp.species.post.genome import MATMUL
from mlp.species.post.protocol import PROTOCOLS, Protocol, protocol, sampled_steps

TINY = Protocol(name="tiny", learning_rate=1e-3, steps=20, sample_every=10)


def test_the_protocols_are_those_of_the_study():
    assert list(PROTOCOLS) == ["quick", "published"]
    assert asdict(protocol("quick")) == {
        "name": "quick",
        "learning_rate": 1e-3,
        "steps": 700,
        "sample_every": 50,
    }
    published = protocol("published")
    assert (published.learning_rate, published.steps) == (1e-4, 20_000)
    assert all(p.name == name for name, p in PROTOCOLS.items())


def test_curves_are_sampled_before_the_first_update_and_after_the_last():
    assert TINY.sampled_steps == (0, 10, 20)
    assert sampled_steps(MATMUL, TINY) == (0, 10, 20)
    assert sampled_steps(MATMUL.with_alleles(reporting="ends"), TINY) == (0, 20)


@pytest.mark.parametrize("name", [None, "", 3, b"own"])
def test_a_protocol_must_have_a_name(name):
    with pytest.raises(ProtocolError, match="must have a name; got"):
        Protocol(name=name, learning_rate=1e-3, steps=20, sample_every=10)


def test_numbers_of_any_kind_make_the_same_protocol():
    plain = Protocol(name="own", learning_rate=1.0, steps=20, sample_every=10)
    other = Protocol(name="own", learning_rate=1, steps=np.int64(20), sample_every=np.int32(10))

    assert json.dumps(asdict(other)) == json.dumps(asdict(plain))


@pytest.mark.parametrize(
    "rate", [0, -1e-3, float("nan"), float("inf"), 10**400, "1e-3", None, True]
)
def test_a_learning_rate_must_be_a_number_above_zero(rate):
    with pytest.raises(ProtocolError, match="learning rate") as told:
        Protocol(name="own", learning_rate=rate, steps=20, sample_every=10)
    assert repr(rate) in str(told.value)


@pytest.mark.parametrize(
    ("steps", "every"),
    [
        (0, 10),
        (-20, 10),
        (20, 0),
        (20, -10),
        (25, 10),
        (10, 20),
        (20.0, 10),
        ("20", 10),
        (20, None),
        (True, True),
    ],
)
def test_steps_must_be_a_positive_multiple_of_the_sampling_distance(steps, every):
    with pytest.raises(ProtocolError, match="positive multiple") as told:
        Protocol(name="own", learning_rate=1e-3, steps=steps, sample_every=every)
    assert f"steps={steps!r}, sample_every={every!r}" in str(told.value)


@pytest.mark.parametrize("name", ["quik", "", "Quick", None, 3, ["quick"]])
def test_an_unknown_protocol_is_told_those_there_are(name):
    with pytest.raises(ProtocolError) as told:
        protocol(name)
    assert "quick, published" in str(told.value)
    assert f"got {name!r}" in str(told.value)


def test_a_misspelt_protocol_is_told_the_nearest():
    with pytest.raises(ProtocolError, match="did you mean 'published'"):
        protocol("publised")


def test_they_can_be_held_in_a_key():
    for one in PROTOCOLS.values():
        one.check()
        assert one.values == {n: v for n, v in asdict(one).items() if n != "name"}
