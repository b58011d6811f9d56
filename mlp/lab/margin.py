"""Margins of practical equivalence, which may differ by dataset and by protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlp.data import check_name
from mlp.lab.asked import check_margin, check_named
from mlp.run import protocol

DEFAULT_MARGIN = 0.05
"""The margin of a claim that declares none."""


@dataclass(frozen=True)
class Margin:
    """A margin of practical equivalence: `default`, save on the datasets named in `on`.

    `under` maps a protocol's name to what holds on datasets under it instead of both.

    Raises:
        LabError: a margin outside (0, 1), or not named in a mapping.
        DataError, ProtocolError: an unknown dataset or protocol.
    """

    default: float
    on: Mapping[str, float] = field(default_factory=dict)
    under: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_named(self.under)
        for name in self.under:
            protocol(name)
        for own in (self.on, *self.under.values()):
            check_named(own)
            for dataset, margin in own.items():
                check_name(dataset)
                check_margin(margin)
        check_margin(self.default)

    def at(self, dataset: str, protocol: str) -> float:
        """The margin on `dataset` under the protocol of that name."""
        here = {**self.on, **self.under.get(protocol, {})}
        return here.get(dataset, self.default)


def resolve(margin: float | Margin, dataset: str, protocol: str) -> float:
    """The float that `margin` is on `dataset` under the protocol of that name.

    Raises:
        LabError: it is outside (0, 1).
    """
    found = margin.at(dataset, protocol) if isinstance(margin, Margin) else margin
    check_margin(found)
    return float(found)
