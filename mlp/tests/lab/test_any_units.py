"""Screens, dose-responses and losses of a user's species, in its own units."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from mlp.genome import Genome, gene
from mlp.lab import Lab, LabError, Refuted, Undecided
from mlp.run import Loss, Result
from mlp.store import Store
from mlp.tests.lab.loops import (
    FIT,
    MINE,
    NATS,
    TRAINED,
    Lossy,
    noise,
)


def test_losses_beyond_the_worst_are_counted(store):
    class Far(Genome):
        measure = Loss(best=0.0, worst=2.0)
        mode: bool = gene("a mode", acts_on="weights")

        def train(self, seed: int) -> Result:
            loss = 1.0 if self.mode and seed % 2 else 40.0
            return Result(score=loss, weights=f"{seed} {self.mode}")

    comparison = Lab(store, seeds=16).compare(Far(mode=True), Far(mode=False))

    first, second = comparison.claim(comparison.outcome).notes
    assert first.startswith("8 of 16 runs of")
    assert second.startswith("16 of 16 runs of")
    assert second.endswith("have a loss of 2 or worse, and count as 2: declare a larger worst=")


class TestScreensAndDoses:
    def test_a_screen_shares_the_difference_out(self, store):
        lab = Lab(store, seeds=128)
        screen = lab.screen(FIT, MINE, seeds=16)

        assert screen.genes == ("shuffle", "logits")
        assert screen.shares == pytest.approx({"shuffle": 0.1, "logits": 0.2})
        screen.assert_responsible("logits", margin=0.02)
        with pytest.raises(Refuted):
            screen.assert_responsible("shuffle", margin=0.02)

    def test_genes_that_go_together_are_varied_together(self, store):
        class Joined(Genome):
            optimizer: bool = gene("the optimizer", acts_on="weights")
            momentum: float = gene("its momentum", default=0.0, goes_with="optimizer", acts_on=())
            bias: bool = gene("whether layers have a bias", acts_on="weights")

            def train(self, seed: int) -> Result:
                end = 0.3 + 0.2 * self.optimizer * (self.momentum > 0) + 0.1 * self.bias
                return Result(score=end + noise(seed), weights=f"{seed} {end}")

        good = Joined(optimizer=True, momentum=0.9, bias=True)
        screen = Lab(store, seeds=16).screen(good, Joined(optimizer=False, bias=False), seeds=16)

        assert screen.genes == ("optimizer", "bias")
        assert screen.shares == pytest.approx({"optimizer": 0.2, "bias": 0.1})

    def test_a_dose_response_rises(self, lab):
        dosed = [MINE.with_alleles(width=width) for width in (1, 2, 4)]
        curve = lab.dose_response(dosed, [1, 2, 4], margin=0.01)

        assert curve.means == pytest.approx([0.425, 0.45, 0.5], abs=0.02)
        assert curve.result.rise.mean == pytest.approx(0.075)


class TestLosses:
    """Effects, margins and tables are in the user's unit; smaller is better."""

    def test_a_smaller_loss_is_better_by_as_many_units(self, lab):
        comparison = lab.compare(NATS.with_alleles(logits="raw"), NATS, margin=0.2)

        comparison.assert_better()
        (claim,) = lab.claims
        assert (claim.unit, claim.scale, claim.margin) == ("nats", 4.0, 0.2)
        assert claim.effect == comparison.effect == pytest.approx(0.8)
        assert claim.low < 0.8 < claim.high
        assert comparison.interval.low == claim.low
        assert [arm["mean"] for arm in claim.detail["arms"]] == pytest.approx([1.9, 2.7], abs=0.05)
        assert claim.detail["differences"] == pytest.approx([0.8] * comparison.result.n)
        assert claim.detail["looks"][-1]["low"] == claim.low
        assert "effect +0.800 [" in claim.line()
        assert "in nats, margin 0.2" in claim.line()

    @pytest.mark.parametrize("margin", [0, -0.1, 4.0, 5, "1", None])
    def test_a_margin_lies_within_the_bounds(self, lab, margin):
        with pytest.raises(LabError, match="a margin must lie between 0 and 4; got"):
            lab.compare(NATS.with_alleles(logits="raw"), NATS, margin=margin)
        assert TRAINED == []

    def test_a_margin_above_one_unit_is_one(self, lab):
        lab.compare(NATS.with_alleles(logits="raw"), NATS, margin=2.5).assert_equivalent()

    def test_a_verdict_is_that_of_the_scores(self, store, tmp_path):
        class Scored(Lossy):
            measure: ClassVar[Any] = None

            def train(self, seed: int) -> float:
                return (4.0 - super().train(seed)) / 4.0

        by_loss = Lab(store, seeds=64).compare(NATS.with_alleles(logits="raw"), NATS, margin=0.2)
        with Store(tmp_path / "scores.sqlite") as other:
            by_score = Lab(other, seeds=64).compare(
                Scored(logits="raw"), Scored(logits="softmax"), margin=0.05
            )

        assert by_loss.result.n == by_score.result.n
        assert by_loss.outcome is by_score.outcome
        assert by_loss.effect == pytest.approx(4 * by_score.effect)

    def test_a_screen_is_in_units(self, lab):
        good = Lossy(logits="raw", depth=2)
        screen = lab.screen(good, NATS, seeds=32)

        assert screen.shares == pytest.approx({"logits": 0.8, "depth": 0.2})
        screen.assert_responsible("logits", margin=0.2)
        (claim,) = lab.claims
        assert (claim.margin, claim.unit) == (0.2, "nats")
        assert claim.effect == pytest.approx(0.6)
        assert claim.detail["whole"]["mean"] == pytest.approx(1.0)
        assert claim.detail["cells"][0]["mean"] == pytest.approx(2.7, abs=0.05)
        assert claim.detail["looks"][-1]["low"] == claim.low

    def test_a_dose_response_is_in_units(self, lab):
        dosed = [NATS.with_alleles(rate=rate) for rate in (0.1, 0.3, 0.5)]
        curve = lab.dose_response(dosed, [0.1, 0.3, 0.5], margin=0.3)

        assert curve.means == pytest.approx([2.7, 2.5, 2.3], abs=0.05)
        with pytest.raises((Refuted, Undecided)):
            curve.assert_rising()
        (claim,) = lab.claims
        assert claim.effect == pytest.approx(0.4)
        assert claim.margin == pytest.approx(0.3)
        assert [s["mean"] for s in claim.detail["steps"]] == pytest.approx([0.2, 0.2])
