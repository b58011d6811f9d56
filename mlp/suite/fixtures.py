"""Whose a test's fixtures `lab` and `dataset` are. Every session asks: it imports only pytest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mlp.lab import Lab

LAB: pytest.StashKey[Lab] = pytest.StashKey()
"""Of a test that takes the lab: the lab."""

OURS = "mlp.suite.plugin"
"""The module whose fixtures `lab` and `dataset` are ours."""


def is_ours(fixtures: Mapping[str, Any], name: str) -> bool:
    """Whether the fixture of that name is ours, or takes ours, directly or through others.

    `fixtures` lists the fixtures of each name, the one that a test gets last.
    """
    for one in reversed(fixtures.get(name) or ()):
        if getattr(one.func, "__module__", "") == OURS:
            return True
        if name not in one.argnames:
            return False
    return False


def takes_lab(item: Any) -> bool:
    """Whether a test asks our lab, and so makes a claim."""
    info: Any = getattr(item, "_fixtureinfo", None)
    return "lab" in getattr(item, "fixturenames", ()) and is_ours(info.name2fixturedefs, "lab")
