"""One comparison: its differences seed by seed, and its interval look by look."""

from __future__ import annotations

from mlp.lab import Claim
from mlp.report.figures.style import Picture, outcome_colour, picture
from mlp.report.figures.svg import Drawing, Scale, down, label
from mlp.report.results import Row

_WIDTH, _HEIGHT, _TOP, _BOTTOM = 340, 172, 8, 134
_SEEDS, _LOOKS = (44, 226), (246, 334)
_LIES = {
    "better": "above the shaded margin",
    "worse": "below the shaded margin",
    "equivalent": "within the shaded margin",
}


def comparison_figure(row: Row, name: str, score: str = "score") -> Picture:
    """The differences and looks of a row whose claim is about arms that are not identical.

    `score` is what scores are called.
    """
    claim, differences = row.claim, row.claim.detail["differences"]
    drawing = Drawing(_WIDTH, _HEIGHT)
    up = Scale(*_limits(claim), _BOTTOM, _TOP)
    for left, right in (_SEEDS, _LOOKS):
        drawing.rect(
            left, up(claim.margin), right - left, up(-claim.margin) - up(claim.margin), "ink", 0.09
        )
    down(drawing, up, _SEEDS[0], _LOOKS[1])
    drawing.lines([(left, up(0), right, up(0)) for left, right in (_SEEDS, _LOOKS)], "ink", 0.8)
    _differences(drawing, up, claim, outcome_colour(row.outcome))
    _looks(drawing, up, claim)
    on = f" on {claim.dataset}" if claim.dataset else ""
    see = (
        f"Left: {_what(claim, score)} at each of {len(differences)} seeds; "
        f"{sum(d > 0 for d in differences)} lie above 0, {sum(d < 0 for d in differences)} below. "
        "Right: the interval at each look; the last lies "
        f"{_LIES.get(row.outcome, 'across an edge of the shaded margin')}: {row.outcome}."
    )
    return picture(drawing, name, f"Differences and looks: {claim.statement}{on}", see)


def _what(claim: Claim, score: str) -> str:
    """What is subtracted from what: the arms by their weights, or the claim's own words.

    In a unit of its own, the smaller is the better.
    """
    arms = sorted(claim.detail.get("arms", ()), key=lambda arm: -arm["weight"])
    if len(arms) != 2:
        return f"{claim.unit or score} of {claim.statement}"
    first, second = (arm["genome"] for arm in (arms[::-1] if claim.unit else arms))
    return f"{claim.unit or score} of {first} − {second}"


def _differences(drawing: Drawing, up: Scale, claim: Claim, colour: str) -> None:
    """The differences by seed; where the arms share none, in their order."""
    differences = claim.detail["differences"]
    count, paired = len(differences), len(claim.first_seeds) == 1
    first = claim.first_seed if paired else 1
    along = Scale(first - 0.7, first + count - 0.3, *_SEEDS)
    points = [(along(first + k), up(d)) for k, d in enumerate(differences)]
    drawing.lines([(x, up(0), x, y) for x, y in points if y != up(0)], colour, min(1, 48 / count))
    drawing.dots(points, colour, 4 if count <= 32 else 2.4)
    shown = [t for t in along.ticks(3) if t == int(t)]
    label(drawing, [(min(along(t), _SEEDS[1] - 20), _BOTTOM + 15, t) for t in shown])
    told = "seed" if paired else "pair, of seeds that are not shared"
    drawing.text(sum(_SEEDS) / 2, _HEIGHT - 6, told, "middle", colour="soft")


def _looks(drawing: Drawing, up: Scale, claim: Claim) -> None:
    """Each look's interval, its mean a tick; beyond what is shown an interval ends at the edge."""
    looks, differences = claim.detail["looks"], claim.detail["differences"]
    along = Scale(-0.6, max(len(looks), 3) - 0.4, *_LOOKS)
    step = 1 + (len(looks) - 1) // 4
    for k, look in enumerate(looks):
        seen, x = differences[: look["seeds"]], along(k)
        mean = up(sum(seen) / len(seen))
        colour = outcome_colour(look["outcome"])
        drawing.lines([(x, up(look["low"]), x, up(look["high"]))], colour, 3)
        drawing.lines([(x - 5, mean, x + 5, mean)], colour, 2)
        if (len(looks) - 1 - k) % step == 0:
            label(drawing, [(x, _BOTTOM + 15, look["seeds"])])
    drawing.text(sum(_LOOKS) / 2, _HEIGHT - 6, "seeds seen", "middle", colour="soft")


def _limits(claim: Claim) -> tuple[float, float]:
    """The differences shown: every seed's, the margin and the last look, with some room."""
    last = claim.detail["looks"][-1]
    ends = [-claim.margin, claim.margin, *claim.detail["differences"], last["low"], last["high"]]
    room = 0.06 * (max(ends) - min(ends))
    return min(ends) - room, max(ends) + room
