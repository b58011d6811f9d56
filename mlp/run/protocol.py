"""A protocol: what is held equal in a comparison, by name."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from mlp.errors import UserError
from mlp.genome.gene import plain


class ProtocolError(ValueError, UserError):
    """A protocol that does not exist, or that cannot be run."""


@dataclass(frozen=True)
class Protocol:
    """What is held equal in a comparison. A species adds fields of plain values in a subclass.

    Raises:
        ProtocolError: the name is empty.
    """

    name: str

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ProtocolError(f"a protocol must have a name; got {self.name!r}: try 'mine'")

    @property
    def values(self) -> dict[str, Any]:
        """What it holds equal, its name left out: what a run depends on. The caller may keep it."""
        return dict(self._values)

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {name: plain(value) for name, value in asdict(self).items() if name != "name"}

    def check(self) -> None:
        """Refuse values that a run's key cannot hold.

        Raises:
            ProtocolError: a value is no text, finite number, bool or None; or it is no field.
        """
        for kind in type(self).__mro__[: type(self).__mro__.index(Protocol)]:
            if "__init__" in vars(kind) and "__dataclass_fields__" not in vars(kind):
                raise ProtocolError(
                    "what a protocol holds equal are the fields of a dataclass; "
                    f"{kind.__qualname__} has an __init__ of its own: write @dataclass(frozen=True)"
                    " above the class, and its values as fields"
                )
        for name, value in self.values.items():
            number = isinstance(value, (int, float)) and abs(value) < math.inf
            if not (number or isinstance(value, str) or value is None):
                raise ProtocolError(
                    "what a protocol holds equal must be texts, finite numbers, bools or None; "
                    f"{name!r} is {value!r:.60}: give it as a text, or in several fields"
                )

    def __str__(self) -> str:
        told = ", ".join(f"{name} {value}" for name, value in self.values.items())
        return f"{self.name} = {told}" if told else self.name


NONE = Protocol(name="-")
"""Stands for the protocol of a species that has none."""
