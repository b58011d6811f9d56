"""Texts from Jinja2's templates beside this module: strict, and escaped where they are HTML."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import Any

from mlp.report.figures.style import outcome_colour, typeset
from mlp.report.results import by_size, interval_text, signed

_INTERVAL = re.compile(r"\[[−+.\d]+, [−+.\d]+\]")


def filled(name: str, **values: Any) -> str:
    """The template called `name`, filled with values."""
    return _environment().get_template(name).render(**values)


def source(name: str) -> str:
    """The template's own text."""
    return files("mlp.report").joinpath(name).read_text(encoding="utf-8")


@cache
def _environment() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(source),
        autoescape=lambda name: name != "summary.md.j2",
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "by_size": by_size,
        "colour": outcome_colour,
        "general": lambda value: "–" if value is None else f"{value:.3g}",
        "interval": lambda value, places: typeset(interval_text(value, places)),
        "signed": lambda value, places: typeset(signed(value, places)),
        "typeset": _typeset,
    }
    script = source("filter.js.j2").removesuffix("\n").encode("utf-8")
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    environment.globals["script_hash"] = f"sha256-{digest}"  # as a content security policy asks
    return environment


def _typeset(text: object) -> str:
    """`text` with minus signs as typeset, and with each interval on one line."""
    return _INTERVAL.sub(lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), typeset(text))
