"""The calibration's tables, as text."""

from __future__ import annotations

from collections.abc import Sequence

from mlp.proof.calibration.differences import Seeds
from mlp.proof.calibration.methods import Method
from mlp.proof.calibration.picture import Ratios
from mlp.proof.calibration.power import (
    MOST_SEEDS,
    Power,
    distribution_free_seeds,
    smallest_decision,
)
from mlp.proof.calibration.rates import EFFECTS_IN_MARGINS, STATED, Rate
from mlp.proof.calibration.reach import HALF, NONE_OR_TWICE, Reach
from mlp.proof.calibration.scenarios import MARGINS

COSTS = ((0.0, 0.0), (0.1, 0.05), (0.3, 0.05), (0.47, 0.15))
COST_MARGIN = 0.05

Rows = list[Sequence[str]]


def table_of(header: Sequence[str], rows: Rows, markdown: bool) -> str:
    """The rows under their header, aligned; as a Markdown table if asked."""
    widths = [max(len(r[k]) for r in (header, *rows)) for k in range(len(header))]
    lines = [[c.ljust(w) for c, w in zip(r, widths, strict=True)] for r in (header, *rows)]
    rule = ["-" * w for w in widths]
    lines.insert(1, rule)
    if markdown:
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
    return "\n".join("  ".join(cells).rstrip() for cells in lines)


def _short(rate: float) -> str:
    return "0" if rate < 1e-10 else f"{rate:.2g}"


def effects_table(table: Ratios, markdown: bool) -> str:
    """Per kind of differences: the worst rate over the margins at each effect / the stated one."""
    rows: Rows = [
        [name, *("-" if ratio is None else _short(ratio) for ratio in row)]
        for name, row in table.items()
    ]
    return table_of(["differences", *(f"{e:g}" for e in EFFECTS_IN_MARGINS)], rows, markdown)


def method_table(
    found: Sequence[Rate], methods: dict[str, Method], claim_error: float, markdown: bool
) -> str:
    """Per method: the worst rate at each stated rate, and the seeds it costs at `claim_error`."""
    rows: Rows = []
    for name, method in methods.items():
        cells = [name]
        for stated in STATED:
            mine = [r for r in found if r.method == name and r.stated == stated and r.promised]
            bad = sum(not r.holds for r in mine)
            worst = max(r.rate for r in mine)
            cells.append(f"{_short(worst)}, {bad} of {len(mine)} above")
        for effect, sd in COSTS:
            n = smallest_decision(method, effect, sd, COST_MARGIN, stated=claim_error)
            cells.append(f">{MOST_SEEDS}" if n is None else str(n))
        rows.append(cells)
    free = [distribution_free_seeds(effect, COST_MARGIN, stated=claim_error) for effect, _ in COSTS]
    rows.append(["least for any distribution-free", "0", "0", *map(str, free)])
    heads = [f"worst rate (<= {s:.2g})" for s in STATED]
    costs = [f"n: {e:g}, sd {s:g}" if e else "n: all zero" for e, s in COSTS]
    return table_of(["interval", *heads, *costs], rows, markdown)


def reach_table(found: Sequence[Reach], markdown: bool) -> str:
    """Per margin: the largest jump whose two-valued laws all keep the rate."""
    rows: Rows = []
    for margin in dict.fromkeys(r.margin for r in found):
        here = {r.effects: r.jump for r in found if r.margin == margin}
        rows.append([f"{margin:g}", *(f"{here[e]:.2f}" for e in (NONE_OR_TWICE, HALF))])
    return table_of(["margin", "no effect, or twice the margin", "half the margin"], rows, markdown)


def power_table(found: Sequence[Power], markdown: bool) -> str:
    """Share decided by each look, and the outcome they had."""
    rows: Rows = []
    for p in found:
        shares = {"better": p.better, "equivalent": p.equivalent, "worse": p.worse}
        said = ", ".join(f"{k} {v:.2f}" for k, v in shares.items() if v > 0.005)
        by = [f"{share:.2f}" for share in p.decided_by]
        rows.append([f"{p.effect:g}", f"{p.sd:g}", f"{p.margin:g}", *by, said or "-"])
    heads = [f"by {n}" for n in found[0].looks]
    return table_of(["effect", "sd", "margin", *heads, "outcome at the cap"], rows, markdown)


def usual_table(found: Sequence[Power], markdown: bool) -> str:
    """Per effect and sd: what 90% of comparisons have decided, and by which look."""
    rows: Rows = []
    for effect, sd in dict.fromkeys((p.effect, p.sd) for p in found):
        mine = [p for p in found if (p.effect, p.sd) == (effect, sd)]
        rows.append([f"{effect:g}", f"{sd:g}", *(p.usual for p in mine)])
    return table_of(["effect", "sd", *(f"margin {m:g}" for m in MARGINS)], rows, markdown)


def seeds_table(found: Sequence[Seeds], markdown: bool) -> str:
    """Per rule: the mean number of seeds of a claim, and the share left undecided."""
    rows: Rows = [[s.rule, f"{s.seeds:.1f}", f"{s.undecided:.3f}"] for s in found]
    return table_of(["rule", "mean seeds", "undecided"], rows, markdown)
