"""Knockout and rescue for training pipelines: which difference makes the difference?

>>> from mlp import Genome, Lab, Result, digest, gene
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlp.genome import Genome, differing, gene
    from mlp.lab import Lab, Margin
    from mlp.run import Loss, Protocol, Result, digest

_PLACES = {
    "Genome": "mlp.genome",
    "Lab": "mlp.lab",
    "Loss": "mlp.run",
    "Margin": "mlp.lab",
    "Protocol": "mlp.run",
    "Result": "mlp.run",
    "differing": "mlp.genome",
    "digest": "mlp.run",
    "gene": "mlp.genome",
}

__all__ = [
    "Genome",
    "Lab",
    "Loss",
    "Margin",
    "Protocol",
    "Result",
    "differing",
    "digest",
    "gene",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first asked for: a pytest plugin must cost nothing."""
    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
