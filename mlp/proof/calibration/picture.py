"""The calibration as a picture: where the stated rate is kept, and where it is not.

Above, a row for each kind of differences and a column for each true effect; a cell is the highest
measured rate over the margins, as a multiple of the stated one. Below, how far a rare failure may
lie from the other differences, by margin, and how far the claims' differences did lie.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from mlp.proof.calibration.differences import Sampled
from mlp.proof.calibration.rates import EFFECTS_IN_MARGINS, PROMISED, Rate
from mlp.proof.calibration.reach import HALF, Reach, Worst
from mlp.stats.looks import CLAIM_ERROR

_ROW, _CELL, _LEFT, _TOP = 19, 58, 300, 96
_COLOURS = ((0.1, "#c6dbef"), (1.0, "#6baed6"), (3.0, "#fdd0a2"), (10.0, "#fd8d3c"))
_WORST, _UNKNOWN = "#d94801", "#eeeeee"
_LEGEND = ("at most a tenth", "at most the stated rate", "up to 3 times", "up to 10 times", "more")
_HEADS = ("0", "½", "¾", "0.9", "1", "1.1", "1¼", "1½", "2")
_DOTS = {"digits": "#3182bd", "iris": "#31a354", "wine": "#a63603"}
_OTHER = "#756bb1"

Ratios = dict[str, list[float | None]]


def ratios(rates: Iterable[Rate], worst: Iterable[Worst]) -> Ratios:
    """Per kind of differences and effect: the highest rate over the margins / the stated one."""
    found: dict[str, dict[float, float]] = {}

    def take(name: str, effect: float, ratio: float) -> None:
        row = found.setdefault(name, {})
        row[effect] = max(row.get(effect, 0.0), ratio)

    for rate in rates:
        if rate.stated == CLAIM_ERROR:
            take(rate.scenario, rate.effect, rate.rate / rate.stated)
    for law in worst:
        name = f"any two values up to {law.jump:g} apart, worst"
        take(name, law.effect, law.rate / law.stated)
    return {name: [row.get(e) for e in EFFECTS_IN_MARGINS] for name, row in found.items()}


def picture(table: Ratios, reaches: Sequence[Reach], claims: Sequence[Sampled]) -> str:
    """The picture as SVG."""
    below = _TOP + _ROW * len(table) + 70
    width, height = _LEFT + _CELL * len(_HEADS) + 30, below + 340
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            'font-family="sans-serif" font-size="12" fill="#222">',
            f'<rect width="{width}" height="{height}" fill="white"/>',
            *_heat(table),
            *_legend(_TOP + _ROW * len(table) + 14),
            *_reach(reaches, claims, below),
            "</svg>\n",
        ]
    )


def _text(x: float, y: float, said: str, anchor: str = "start", extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{said}</text>'


def _heat(table: Ratios) -> list[str]:
    bold = ' font-weight="bold" font-size="14"'
    lines = [
        _text(12, 22, "False verdicts, as a multiple of the stated rate", extra=bold),
        _text(12, 42, f"stated: {CLAIM_ERROR:.2g} a claim; the worst of the margins"),
        _text(12, 60, "* not for skewed failures of 1.0,", extra=' font-size="10"'),
        _text(12, 73, "nor for two values more than 0.6 apart", extra=' font-size="10"'),
        _text(_LEFT + 4.5 * _CELL, _TOP - 40, "true effect, in margins", "middle"),
    ]
    for k, (effect, head) in enumerate(zip(EFFECTS_IN_MARGINS, _HEADS, strict=True)):
        x = _LEFT + k * _CELL
        lines.append(_text(x + _CELL / 2, _TOP - 22, head, "middle", ' font-weight="bold"'))
        if effect in PROMISED:
            said = "promised*" if effect == 0.5 else "promised"
            lines.append(_text(x + _CELL / 2, _TOP - 7, said, "middle", ' font-size="10"'))
    for i, (name, row) in enumerate(table.items()):
        y = _TOP + i * _ROW
        lines.append(_text(_LEFT - 8, y + 14, name, "end"))
        for k, ratio in enumerate(row):
            x = _LEFT + k * _CELL
            size = f'width="{_CELL - 2}" height="{_ROW - 2}"'
            lines.append(f'<rect x="{x}" y="{y}" {size} fill="{_colour(ratio)}"/>')
            if ratio is not None and ratio > 1:
                said = f"{ratio:.0f}×" if ratio >= 9.95 else f"{ratio:.1f}×"
                lines.append(_text(x + _CELL / 2, y + 13, said, "middle", ' font-size="11"'))
    return lines


def _colour(ratio: float | None) -> str:
    if ratio is None:
        return _UNKNOWN
    return next((colour for limit, colour in _COLOURS if ratio <= limit), _WORST)


def _legend(y: float) -> list[str]:
    lines, x = [], 12.0
    colours = [c for _, c in _COLOURS] + [_WORST]
    for colour, said in zip(colours, _LEGEND, strict=True):
        lines.append(f'<rect x="{x}" y="{y}" width="14" height="14" fill="{colour}"/>')
        lines.append(_text(x + 19, y + 11, said))
        x += 45 + 6.6 * len(said)
    return lines


def _reach(reaches: Sequence[Reach], claims: Sequence[Sampled], top: float) -> list[str]:
    left, bottom, wide, high = 70.0, top + 290, 700.0, 230.0

    def at(margin: float, jump: float) -> tuple[float, float]:
        along = math.log(margin / 0.009) / math.log(0.6 / 0.009)
        return left + wide * along, bottom - high * jump / 1.1

    bold = ' font-weight="bold" font-size="14"'
    title = "How far a rare failure may lie from the other differences, by margin"
    lines = [_text(12, top + 14, title, extra=bold)]
    for jump in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = at(0.009, jump)
        lines.append(f'<path d="M{x:.1f} {y:.1f}H{left + wide:.1f}" stroke="#ddd"/>')
        lines.append(_text(x - 8, y + 4, f"{jump:g}", "end"))
    for margin in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5):
        lines.append(_text(at(margin, 0)[0], bottom + 18, f"{margin:g}", "middle"))
    lines.append(_text(left + wide / 2, bottom + 36, "margin", "middle"))
    for claim in claims:
        x, y = at(claim.margin, min(claim.widest, 1.1))
        colour = _DOTS.get(claim.dataset, _OTHER)
        lines.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}" opacity="0.6"/>')
    for effects, dash in ((HALF, ' stroke-dasharray="6 4"'), (None, "")):
        mine = [r for r in reaches if (r.effects == HALF) == (effects == HALF)]
        points = " ".join("{:.1f},{:.1f}".format(*at(r.margin, r.jump)) for r in mine)
        lines.append(
            f'<polyline points="{points}" fill="none" stroke="#222" stroke-width="2"{dash}/>'
        )
    lines += [
        _text(12, top + 34, "solid line: kept up to there without effect and at twice the margin,"),
        _text(420, top + 34, "dashed: at half the margin, whatever the failure's probability"),
    ]
    x = 12.0
    said = "dots: the claims, each at its widest difference"
    lines.append(_text(x, top + 50, said))
    x += 300
    for name, colour in (*_DOTS.items(), ("two data sets", _OTHER)):
        lines.append(f'<circle cx="{x}" cy="{top + 46:.1f}" r="4" fill="{colour}"/>')
        lines.append(_text(x + 8, top + 50, name))
        x += 75
    return lines
