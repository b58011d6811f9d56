"""The figures of a report: SVG in one style, colour-blind safe, for a page, a file and print."""

from mlp.report.figures.answer import AnswerPicture, answer_figure
from mlp.report.figures.compare import comparison_figure
from mlp.report.figures.curves import MOST_SEEDS, Curves, curve_figure
from mlp.report.figures.dose import dose_figure
from mlp.report.figures.ladder import ladder_figure
from mlp.report.figures.screen import cells_figure
from mlp.report.figures.style import Picture

__all__ = [
    "MOST_SEEDS",
    "AnswerPicture",
    "Curves",
    "Picture",
    "answer_figure",
    "cells_figure",
    "comparison_figure",
    "curve_figure",
    "dose_figure",
    "ladder_figure",
]
