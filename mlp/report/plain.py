"""mean ± t(n-1) * sd / sqrt(n): the plain 95% interval of an effect, beside the one of its verdict.

It is one comparison's own: adjusted neither for the other claims nor for the looks. No verdict
rests on it. It answers another question: an effect that is equivalent, and so smaller than the
margin, need not be zero.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import scipy

from mlp.lab import Claim
from mlp.stats import shapley, whole_difference

LEVEL = 0.95
_SHARE = re.compile(r"share of (.+) against all else")


class Plain(NamedTuple):
    """A plain 95% interval."""

    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the effect is detectably not zero, taken by itself."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        return f"[{self.low:+.3f}, {self.high:+.3f}]"


def plain_interval(claim: Claim) -> Plain | None:
    """The plain 95% interval of a claim's effect; None where seeds are not compared one by one.

    Identical arms have none, and neither has the agreement with the recorded runs.
    """
    detail = claim.detail
    if claim.identical:
        return None
    if "doses" in detail:
        ends = (detail["accuracies"][0], detail["accuracies"][-1])
        return of_differences([b - a for a, b in zip(*ends, strict=True)])
    asked = _SHARE.match(claim.statement)
    if "cells" not in detail or asked is None:
        return of_screen(detail) or of_differences(detail.get("differences", ()))
    shares = shapley(_cells(detail))
    return of_differences(list(2 * shares[asked[1]] - np.sum(list(shares.values()), axis=0)))


def of_screen(detail: Mapping[str, Any]) -> Plain | None:
    """The plain 95% interval of the whole difference between a screen's two strains."""
    return of_differences(list(whole_difference(_cells(detail)))) if "cells" in detail else None


def of_differences(differences: Sequence[float]) -> Plain | None:
    """The plain 95% interval of a mean; None of fewer than two differences."""
    count = len(differences)
    if count < 2:
        return None
    mean = math.fsum(differences) / count
    spread = math.fsum((d - mean) ** 2 for d in differences) / (count - 1)
    half = _quantile(count - 1) * math.sqrt(spread / count)
    return Plain(mean - half, mean + half)


@cache
def _quantile(freedom: int) -> float:
    return float(scipy.special.stdtrit(freedom, (1 + LEVEL) / 2))


def _cells(detail: Mapping[str, Any]) -> dict[Iterable[str], Any]:
    return {frozenset(cell["on"]): np.array(cell["accuracies"]) for cell in detail["cells"]}
