"""Runs: what a result leaves, and that a stored record can at worst be refused."""

from __future__ import annotations

import copy
import json
import math
import random
from dataclasses import dataclass, replace
from typing import Literal

import pytest

from mlp.genome import Genome, gene
from mlp.run import Protocol, Result, Run

DAMAGES = 1_500


@dataclass(frozen=True)
class Budget(Protocol):
    """How long runs train."""

    epochs: int


class Small(Genome):
    """A species of two genes."""

    logits: Literal["raw", "softmax"] = gene("what the loss takes")
    rate: float = gene("learning rate", above=0, default=0.1)


RAW_LOGITS, SHORT = Small(logits="raw"), Budget(name="short", epochs=2)
RUN = Run(
    genome=RAW_LOGITS,
    dataset="iris",
    protocol=SHORT,
    seed=3,
    executor="train",
    score=0.8,
    curves={"validation": (0.3, 0.6, 0.8), "loss": (1.1, 0.5, 0.25)},
    steps=(0, 10, 20),
    diverged_at=None,
    saw={"order": "0f", "init": "1e", "updates": 20, "first_loss": 1.0986},
    weights="2d",
)
DIVERGED = replace(
    RUN,
    score=0.0,
    curves={"validation": (0.3, 0.0, 0.0), "loss": (1.1, math.nan, math.nan)},
    diverged_at=20,
    saw={**RUN.saw, "first_loss": None},
)
BARE = replace(RUN, dataset="", curves={}, steps=(), saw={}, weights="")


def of(result):
    return Run.of(
        result, genome=RAW_LOGITS, dataset="iris", protocol=SHORT, seed=3, executor="train"
    )


def read(raw):
    return Run.read(raw, RAW_LOGITS, SHORT)


def test_a_run_is_what_its_result_says():
    result = Result(
        score=0.8, curves=RUN.curves, steps=[0, 10, 20], weights="2d", saw=dict(RUN.saw)
    )

    assert of(result) == RUN


@pytest.mark.parametrize(
    ("result", "at"),
    [
        (Result(score=0.5), None),
        (Result(score=0.0, diverged=True), -1),
        (Result(score=0.0, diverged=True, diverged_at=20), 20),
        (Result(score=0.0, diverged_at=0), 0),
    ],
)
def test_a_run_that_diverged_says_where_as_far_as_is_known(result, at):
    run = of(result)

    assert run.diverged_at == at
    assert run.diverged == (at is not None)


@pytest.mark.parametrize("run", [RUN, DIVERGED, BARE], ids=["run", "diverged", "bare"])
def test_a_run_survives_json(run):
    raw = json.loads(json.dumps(run.to_dict(), allow_nan=False))

    again = read(raw)

    assert again == run
    assert again.to_dict() == run.to_dict()


def test_a_value_of_a_curve_that_is_not_finite_is_kept_as_no_number():
    """JSON has none: NaN and both infinities come back as NaN, in their places."""
    run = of(Result(score=0.5, curves={"loss": [1.0, math.inf, -math.inf]}, steps=[0, 1, 2]))

    first, *rest = read(json.loads(json.dumps(run.to_dict(), allow_nan=False))).curves["loss"]

    assert first == 1.0
    assert all(map(math.isnan, rest))


def test_a_stored_run_answers_to_a_protocol_of_any_name():
    renamed = Budget(name="renamed", epochs=2)

    assert Run.read(RUN.to_dict(), RAW_LOGITS, renamed) == replace(RUN, protocol=renamed)


@pytest.mark.parametrize(
    ("genome", "protocol"),
    [
        (Small(logits="softmax"), SHORT),
        (Small(logits="raw", rate=0.2), SHORT),
        (RAW_LOGITS, Budget(name="short", epochs=3)),
        (RAW_LOGITS, Protocol(name="short")),
    ],
)
def test_a_record_of_another_genome_or_protocol_is_refused(genome, protocol):
    with pytest.raises(ValueError, match="must be the one its key names; it is of"):
        Run.read(RUN.to_dict(), genome, protocol)


