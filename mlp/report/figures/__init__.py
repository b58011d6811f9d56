"""The figures of a report: one style, colour-blind safe, for a page, a file and print."""

from mlp.report.figures.answer import answer_figure
from mlp.report.figures.compare import comparison_figure
from mlp.report.figures.curves import RECORDED_PROTOCOL, curve_figures
from mlp.report.figures.dose import dose_figure
from mlp.report.figures.screen import heat_map, waterfall
from mlp.report.figures.style import Picture

__all__ = [
    "RECORDED_PROTOCOL",
    "Picture",
    "answer_figure",
    "comparison_figure",
    "curve_figures",
    "dose_figure",
    "heat_map",
    "waterfall",
]
