"""What training one run returns: taken as a result, or refused in a sentence."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import numpy as np
import pytest

from mlp.run import Loss, Result, ResultError
from mlp.run.result import as_result

LOSS = Loss(best=0.0, worst=2.0)


class Scalar:
    """An array without axes of another library: torch's and JAX's have these."""

    ndim, shape = 0, ()

    def __init__(self, value):
        self._value = value

    def item(self):
        return self._value


class Eager:
    """TensorFlow's has no `item`."""

    ndim, shape = 0, ()

    def __float__(self):
        return 0.25


def taken(given, measure=None):
    return as_result(given, "Loop.train", measure)


@pytest.mark.parametrize(
    "given",
    [
        0.25,
        Fraction(1, 4),
        np.float32(0.25),
        np.float64(0.25),
        np.array(0.25),
        Scalar(0.25),
        Eager(),
        Result(score=0.25),
        Result(score=np.float32(0.25)),  # type: ignore[arg-type]
        Result(score=Scalar(0.25)),  # type: ignore[arg-type]
    ],
    ids=lambda given: type(given).__name__,
)
def test_a_number_of_any_library_is_a_score(given):
    result = taken(given)

    assert result == Result(score=0.25)
    assert type(result.score) is float


@pytest.mark.parametrize("score", [0, 1, 0.0, 1.0])
def test_the_ends_are_scores(score):
    assert taken(score).score == score


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (None, "it returned None: return a float in .0, 1. or a Result"),
        ("0.9", "it returned '0.9': return a float in .0, 1. or a Result"),
        (True, "it returned True: return a float"),
        ([0.9], "it returned .0.9.: return a float"),
        ({"score": 0.9}, "it returned {'score': 0.9}: return a float"),
        (1j, "it returned 1j: return a float"),
        (np.array([0.9]), r"it returned array\(\[0.9\]\): return float\(...\) of it"),
        (97.0, r"a score in \[0, 1\]; it returned 97.0: divide a percentage by 100; for a loss"),
        (-0.1, "returned -0.1: higher is better; for a loss, declare measure = Loss"),
        (math.inf, "returned inf"),
        (1.0000001, "returned 1.0000001"),
    ],
    ids=lambda given: type(given).__name__,
)
def test_what_is_no_score_is_refused_with_the_remedy(given, told):
    with pytest.raises(ResultError, match=f"^Loop.train must return .*{told}"):
        taken(given)


@pytest.mark.parametrize(
    "given",
    [
        math.nan,
        np.float32("nan"),
        Result(score=math.nan),
        Result(score=0.9, diverged=True),
        Result(score=0.9, diverged_at=20),
    ],
    ids=lambda given: type(given).__name__,
)
@pytest.mark.parametrize("measure", [None, LOSS])
def test_a_run_that_diverged_answers_nothing(given, measure):
    result = taken(given, measure)

    assert result.diverged
    assert result.score == 0.0


def test_what_a_diverged_run_saw_is_kept():
    given = Result(score=math.nan, saw={"order": "0f"}, weights="2d", diverged_at=20)

    result = taken(given)

    assert (result.saw, result.weights, result.diverged_at) == ({"order": "0f"}, "2d", 20)


@pytest.mark.parametrize(
    ("loss", "score"), [(0.0, 1.0), (0.5, 0.75), (2.0, 0.0), (3.0, 0.0), (math.inf, 0.0)]
)
def test_a_loss_is_mapped_to_a_score(loss, score):
    assert taken(loss, LOSS).score == score
    assert taken(Result(score=loss), LOSS).score == score


@pytest.mark.parametrize("loss", [-0.1, -math.inf])
def test_a_loss_below_the_best_is_refused(loss):
    with pytest.raises(ResultError, match=r"a loss of at least 0, as declared; it returned -"):
        taken(loss, LOSS)


@pytest.mark.parametrize(
    ("best", "worst"),
    [(0.0, 0.0), (1.0, 0.0), (0.0, math.inf), (-math.inf, 0.0), (math.nan, 1.0), (0, math.nan)],
)
def test_a_loss_needs_bounds(best, worst):
    with pytest.raises(ValueError, match="finite bounds, the worst above the best; got best="):
        Loss(best=best, worst=worst)