def test_a_record_of_another_species_is_refused():
    class Other(Genome):
        logits: Literal["raw", "softmax"] = gene("what the loss takes")
        rate: float = gene("learning rate", above=0, default=0.1)

    with pytest.raises(ValueError, match="must be the one its key names"):
        Run.read(RUN.to_dict(), Other(logits="raw"), SHORT)


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
OPEN = ("curves", "saw")
"""What is inside these has names that the species chooses."""


@pytest.mark.parametrize(
    "path", [p for p in paths(RAW) if p[0] not in OPEN or len(p) == 1], ids=".".join
)
def test_a_record_that_lacks_a_field_is_refused(path):
    if path == ("protocol", "name"):
        assert read(damaged(RAW, path, KeyError)) == RUN, "the name is no part of it"
        return
    with pytest.raises(ValueError, match=r"must|fields"):
        read(damaged(RAW, path, KeyError))


@pytest.mark.parametrize("path", [p for p in paths(RAW) if p != ("protocol", "name")], ids=".".join)
def test_a_record_with_a_container_for_a_value_is_refused(path):
    for value in ([], {}, [[1]], {"a": 1}):
        if (path in (("curves",), ("saw",)) and value == {}) or (path, value) == (
            ("saw",),
            {"a": 1},
        ):
            continue
        with pytest.raises(ValueError, match="must"):
            read(damaged(RAW, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("seed",), "3"),
        (("seed",), -1),
        (("seed",), 3.0),
        (("seed",), True),
        (("dataset",), 7),
        (("dataset",), None),
        (("executor",), None),
        (("weights",), 0),
        (("score",), 1.1),
        (("score",), -0.1),
        (("score",), float("nan")),
        (("score",), "0.8"),
        (("score",), None),
        (("score",), True),
        (("steps",), [0, 10]),
        (("steps",), [0, 10, 20.5]),
        (("steps",), [0, 10, "20"]),
        (("steps",), None),
        (("curves", "validation"), [0.3, 0.6]),
        (("curves", "validation"), [0.3, 0.6, "0.8"]),
        (("curves", "validation"), [0.3, 0.6, True]),
        (("curves", "validation"), [0.3, 0.6, [0.8]]),
        (("curves", "validation"), "abc"),
        (("curves", "validation"), None),
        (("diverged_at",), "never"),
        (("saw", "updates"), [20]),
        (("saw", "order"), {"rows": 3}),
        (("genome", "logits"), "conv"),
        (("genome", "extra"), 1),
        (("protocol", "epochs"), 20.5),
        (("protocol", "extra"), 1),
        (("species",), "elsewhere:Small"),
    ],
)
def test_a_record_with_a_wrong_value_is_refused(path, value):
    with pytest.raises(ValueError, match=r"must|protocol|fields"):
        read(damaged(RAW, path, value))


@pytest.mark.parametrize("path", [("steps",), ("curves", "validation"), ("score",)])
def test_the_field_with_a_value_of_another_type_is_named(path):
    with pytest.raises(ValueError, match=f"right type; {path[-1]} has another"):
        read(damaged(RAW, path, "abc"))


@pytest.mark.parametrize("raw", [{}, {"genome": {}}, {"seed": 1}])
def test_what_is_no_record_is_refused(raw):
    with pytest.raises(ValueError, match="a stored run must have the fields"):
        read(raw)


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
            run = read(raw)
        except ValueError as error:
            refused += "\n" not in str(error)
            continue
        assert all(len(curve) == len(run.steps) for curve in run.curves.values())
        assert 0.0 <= run.score <= 1.0
        assert repr(read(run.to_dict())) == repr(run) or "inf" in repr(run)
        kept += 1
    assert refused + kept == DAMAGES
    assert refused > 0.7 * DAMAGES
    assert kept > 0
