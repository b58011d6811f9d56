"""Margins: the smallest effect that counts, which may differ by dataset and by protocol."""

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
    """A margin: the smallest difference in accuracy that counts.

    It is `default`, except on the datasets named in `on`. `under` maps the name of a protocol to
    margins of datasets under that protocol, which replace the others.

    Raises:
        LabError: a margin is outside (0, 1), or margins are not given in a mapping.
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
        """The margin on `dataset` under the protocol named `protocol`."""
        here = {**self.on, **self.under.get(protocol, {})}
        return here.get(dataset, self.default)


def resolve(margin: float | Margin, dataset: str, protocol: str) -> float:
    """`margin` as a float, on `dataset` under the protocol named `protocol`.

    Raises:
        LabError: the margin is outside (0, 1).
    """
    found = margin.at(dataset, protocol) if isinstance(margin, Margin) else margin
    check_margin(found)
    return float(found)
