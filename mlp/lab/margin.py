"""Margins: the smallest effect that counts, which may differ by dataset and by protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlp.lab.datasets import check_dataset
from mlp.lab.evidence import Setting
from mlp.lab.known import protocol_of
from mlp.lab.question import check_margin, check_named

DEFAULT_MARGIN = 0.05
"""The margin of a claim that declares none."""


@dataclass(frozen=True)
class Margin:
    """A margin: the smallest difference in score that counts, in the species' unit.

    It is `default`, except on the datasets named in `on`. `under` maps the name of a protocol to
    margins of datasets under that protocol, which replace the others. The species a margin is used
    for must know the names.

    Raises:
        LabError: a margin is not above 0, or margins are not given in a mapping.
    """

    default: float
    on: Mapping[str, float] = field(default_factory=dict)
    under: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_named(self.under)
        for own in (self.on, *self.under.values()):
            check_named(own)
            for margin in own.values():
                check_margin(margin, float("inf"))
        check_margin(self.default, float("inf"))

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets it names."""
        named = [*self.on, *(name for own in self.under.values() for name in own)]
        return tuple(dict.fromkeys(named))

    def at(self, dataset: str, protocol: str) -> float:
        """The margin on `dataset` under the protocol named `protocol`."""
        here = {**self.on, **self.under.get(protocol, {})}
        return here.get(dataset, self.default)


def resolve(margin: float | Margin, setting: Setting) -> float:
    """`margin` in scores, for what is asked in `setting`.

    Raises:
        LabError, ProtocolError: the margin is outside (0, 1) in scores, or names a dataset or
            protocol that the species does not know.
    """
    found: Any = margin
    if isinstance(margin, Margin):
        for name in margin.datasets:
            check_dataset(setting.species, name)
        for name in margin.under:
            if name != setting.protocol.name:
                protocol_of(setting.species, name)
        found = margin.at(setting.dataset, setting.protocol.name)
    check_margin(found, setting.span)
    return float(found) / setting.span
