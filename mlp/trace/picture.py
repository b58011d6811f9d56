"""The ladder with loss and gradient norm of both programs, drawn by matplotlib."""

from __future__ import annotations

import io
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

from mlp.trace.errors import TraceError
from mlp.trace.file import check
from mlp.trace.ladder import Divergence
from mlp.trace.record import Trace
from mlp.trace.rung import FAILED, PASSED

BLUE, ORANGE, GREY, INK = "#0072b2", "#d55e00", "#999999", "#222222"
"""Colours that a colour-blind person tells apart (Okabe and Ito); state is told by words too."""


def losses(trace: Trace) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of updates and their losses, where they were seen."""
    seen = np.flatnonzero(np.isfinite(trace.log.loss))
    return seen, trace.log.loss[seen]


def gradient_norms(trace: Trace) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of updates and the norms of their whole gradients, where they were seen."""
    seen = [u for u in trace.updates if u.gradient]
    norms = [np.sqrt(sum(v.norm**2 for v in u.gradient.values())) for u in seen]
    return np.array([u.number for u in seen]), np.array(norms)


def figure(divergence: Divergence) -> Any:
    """The figure: the ladder on the left, both curves on the right."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(11, 5.2), layout="constrained")
    grid = drawn.add_gridspec(2, 2, width_ratios=[1.25, 1])
    _draw_ladder(drawn.add_subplot(grid[:, 0]), divergence)
    for place, (title, curve) in enumerate(
        (("Loss", losses), ("Norm of the gradient", gradient_norms))
    ):
        axes = drawn.add_subplot(grid[place, 1])
        _draw_curves(axes, divergence, title, curve)
    return drawn


def _draw_ladder(axes: Any, divergence: Divergence) -> None:
    first, count = divergence.first, len(divergence.rungs)
    axes.axis("off")
    axes.set_xlim(0, 1)
    axes.set_ylim(-3.2, count + 0.4)
    title = "First divergence: " + ("none" if first is None else first.rung)
    axes.set_title(title, loc="left", fontsize=12, color=INK)
    for place, rung in enumerate(divergence.rungs):
        y = count - 1 - place
        colour = {FAILED: ORANGE, PASSED: BLUE}.get(rung.state, GREY)
        face = "white" if rung.state not in (FAILED, PASSED) else colour
        axes.plot([0.02], [y], "o", markersize=9, markeredgecolor=colour, markerfacecolor=face)
        chosen = first is not None and rung.name == first.rung
        weight = "bold" if chosen else "normal"
        axes.text(0.06, y, rung.name, va="center", fontsize=10, color=INK, weight=weight)
        axes.text(0.42, y, rung.state, va="center", fontsize=10, color=colour, weight=weight)
    axes.plot([0.02, 0.02], [0, count - 1], color=GREY, linewidth=1, zorder=0)
    told = [divergence.verdict, *(first.hints[:1] if first else ())]
    text = "\n".join(line for part in told for line in textwrap.wrap(part, 70))
    axes.text(0.0, -0.8, text, va="top", fontsize=9, color=INK)


def _draw_curves(axes: Any, divergence: Divergence, title: str, curve: Any) -> None:
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    drawn = False
    for trace, name, colour, style in zip(
        (divergence.a, divergence.b), divergence.names, (BLUE, ORANGE), ("-o", "--s"), strict=True
    ):
        numbers, values = curve(trace)
        if len(numbers):
            drawn = True
            axes.plot(numbers, values, style, color=colour, label=name, markersize=4, linewidth=1.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("update", fontsize=9)
    if drawn:
        axes.legend(frameon=False, fontsize=9)
    else:
        axes.text(0.5, 0.5, "not seen", ha="center", transform=axes.transAxes, color=GREY)
    first = divergence.first
    if first is not None and first.at is not None and first.at < divergence.updates:
        number = divergence.a.updates[first.at].number
        axes.axvline(number, color=GREY, linestyle=":", linewidth=1)


def draw_picture(divergence: Divergence, path: str | Path) -> Path:
    """Write the figure; its format is that of the file's ending.

    Raises:
        TraceError: the ending is no format of matplotlib, or the place cannot be written to.
    """
    path = check(path, "")
    try:
        figure(divergence).savefig(path)
    except ValueError as error:
        raise TraceError(f"the picture cannot be written to {path}: {error}") from None
    return path


def svg(divergence: Divergence) -> str:
    """The figure as an SVG element, the same for the same divergence."""
    import matplotlib as mpl

    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "mlp.trace", "svg.fonttype": "none"}):
        figure(divergence).savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
