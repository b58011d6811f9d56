"""What scores mean: shares in [0, 1], or a loss within declared bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Loss:
    """Scores are losses: `best` is mapped to 1, `worst` to 0, and all beyond `worst` to 0.

    Effects and margins are told in the loss's own unit; an effect is positive where the first arm
    has the smaller loss.

    Raises:
        ValueError: bounds that are not finite, or `worst` not above `best`.
    """

    best: float
    worst: float
    name: str = "loss"

    def __post_init__(self) -> None:
        finite = math.isfinite(self.best) and math.isfinite(self.worst)
        if not finite or self.worst <= self.best:
            raise ValueError(
                "a loss needs finite bounds, the worst above the best; got "
                f"best={self.best!r}, worst={self.worst!r}: try Loss(best=0.0, worst=2.3)"
            )

    @property
    def span(self) -> float:
        """How many units of the loss lie between the best and the worst."""
        return self.worst - self.best

    def score(self, value: float) -> float:
        """The score in [0, 1] of a loss."""
        return min(1.0, max(0.0, (self.worst - value) / self.span))
