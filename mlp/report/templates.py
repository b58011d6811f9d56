"""Texts from Jinja2's templates beside this module: strict, and escaped where they are HTML."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from mlp.report import changes, error_rates, explanation, results
from mlp.report.figures.style import outcome_colour, typeset


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
    rooms = (changes, error_rates, explanation, results)
    environment.globals |= {room.__name__.rpartition(".")[2]: room for room in rooms}
    environment.filters |= {
        "by_size": results.by_size,
        "colour": outcome_colour,
        "general": lambda value: "–" if value is None else f"{value:.3g}",
        "interval": lambda value, places: typeset(results.interval_text(value, places)),
        "signed": lambda value, places: typeset(results.signed(value, places)),
        "typeset": lambda text: results.unbroken(typeset(text)),
    }
    script = source("filter.js.j2").removesuffix("\n").encode("utf-8")
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    environment.globals["script_hash"] = f"sha256-{digest}"  # as a content security policy asks
    return environment
