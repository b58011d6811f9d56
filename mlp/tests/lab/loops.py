"""Species of a user's kind: what each run gives is drawn from its seed, and gene by gene known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from mlp.genome import Genome, gene
from mlp.run import Loss, Protocol, Result, digest

Logits = Literal["raw", "softmax"]

TRAINED: list[tuple[Any, ...]] = []
"""What was trained in this process: whatever a method was given."""


def effect(loop: Any) -> float:
    """What the alleles of a loop add to its score."""
    return (
        0.2 * (loop.logits == "raw")
        + 0.1 * (loop.shuffle == "each_epoch")
        + 0.1 * min(loop.width, 4) / 4
    )


def noise(seed: int) -> float:
    """What the seed adds to a score: at most 0.02 either way."""
    return float(np.random.RandomState(seed).uniform(-0.02, 0.02))


class Loop(Genome):
    """A loop that records all there is to record."""

    shuffle: Literal["never", "each_epoch"] = gene("when rows are shuffled", acts_on="order")
    logits: Logits = gene("what the loss takes", acts_on="weights")
    width: int = gene("units", at_least=1, default=1, acts_on="init")
    spelling: Literal["long", "short"] = gene("how it is written", default="long", acts_on=())
    samples: int = gene("samples of the curve", at_least=1, default=3, acts_on="curves")

    def train(self, seed: int) -> Result:
        TRAINED.append((self, seed))
        end = 0.4 + effect(self) + noise(seed)
        return Result(
            score=end,
            curves={"validation": np.linspace(0.1, end, self.samples).tolist()},
            steps=range(self.samples),
            weights=digest([seed, end]),
            saw={
                "order": digest([seed, self.shuffle == "never"]),
                "init": digest([seed, self.width]),
                "updates": 20,
            },
        )


class Bare(Genome):
    """One that returns its score alone, and whose genes say all the same what they act on."""

    shuffle: Literal["never", "each_epoch"] = gene("when rows are shuffled", acts_on="order")
    logits: Logits = gene("what the loss takes")
    width: int = gene("units", at_least=1, default=1, acts_on=("init", "weights"))

    def train(self, seed: int) -> float:
        TRAINED.append((self, seed))
        return 0.4 + effect(self) + noise(seed)


class Lossy(Genome):
    """One whose scores are losses, from 0 to 4."""

    logits: Logits = gene("what the loss takes", acts_on="score")
    rate: float = gene("learning rate", above=0, default=0.1, acts_on="score")
    depth: int = gene("layers", at_least=1, default=1, acts_on="score")

    measure: ClassVar[Any] = Loss(best=0.0, worst=4.0, name="nats")

    def train(self, seed: int) -> float:
        TRAINED.append((self, seed))
        gain = 0.8 * (self.logits == "raw") + min(self.rate, 0.5) + 0.2 * self.depth
        return 3.0 - gain + 4 * noise(seed)


class Stacked(Genome):
    """One that trains up to 64 runs at once."""

    logits: Logits = gene("what the loss takes", acts_on="weights")

    at_once: ClassVar[int] = 64

    def train_cohort(self, seeds: Sequence[int]) -> list[Result]:
        TRAINED.append((self, tuple(seeds)))
        gain = 0.2 * (self.logits == "raw")
        return [Result(score=0.5 + gain + noise(s), weights=digest([s, gain])) for s in seeds]


class Named(Genome):
    """One that knows two datasets by name."""

    logits: Logits = gene("what the loss takes")

    datasets: ClassVar[Any] = ("small", "large")

    def train(self, seed: int, dataset: str) -> float:
        TRAINED.append((self, seed, dataset))
        gain = 0.1 if dataset == "small" else 0.4
        return 0.3 + gain * (self.logits == "raw") + noise(seed)


@dataclass(frozen=True)
class Budget(Protocol):
    """How long it trains."""

    epochs: int


class Timed(Genome):
    """One that knows two budgets."""

    logits: Logits = gene("what the loss takes")

    protocols: ClassVar[Any] = (Budget(name="short", epochs=1), Budget(name="long", epochs=4))

    def train(self, seed: int, protocol: Budget) -> float:
        TRAINED.append((self, seed, protocol))
        return 0.3 + 0.1 * protocol.epochs * (self.logits == "raw") + noise(seed)


FIT = Loop(shuffle="each_epoch", logits="raw")
MINE = Loop(shuffle="never", logits="softmax")
NATS = Lossy(logits="softmax")
