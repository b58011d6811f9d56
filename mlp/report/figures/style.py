"""One style for every figure: Okabe and Ito's colours, and the two forms of a picture.

Okabe, M. & Ito, K. (2008). Color universal design: how to make figures and presentations that are
friendly to colorblind people.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from mlp.report.figures.svg import Drawing

LIGHT: Mapping[str, str] = {
    "ink": "#16181d",
    "soft": "#59606b",
    "rule": "#d5d9df",
    "blue": "#0072b2",
    "green": "#007d5c",
    "vermillion": "#b84500",
    "purple": "#a3457d",
}
"""The colours of a file; the page has the same names, and others of its own where it is dark."""

PALETTE = ("vermillion", "blue", "purple", "green", "ink", "soft")
"""The colours of cohorts drawn together, in order."""

OUTCOME_COLOURS = {
    "better": "blue",
    "worse": "vermillion",
    "equivalent": "green",
    "identical": "green",
    "rising": "blue",
    "not rising": "vermillion",
}
"""Colour of an outcome; of any other, such as undecided, the soft one."""


@dataclass(frozen=True)
class Picture:
    """A drawn figure: its file name without ending, what it shows, its forms, what to see in it.

    The name is safe as that and as an id, whatever the names of datasets in it.
    """

    name: str
    title: str
    svg: bytes
    inline: str
    see: str


def picture(drawing: Drawing, name: str, title: str, see: str) -> Picture:
    """The drawing as a file of its own and as a part of the page."""
    most = f'class="figure" style="max-width: {1.35 * drawing.width:.0f}px"'
    inline = f'<svg {_box(drawing)} role="img" aria-label="{escape(title)}" {most}>'
    inline += f"<title>{escape(title)}</title>{drawing.body}</svg>"
    return Picture(safe(name), title, file_of(drawing, title), inline, see)


def file_of(drawing: Drawing, title: str) -> bytes:
    """The drawing as an SVG file, on a white ground, with colours and a font of its own."""
    colours = "".join(
        f".s-{name}{{stroke:{colour}}}.f-{name}{{fill:{colour}}}" for name, colour in LIGHT.items()
    )
    size = f'width="{drawing.width:g}" height="{drawing.height:g}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {_box(drawing)} role="img">'
        f"<title>{escape(title)}</title><style>"
        f"text{{font:11px 'DejaVu Sans',Verdana,sans-serif;fill:{LIGHT['ink']}}}"
        f"path,line{{fill:none}}{colours}</style>"
        f'<rect width="100%" height="100%" fill="#ffffff"/>{drawing.body}</svg>\n'
    ).encode("utf-8", "replace")


def _box(drawing: Drawing) -> str:
    return f'viewBox="0 0 {drawing.width:g} {drawing.height:g}"'


def safe(name: str) -> str:
    """`name` as the name of a file and as an id: itself, or what can stay of it and a digest."""
    kept = re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:80]
    if kept == name:
        return name
    return f"{kept}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"


def typeset(text: object) -> str:
    """`text` with minus signs as typeset."""
    return re.sub(r"(?<![\w.)])-(?=\d)", "−", str(text))


def outcome_colour(outcome: str) -> str:
    """The name of an outcome's colour; of one without a colour, such as undecided, the soft one."""
    return OUTCOME_COLOURS.get(outcome, "soft")