def test_a_result_holds_plain_values():
    result = Result(
        score=np.float32(0.5),
        curves={"loss": np.array([1.0, 0.5], np.float32), "acc": [Scalar(0.1), np.float64(0.5)]},
        steps=np.array([0, 10]),
        weights="2d",
        diverged_at=np.int64(10),
        saw={"updates": np.int64(20), "rate": np.float32(0.5), "loss": Scalar(1.5), "none": None},
    )

    assert result.curves == {"loss": (1.0, 0.5), "acc": (0.1, 0.5)}
    assert result.steps == (0, 10)
    assert result.saw == {"updates": 20, "rate": 0.5, "loss": 1.5, "none": None}
    plain = [
        result.score,
        result.diverged_at,
        *result.curves["loss"],
        *result.steps,
        *result.saw.values(),
    ]
    assert {type(value) for value in plain} == {float, int, type(None)}
    json.dumps(vars(result))


def test_a_curve_may_hold_what_is_no_number_after_a_divergence():
    result = Result(score=math.nan, curves={"loss": [1.0, math.nan]}, steps=[0, 1])

    assert math.isnan(result.curves["loss"][1])


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"score": "0.9"}, "a score must be a number .* got '0.9'"),
        ({"score": None}, "a score must be a number .* got None"),
        ({"score": True}, "a score must be a number .* got True"),
        ({"weights": np.zeros(3)}, r"must be a digest, a text; got ndarray: write weights=digest"),
        ({"weights": None}, "must be a digest, a text; got NoneType"),
        ({"saw": "0f"}, "given by name; got '0f': write saw="),
        ({"saw": ["0f"]}, "given by name; got"),
        ({"saw": {"order": np.arange(3)}}, r"finite numbers by name; got 'order': .*write digest"),
        ({"saw": {"loss": math.nan}}, "finite numbers by name; got 'loss': nan"),
        ({"saw": {3: "0f"}}, "finite numbers by name; got 3"),
        ({"saw": {"order": [1, 2]}}, "finite numbers by name; got 'order'"),
        ({"curves": [0.1, 0.2]}, r"curves are given by name; got \[0.1, 0.2\]"),
        ({"curves": {"acc": [0.1, 0.2]}}, "'acc' has 2 for 0 steps: give steps"),
        ({"curves": {"acc": [0.1]}, "steps": [0, 1]}, "'acc' has 1 for 2 steps"),
        ({"curves": {"acc": ["a"]}, "steps": [0]}, "a curve is a list of numbers; 'acc' has 'a'"),
        ({"curves": {"acc": 0.5}, "steps": [0]}, "a curve is a list of numbers; 'acc' has 0.5"),
        ({"curves": {"acc": [[0.5]]}, "steps": [0]}, "a curve is a list of numbers; 'acc' has"),
        ({"curves": {3: [0.5]}, "steps": [0]}, "a curve is a list of numbers; 3 has"),
        ({"steps": 3}, "steps must be a list of whole numbers; got 3"),
        ({"steps": [0, 1.5]}, "steps must be a list of whole numbers; got 1.5"),
        ({"steps": "abc"}, "steps must be a list of whole numbers; got 'abc'"),
        ({"diverged_at": 10.0}, "diverged_at must be a whole number, of a step; got 10.0"),
        ({"diverged_at": "10"}, "diverged_at must be a whole number, of a step; got '10'"),
        ({"diverged_at": True}, "diverged_at must be a whole number, of a step; got True"),
    ],
    ids=lambda given: type(given).__name__,
)
def test_a_result_that_says_something_odd_is_refused_in_a_sentence(given, told):
    with pytest.raises(ResultError, match=told) as refused:
        Result(**{"score": 0.5, **given})
    assert "\n" not in str(refused.value)


def test_a_trace_says_what_a_run_saw():
    class Trace:
        weights = "2d"

        def saw(self):
            return {"order": "0f", "updates": 3}

    saw = {"order": "0f", "updates": 3}
    assert Result.of(Trace(), score=0.5) == Result(score=0.5, weights="2d", saw=saw)
    assert Result.of(Trace(), score=0.5, weights="3e").weights == "3e"
