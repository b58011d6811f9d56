"""SVG by hand: shapes with classes for their colours, and scales with round ticks.

A class `s-NAME` strokes in a colour and `f-NAME` fills with it; the page or the file says which
colour that is. Lengths are in units of the drawing, in which text is 11 units high.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise

CHARACTER = 6.6
"""Width of a usual character of text, in a wide font."""


class Drawing:
    """A drawing of a width and a height; `body` is its SVG, without the element around it."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._parts: list[str] = []

    @property
    def body(self) -> str:
        return "".join(self._parts)

    def path(self, d: str, colour: str = "ink", width: float = 1, extra: str = "") -> None:
        """Stroke a path; `extra` holds more attributes."""
        self._parts.append(f'<path class="s-{colour}" d="{d}" stroke-width="{width:g}"{extra}/>')

    def lines(
        self,
        ends: Iterable[tuple[float, float, float, float]],
        colour: str = "ink",
        width: float = 1,
    ) -> None:
        """Stroke lines, each from (x, y) to (x, y)."""
        self.path(
            "".join(f"M{_n(a)} {_n(b)}L{_n(c)} {_n(d)}" for a, b, c, d in ends), colour, width
        )

    def dots(
        self, points: Iterable[tuple[float, float]], colour: str = "ink", width: float = 3
    ) -> None:
        """Draw round dots of a diameter."""
        d = "".join(f"M{_n(x)} {_n(y)}h0" for x, y in points)
        self.path(d, colour, width, ' stroke-linecap="round"')

    def curve(
        self, points: Sequence[tuple[float, float]], colour: str, width: float, extra: str = ""
    ) -> None:
        """Stroke a line through points, in whole units: half the length of one in tenths."""
        self.path(polyline(points), colour, width, extra)

    def rect(
        self, x: float, y: float, width: float, height: float, colour: str, opacity: float = 1
    ) -> None:
        """Fill a rectangle."""
        seen = "" if opacity == 1 else f' opacity="{opacity:g}"'
        self._parts.append(
            f'<rect class="f-{colour}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" '
            f'height="{_n(height)}"{seen}/>'
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        anchor: str = "start",
        room: float = math.inf,
        bold: bool = False,
        colour: str = "ink",
    ) -> None:
        """Write a line at its baseline, shortened to `room`."""
        most = room / CHARACTER
        told = text if len(text) <= most else text[: max(1, int(most) - 1)] + "…"
        at = "" if anchor == "start" else f' text-anchor="{anchor}"'
        weight = ' font-weight="600"' if bold else ""
        self._parts.append(
            f'<text class="f-{colour}" x="{_n(x)}" y="{_n(y)}"{at}{weight}>{escape(told)}</text>'
        )

    def place(self, other: Drawing, x: float, y: float, turned: float = 0) -> None:
        """Put another drawing's body here, `turned` by degrees."""
        turn = f" rotate({turned:g})" if turned else ""
        self._parts.append(f'<g transform="translate({_n(x)} {_n(y)}){turn}">{other.body}</g>')


class Scale:
    """Maps values from `low` to `high` to places from `start` to `end`, beyond them to these."""

    def __init__(
        self, low: float, high: float, start: float, end: float, log: bool = False
    ) -> None:
        self.low, self.high, self._start, self._end = low, high, start, end
        self._form = math.log if log else float

    def __call__(self, value: float) -> float:
        low, high = self._form(self.low), self._form(self.high)
        inside = min(max(self._form(value), low), high)
        return self._start + (inside - low) / ((high - low) or 1) * (self._end - self._start)

    def ticks(self, most: int) -> list[float]:
        """At most about `most` round values within the scale, at a step of 1, 2 or 5 times 10^k."""
        rough = (self.high - self.low) / most
        power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
        step = next(s for s in (power, 2 * power, 5 * power, 10 * power) if s >= rough)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [k * step for k in range(first, last + 1)]


def polyline(points: Sequence[tuple[float, float]]) -> str:
    """A path through points, in whole units, each point as its distance from the last."""
    whole = [(round(x), round(y)) for x, y in points]
    steps = pairwise(whole)
    rest = "".join(f"l{c - a}{d - b:+d}".replace("+", " ") for (a, b), (c, d) in steps)
    return f"M{whole[0][0]} {whole[0][1]}{rest}"


def down(drawing: Drawing, scale: Scale, left: float, right: float) -> None:
    """A vertical axis: labels at `left`, a rule at each tick from there to `right`."""
    ticks = scale.ticks(5)
    drawing.lines([(left, scale(t), right, scale(t)) for t in ticks], "rule", 0.7)
    label(drawing, [(left - 4, scale(t) + 4, t) for t in ticks], "end")


def across(
    drawing: Drawing,
    scale: Scale,
    top: float,
    bottom: float,
    most: int = 4,
    within: tuple[float, float] = (-math.inf, math.inf),
) -> None:
    """A horizontal axis: a rule at each tick from `top` to `bottom`, labels `within` two places."""
    ticks = scale.ticks(most)
    drawing.lines([(scale(t), top, scale(t), bottom) for t in ticks], "rule", 0.7)
    low, high = within
    label(drawing, [(min(max(scale(t), low), high), bottom + 14, t) for t in ticks])


def label(
    drawing: Drawing, places: Iterable[tuple[float, float, float]], anchor: str = "middle"
) -> None:
    """Write numbers at (x, y)."""
    for x, y, value in places:
        drawing.text(
            x, y, f"{round(value, 6) + 0.0:,.10g}".replace("-", "−"), anchor, colour="soft"
        )


def _n(value: float) -> str:
    """A coordinate, to a tenth of a unit."""
    return f"{round(value, 1) + 0.0:g}" if abs(value) < 1e5 else f"{value:.0f}"
