"""Which of many genes make the difference between two genomes: pure statistics and search.

Nothing here knows of genomes, of the store or of training: genes are names, and scores come from a
function. `python -m mlp.proof.diagnosis` measures the stated error and the cost.
"""

from mlp.stats.diagnosis.design import Cell
from mlp.stats.diagnosis.door import MOST_GENES, Progress, diagnose
from mlp.stats.diagnosis.parts import (
    ACTED,
    NO_TRACE,
    STAND_IN,
    Cause,
    Effect,
    Finding,
    Rung,
    Substitute,
)
from mlp.stats.diagnosis.questions import Answer
from mlp.stats.diagnosis.value import Diagnosis, Interrupted

__all__ = [
    "ACTED",
    "MOST_GENES",
    "NO_TRACE",
    "STAND_IN",
    "Answer",
    "Cause",
    "Cell",
    "Diagnosis",
    "Effect",
    "Finding",
    "Interrupted",
    "Progress",
    "Rung",
    "Substitute",
    "diagnose",
]
