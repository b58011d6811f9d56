"""One style for every figure: Okabe and Ito's colours, and a form for each use of a picture.

Okabe, M. & Ito, K. (2008). Color universal design: how to make figures and presentations that are
friendly to colorblind people.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mlp.report import results

INK = "#16181d"
RULE = "#c8ccd2"
BLUE, SKY, GREEN = "#0072b2", "#56b4e9", "#009e73"
VERMILLION, ORANGE, PURPLE = "#d55e00", "#e69f00", "#cc79a7"
NEUTRAL = "#59606b"
"""What is no strain's and no outcome's: a gene's share."""

STRAIN_COLOURS = {
    "layers": VERMILLION,
    "layers_estimator": BLUE,
    "matmul": PURPLE,
    "matmul_estimator": GREEN,
}
OUTCOME_COLOURS = {
    "better": BLUE,
    "worse": VERMILLION,
    "equivalent": GREEN,
    "identical": GREEN,
    "rising": BLUE,
    "not rising": VERMILLION,
}
"""Colour of an outcome; of any other, such as undecided, the ink's."""

_PAGE_COLOURS = {
    INK: "currentColor",
    RULE: "var(--rule)",
    BLUE: "var(--blue)",
    GREEN: "var(--green)",
    VERMILLION: "var(--vermillion)",
    PURPLE: "var(--purple)",
    ORANGE: "var(--orange)",
    SKY: "var(--sky)",
    NEUTRAL: "var(--soft)",
}
_STYLE = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "none",
    "svg.hashsalt": "mlp",
    "text.parse_math": False,
    "path.simplify_threshold": 0.05,
}
_DPI = 160
_SMALLEST, _LARGEST = 1.09, 1.45
"""Pixels of a page for a point of a figure: below, text of 8.5 points is too small; beyond, loud.

A figure too wide for its place at the smallest size scrolls there.
"""
_FONT = re.compile(r"(font: (?:\w+ )*[\d.]+px |font-family: )'DejaVu Sans'[^;\"]*")
"""How matplotlib names the font, before and from 3.11."""

_FAMILY = "'DejaVu Sans', Verdana, sans-serif"
"""The font of a file: where there is no DejaVu Sans, one of the same widths, or any sans-serif."""

_BREAKS = re.compile(r"[^\s,\[(]*[\s,\[(]?")


@dataclass(frozen=True)
class Picture:
    """A drawn figure: its file name without ending, what it shows, and its forms.

    The name is safe as that and as an id, whatever the names of datasets in it.
    """

    name: str
    title: str
    svg: bytes
    png: bytes
    inline: str


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the report's style, whatever the user's own settings."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def new_figure(
    width: float, height: float, columns: int = 1, *, layout: Any = None, **options: Any
) -> tuple[Any, Any]:
    """A figure of this size in inches and its axes, in a list; no window, no global state."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout=layout)
    axes = figure.subplots(1, columns, squeeze=False, **options)
    return figure, list(axes[0])


def picture(figure: Any, name: str, title: str) -> Picture:
    """The figure in the forms a report needs; to be called in `styled`."""
    name = safe(name)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None, "Title": title})
    svg = _rounded(drawn.getvalue().decode("utf-8"))
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_DPI, facecolor="white", metadata={"Title": title})
    file = _on_paper(svg).encode("utf-8")
    return Picture(name, title, file, drawn.getvalue(), inline(svg, name, title))


def safe(name: str) -> str:
    """`name` as the name of a file and as an id: itself, or what can stay of it and a digest."""
    kept = re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:80]
    if kept == name:
        return name
    return f"{kept}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _on_paper(svg: str) -> str:
    """`svg` with a white ground, as a file is looked at on grounds of any colour."""
    return re.sub(
        r"(<svg[^>]*>)", r'\1<rect width="100%" height="100%" fill="#ffffff"/>', svg, count=1
    )


def _rounded(svg: str) -> str:
    """`svg` with coordinates to a hundredth of a point, a third of the size, and fonts for all."""

    def shorten(match: re.Match[str]) -> str:
        return re.sub(r"(-?\d+\.\d\d)\d+", r"\1", match[0])

    svg = re.sub(r' (?:d|x|y|transform)="[^"]*"', shorten, svg)
    return re.sub(_FONT, rf"\1{_FAMILY}", svg)


def inline(svg: str, name: str, title: str) -> str:
    """`svg` for a page: its colours follow the page's, its ids are unique, it has a text form."""
    from markupsafe import escape

    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, count=1, flags=re.DOTALL)
    body = body.replace(_FAMILY, "var(--font)")
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", body)
    for colour, variable in _PAGE_COLOURS.items():
        body = re.sub(rf"(?<=: ){colour}\b", variable, body)
    head = re.match(r"<svg[^>]*>", body)
    assert head is not None
    box = re.search(r'viewBox="0 0 ([\d.]+) [\d.]+"', head[0])
    label = escape(title)
    points = float(box[1]) if box else 0
    start = (
        f'<svg {box[0] if box else ""} role="img" aria-label="{label}" class="figure" '
        f'style="min-width: {_SMALLEST * points:.0f}px; max-width: {_LARGEST * points:.0f}px"'
    )
    return (
        f'{start} xmlns:xlink="http://www.w3.org/1999/xlink"><title>{label}</title>'
        + body[head.end() :]
    )


def wrapped(text: str, width: int) -> str:
    """`text` in lines of at most `width` characters.

    Lines end after a space, a comma or an opening bracket, and within a word only where it is
    longer than a line.
    """
    lines = [""]
    for word in _BREAKS.findall(text):
        if len(lines[-1]) + len(word.rstrip()) > width and lines[-1]:
            lines.append("")
        whole = lines[-1] + word
        lines[-1:] = [whole[k : k + width] for k in range(0, len(whole.rstrip()), width)] or [whole]
    return "\n".join(line.strip() for line in lines)


def named(genome: str) -> str:
    """The strain that a genome's name begins with, in the report's spelling of genomes."""
    return genome.partition("[")[0]


def signed(value: float, places: int = 2) -> str:
    """`value` with its sign, its minus as typeset."""
    return results.signed(value, places).replace("-", "−")


def page_colour(outcome: str) -> str:
    """The page's colour of an outcome; of one without a colour, such as undecided, the soft one."""
    return _PAGE_COLOURS[OUTCOME_COLOURS.get(outcome, NEUTRAL)]


def band(axes: Any, margin: float) -> None:
    """Shade the differences within the margin of practical equivalence, and mark zero."""
    axes.axhspan(-margin, margin, facecolor=INK, alpha=0.09, edgecolor="none", zorder=0)
    axes.axhline(0, color=INK, linewidth=0.7, zorder=1)
