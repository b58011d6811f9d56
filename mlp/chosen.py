"""A name out of those there are, or a refusal that suggests the nearest."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

Named = TypeVar("Named")


def one_of(kind: str, name: object, there: Mapping[str, Named], error: type[Exception]) -> Named:
    """What is called `name` among those `there`, each of which is a `kind`.

    Raises:
        error: there is none; the message lists those there are.
    """
    if not isinstance(name, str) or name not in there:
        listed = ", ".join(there)
        raise error(f"a {kind} must be one of {listed}; got {name!r}{suggest(name, there)}")
    return there[name]


def suggest(word: object, valid: Iterable[str]) -> str:
    """The end of a refusal: which of the valid words comes near, if one does."""
    near = difflib.get_close_matches(str(word), list(valid), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
