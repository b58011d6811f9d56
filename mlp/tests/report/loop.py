"""A species of a user's own: no dataset, no protocol, and one that measures a loss."""

from __future__ import annotations

from typing import Literal

from mlp import Genome, Loss, Result, digest, gene


class Loop(Genome):
    """A loop that does well with raw logits, and worse the more rows it skips."""

    logits: Literal["raw", "softmax"] = gene("what the loss takes", acts_on=("weights", "score"))
    shuffle: Literal["never", "each_epoch"] = gene("when rows are shuffled", acts_on="order")
    width: int = gene("units of a layer", at_least=1, default=64)

    def train(self, seed: int) -> Result:
        """Nearly the same for every seed."""
        score = (0.6 if self.logits == "raw" else 0.2) + self.width / 3e3 + (seed % 7) / 1e3
        return Result(
            score=score,
            curves={"train loss": [3.0, float("nan"), 3 - score], "validation": [0.1, 0.2, score]},
            steps=[0, 10, 20],
            weights=digest([seed, score]),
            saw={"order": digest([seed, int(self.shuffle == "never")])},
        )


GOOD = Loop(logits="raw", shuffle="each_epoch")
BAD = Loop(logits="softmax", shuffle="never")


class Bare(Genome):
    """A loop that measures a loss and records nothing."""

    rate: float = gene("the learning rate", above=0, default=0.1)
    measure = Loss(best=0.0, worst=2.5)

    def train(self, seed: int) -> float:
        """The larger the rate, the larger the loss."""
        return 1.0 + self.rate + (seed % 5) / 100
