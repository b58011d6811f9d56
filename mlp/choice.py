"""Look up a name in a closed list. An unknown name is refused, with the nearest known name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

Named = TypeVar("Named")


def one_of(kind: str, name: object, there: Mapping[str, Named], error: type[Exception]) -> Named:
    """The value that `there` has under `name`. `kind` says in a word what the values are.

    Raises:
        error: `name` is unknown. The message lists the known names.
    """
    if not isinstance(name, str) or name not in there:
        listed = ", ".join(there)
        raise error(f"a {kind} must be one of {listed}; got {name!r}{suggest(name, there)}")
    return there[name]


def suggest(word: object, valid: Iterable[str]) -> str:
    """The end of an error message: the valid word that is most like `word`; "" if none is."""
    near = difflib.get_close_matches(str(word), list(valid), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
