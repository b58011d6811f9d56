"""What goes wrong at a user's hands is told in one sentence: the rule, the value, the remedy."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from mlp.errors import UserError
from mlp.genome import Genome, gene
from mlp.lab import Lab
from mlp.store import Store
from mlp.tests.lab.wrong_uses import WRONG, species


@pytest.fixture
def lab(store: Store) -> Lab:
    return Lab(store, seeds=16)


@pytest.mark.parametrize("use", WRONG)
def test_each_wrong_use_is_told_in_one_sentence(lab: Lab, use: str) -> None:
    wrong, sentence = WRONG[use]
    with pytest.raises(UserError, match=sentence) as told:
        wrong(lab)
    assert "\n" not in str(told.value)
    assert "object at 0x" not in str(told.value)
    assert lab.claims == []


def test_the_table_is_long() -> None:
    assert len(WRONG) >= 25


@pytest.mark.parametrize("train", [lambda self, seed: 0.5, staticmethod(lambda seed: 0.5)])
def test_a_lambda_or_a_function_trains_like_any_method(lab: Lab, train: Any) -> None:
    made = species(train=train)

    assert lab.cohort(made(mode=True), seeds=2)[0].score == 0.5


def test_what_is_refused_while_it_trains_leaves_nothing_in_the_store(lab: Lab) -> None:
    class Late(Genome):
        mode: bool = gene("a mode")
        at_once: ClassVar[int] = 8

        def train_cohort(self, seeds: Any) -> Any:
            return [0.5] * (len(seeds) - 1) + [97.0]

    with pytest.raises(UserError):
        lab.cohort(Late(mode=True), seeds=8)
    assert dict(lab.store.items()) == {}
