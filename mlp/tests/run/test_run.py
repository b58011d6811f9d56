"""Protocols and runs: what is accepted, and that a record can at worst be refused."""

from __future__ import annotations

import copy
import json
import random
from dataclasses import asdict, replace

import numpy as np
import pytest

from mlp.run import ProtocolError, Run, Saw
from mlp.species.post.genome import LAYERS_ESTIMATOR, MATMUL
from mlp.species.post.protocol import PROTOCOLS, Protocol, protocol, sampled_steps

TINY = Protocol(name="tiny", learning_rate=1e-3, steps=20, sample_every=10)
SAW = Saw(distinct_rows=50, updates=20, order="0f", init="1e", first_loss=1.0986)
RUN = Run(
    genome=MATMUL,
    dataset="iris",
    protocol=TINY,
    seed=3,
    executor="cohort",
    held_out=15,
    validation=(5, 9, 12),
    test=(4, 8, 15),
    diverged_at=None,
    saw=SAW,
    weights="2d",
)
DIVERGED = replace(
    RUN, diverged_at=20, validation=(5, 9, 0), test=(4, 8, 0), saw=replace(SAW, first_loss=None)
)
ENDS = replace(
    RUN, genome=LAYERS_ESTIMATOR.with_alleles(reporting="ends"), validation=(5, 12), test=(4, 15)
)
DAMAGES = 1_500


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
    assert RUN.steps == sampled_steps(MATMUL, TINY) == (0, 10, 20)
    assert ENDS.steps == (0, 20)


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


def test_accuracy_and_divergence_are_read_off_the_last_sample():
    assert RUN.score == 12 / 15
    assert not RUN.diverged
    assert DIVERGED.score == 0
    assert DIVERGED.diverged


@pytest.mark.parametrize("run", [RUN, DIVERGED, ENDS], ids=["run", "diverged", "ends"])
def test_a_run_survives_json(run):
    raw = json.loads(json.dumps(run.to_dict(), allow_nan=False))

    again = Run.from_dict(raw)

    assert again == run
    assert hash(again.genome) == hash(run.genome)
    assert again.to_dict() == run.to_dict()


def paths(value, above=()):
    """Every place of a nested dict."""
    for key, inner in value.items():
        yield (*above, key)
        if isinstance(inner, dict):
            yield from paths(inner, (*above, key))


def damaged(raw, path, value):
    changed = copy.deepcopy(raw)
    place = changed
    for key in path[:-1]:
        place = place[key]
    if value is KeyError:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return changed


RAW = json.loads(json.dumps(RUN.to_dict()))
DEFAULTED = {"dropout", "shuffle_seed", "layer_size", "rate_scale", "reporting", "handicap"}


@pytest.mark.parametrize("path", [p for p in paths(RAW) if p[-1] not in DEFAULTED], ids=".".join)
def test_a_record_that_lacks_a_field_is_refused(path):
    with pytest.raises(ValueError, match=r"must|fields"):
        Run.from_dict(damaged(RAW, path, KeyError))


@pytest.mark.parametrize("path", list(paths(RAW)), ids=".".join)
def test_a_record_with_a_container_for_a_value_is_refused(path):
    for value in ([], {}, [[1]], {"a": 1}):
        with pytest.raises(ValueError, match="must"):
            Run.from_dict(damaged(RAW, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("seed",), "3"),
        (("seed",), -1),
        (("seed",), 3.0),
        (("dataset",), 7),
        (("dataset",), None),
        (("executor",), None),
        (("weights",), 0),
        (("held_out",), 0),
        (("held_out",), 11),
        (("held_out",), "15"),
        (("validation",), [5, 9]),
        (("validation",), [5, 9, 12, 12]),
        (("validation",), [5, 9, 16]),
        (("validation",), [5, 9, -1]),
        (("validation",), [5, 9, 11.5]),
        (("validation",), [5, 9, "12"]),
        (("validation",), [5, 9, None]),
        (("validation",), [5, 9, float("inf")]),
        (("validation",), "abc"),
        (("test",), None),
        (("diverged_at",), "never"),
        (("saw", "updates"), None),
        (("saw", "distinct_rows"), 1.5),
        (("saw", "order"), 3),
        (("saw", "first_loss"), "low"),
        (("saw", "extra"), 1),
        (("genome", "dense"), "conv"),
        (("genome", "extra"), 1),
        (("protocol", "steps"), 20.5),
        (("protocol", "steps"), 10**15),
        (("protocol", "name"), None),
        (("protocol", "learning_rate"), "fast"),
    ],
)
def test_a_record_with_a_wrong_value_is_refused(path, value):
    with pytest.raises(ValueError, match=r"must|protocol|fields"):
        Run.from_dict(damaged(RAW, path, value))


@pytest.mark.parametrize("raw", [{}, {"genome": {}}, {"seed": 1}])
def test_what_is_no_record_is_refused(raw):
    with pytest.raises(ValueError, match="a stored run must have the fields"):
        Run.from_dict(raw)


JUNK: tuple[object, ...] = (
    None, True, False, 0, -1, 1, 2**31, 10**18, 0.5, -0.0, 1e308, float("nan"), float("inf"),
    "", "x", "42", "run", "NaN", "\x00", "é", [], {}, [1, 2, 3], [None] * 3, {"a": {}}, KeyError,
)  # fmt: skip


def test_random_damage_is_refused_or_leaves_a_run_that_survives_again():
    """1,500 seeded damages, up to three at once: never anything but ValueError or a whole Run."""
    draw = random.Random(20180612)
    places = list(paths(RAW))
    refused = kept = 0
    for _ in range(DAMAGES):
        raw = RAW
        for path in draw.sample(places, draw.randint(1, 3)):
            try:
                raw = damaged(raw, path, draw.choice(JUNK))
            except (KeyError, TypeError, IndexError):
                continue
        try:
            run = Run.from_dict(raw)
        except ValueError as error:
            refused += "\n" not in str(error)
            continue
        assert len(run.validation) == len(run.test) == len(run.steps)
        assert 0.0 <= run.score <= 1.0
        assert Run.from_dict(run.to_dict()) == run or run.saw["first_loss"] != run.saw["first_loss"]
        kept += 1
    assert refused + kept == DAMAGES
    assert refused > 0.7 * DAMAGES
    assert kept > 0
